from __future__ import annotations

from dataclasses import replace

from miops_collector.report import AlarmPlan, ModelKey
from miops_collector.web.alarm_plan import plan_lines, plan_of
from miops_collector.web.app import create_app
from tests.collector import sample_report as sample
from tests.collector.sample_store import sample_backend
from tests.collector.web.asgi_client import AsgiClient
from tests.collector.web.test_console import EMPLOYMENT, Tags

SHARES = {"drift": 0.5, "performance": 0.3, "estimated_performance": 0.1, "quality": 0.1}
LEARNING = AlarmPlan(sample.EMPLOYMENT, 0.5, SHARES, versions=2, window="1h", learned=34, to_learn=168)


def client(plan: AlarmPlan) -> AsgiClient:
    return AsgiClient(create_app(sample_backend(report=replace(sample.report(), plans=(plan,)))))


def test_budget_is_told_as_how_often_and_each_familys_part() -> None:
    lines = plan_lines(LEARNING)

    assert lines.budget == "1 in 60 days, its part of what 2 versions in use may raise together"
    assert lines.parts[0] == ("drift of columns, score and prediction", "50 %, 1 in 120 days")


def test_page_tells_how_far_learning_is() -> None:
    page = Tags(client(LEARNING).get(EMPLOYMENT).text)

    assert ("progress", {"value": "34", "max": "168"}) in page.found
    assert "34 of 168 windows of 1h. Until then drift shows as a warning" in page.text


def test_page_is_silent_about_learning_once_it_is_done() -> None:
    page = Tags(client(replace(LEARNING, learned=168)).get(EMPLOYMENT).text)

    assert "progress" not in {tag for tag, _ in page.found}
    assert "at most 1 in 60 days" in page.text


def test_api_tells_the_same() -> None:
    models = {m["name"]: m for m in client(LEARNING).get("/api/v1/models").json()["models"]}

    assert models["employment"]["alarms"] == {
        "budget_per_month": 0.5, "shares": SHARES, "versions": 2, "window": "1h", "windows_learned": 34,
        "windows_to_learn": 168, "dispersion": {}, "unwatched": {},
    }  # fmt: skip
    assert models["house-prices"]["alarms"] is None


LEARNED = {"age": {1: 1.0, 24: 1.2}, "hours": {1: 6.04, 24: 1.0}, "income": {1: 1.0, 24: 31.4}}


def test_page_tells_which_columns_vary_by_themselves_and_which_have_a_trend() -> None:
    plan = replace(LEARNING, learned=168, dispersion=LEARNED)

    page = Tags(client(plan).get(EMPLOYMENT).text)

    assert plan_lines(plan).dependent == (
        ("income", "1× at 1, 31.4× at 24: a trend, or a season longer than was learned, hides drift"),
        ("hours", "6× at 1, 1× at 24"),
    )
    assert "6× at 1, 1× at 24" in page.text


def test_of_many_columns_that_vary_the_worst_are_told() -> None:
    plan = replace(LEARNING, dispersion={f"c{i}": {1: 2.0 + i} for i in range(13)})

    told = plan_lines(plan).dependent

    assert (told[0], told[-1]) == (("c12", "14× at 1"), ("and 3 more", ""))


def test_api_tells_what_was_learned_of_every_column() -> None:
    models = {
        m["name"]: m for m in client(replace(LEARNING, dispersion=LEARNED)).get("/api/v1/models").json()["models"]
    }

    assert models["employment"]["alarms"]["dispersion"]["hours"] == {"1": 6.04, "24": 1.0}


def test_each_version_has_its_own_plan() -> None:
    report = replace(sample.report(), plans=(LEARNING,))

    assert plan_of(report, sample.EMPLOYMENT) == LEARNING
    assert plan_of(report, sample.HOUSES) is None


def test_a_family_that_cannot_say_anything_says_why() -> None:
    plan = AlarmPlan(ModelKey("m", ""), 1.0, {"performance": 0.3}, unwatched={"performance": "there is no truth"})

    ((_, said),) = plan_lines(plan).parts
    assert said == "30 %, 1 in 100 days; losses are not watched: there is no truth"
