from __future__ import annotations

from dataclasses import replace
from html.parser import HTMLParser
from urllib.parse import urlencode

import pytest

from miops_collector.report import ModelKey, Report
from miops_collector.stores._store import ModelInfo, StoredReference
from miops_collector.telemetry import INSTRUMENTS, Telemetry
from miops_collector.web.app import create_app
from miops_collector.web.format import count_text
from miops_collector.web.pipelines import stages
from tests.collector import sample_report as sample
from tests.collector.sample_store import SampleStore, sample_backend
from tests.collector.web.asgi_client import AsgiClient

BROWSER = {"accept": "text/html,application/xhtml+xml"}


class Tags(HTMLParser):
    """Every element and attribute of a page, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture
def client() -> AsgiClient:
    return AsgiClient(create_app(sample_backend()))


def model_path(name: str, version: str, **more: str) -> str:
    return f"/model?{urlencode({'name': name, 'version': version, **more})}"


EMPLOYMENT = model_path(sample.EMPLOYMENT.name, sample.EMPLOYMENT.version)
HOSTILE = model_path(sample.HOSTILE.name, sample.HOSTILE.version)


def test_models_are_listed_with_their_status_and_what_to_look_at(client: AsgiClient) -> None:
    page = Tags(client.get("/").text)

    assert "employment" in page.text
    assert "insufficient data" in page.text
    assert "age" in page.text


def test_examples_lead_to_their_traces_where_it_is_known_how_to_show_them() -> None:
    report, trace = sample.report(), "4bf92f3577b34da6a3ce929d0e0e4736"
    first, *others = report.alerts
    traced = replace(report, alerts=(replace(first, traces=(trace, *[""] * (len(first.examples) - 1))), *others))
    shown = AsgiClient(create_app(sample_backend(report=traced, trace_url="http://jaeger.test/trace/{trace_id}")))
    silent = AsgiClient(create_app(sample_backend(report=traced)))

    links, none = ([a.get("href") for _, a in Tags(c.get(EMPLOYMENT).text).found] for c in (shown, silent))

    assert links.count(f"http://jaeger.test/trace/{trace}") == 1
    assert not any("jaeger" in (link or "") for link in none)
    assert f'href="http://jaeger.test/trace/{trace}"' in shown.get("/prediction?id=order-7/0").text
    assert f'<td class="name">{trace}</td>' in silent.get("/prediction?id=order-7/0").text


def test_model_page_answers_its_eight_questions(client: AsgiClient) -> None:
    page = Tags(client.get(EMPLOYMENT).text)

    assert [a["id"] for tag, a in page.found if tag == "h2"] == [
        "alarms",
        "verdict",
        "drift",
        "joint",
        "performance",
        "segments",
        "fairness",
        "quality",
    ]
    assert "38 % of rows lie above 95" in page.text
    assert "To look at: age" in page.text
    assert sum(tag == "td" and "cell" in str(a.get("class")) for tag, a in page.found) == sample.DAYS * 12
    assert "Too small to compare: other (12 rows)." in page.text


def test_alarming_cells_are_marked_by_more_than_colour(client: AsgiClient) -> None:
    page = Tags(client.get(EMPLOYMENT).text)

    alerting = [a for tag, a in page.found if tag == "td" and "alert" in str(a.get("class")).split()]
    assert len(alerting) == sample.FAULT_DAYS
    assert all(str(a["title"]).startswith("age, ") and "alert" in str(a["title"]) for a in alerting)


def test_points_are_hollow_while_truth_is_coming(client: AsgiClient) -> None:
    page = Tags(client.get(EMPLOYMENT).text)

    marks = [str(a["aria-label"]) for tag, a in page.found if tag == "g" and "mark" in str(a.get("class"))]
    hollow = [mark for mark in marks if "truth still coming" in mark]
    assert len(marks) == sum(sample.share_labelled(i) > 0 for i in range(sample.DAYS))
    assert len(hollow) == sum(0 < sample.share_labelled(i) < 0.88 for i in range(sample.DAYS))
    assert "restated" in marks[0]


@pytest.mark.parametrize("statistic", ["jensen_shannon", "wasserstein", "chi_square"])
def test_every_statistic_can_be_chosen(client: AsgiClient, statistic: str) -> None:
    page = Tags(client.get(model_path("employment", "2015-12", drift=statistic, performance="f1")).text)

    chosen = [a["value"] for tag, a in page.found if tag == "option" and "selected" in a]
    assert chosen == ["1d", statistic, "f1"]
    assert ("each column on its own scale" in page.text) == (statistic == "wasserstein")


def test_an_unknown_choice_falls_back_to_the_default(client: AsgiClient) -> None:
    page = Tags(client.get(model_path("employment", "2015-12", drift="<script>", window="5y")).text)

    assert [a["value"] for tag, a in page.found if tag == "option" and "selected" in a] == ["1d", "psi", "roc_auc"]


def test_a_model_that_knows_little_has_a_page_too(client: AsgiClient) -> None:
    page = Tags(client.get(model_path(sample.HOUSES.name, sample.HOUSES.version)).text)

    assert "No alarm is open." in page.text
    assert "drift needs a reference" in page.text
    assert "none yet" in page.text


HOSTILE_PATHS = (
    "/",
    HOSTILE,
    "/prediction?id=%3Cscript%3Ealert(1)%3C/script%3E",
    "/prediction?id=order-7/0",
    model_path("<script>alert(4)</script>", ""),
)


@pytest.mark.parametrize("path", HOSTILE_PATHS)
def test_hostile_names_stay_text(client: AsgiClient, path: str) -> None:
    html = client.get(path, headers=BROWSER).text

    page = Tags(html)
    assert [a for tag, a in page.found if tag == "script"] == [{"src": "/static/console.js", "defer": None}]
    assert not [tag for tag, _ in page.found if tag in {"img", "iframe", "object"}]
    assert not [name for _, a in page.found for name in a if name.startswith("on") or name == "style"]
    assert "<script>alert" not in html


def test_a_name_of_ten_thousand_characters_is_shown() -> None:
    long = replace(sample.history()[2], column="x" * 10_000)
    report = Report(sample.NOW, (long,))
    client = AsgiClient(create_app(sample_backend(report=report, store=SampleStore((long,)))))

    assert client.get(EMPLOYMENT).status_code == 200


@pytest.mark.parametrize(("rows", "told"), [(4_999, True), (5_000, False)])
def test_page_says_that_a_reference_of_few_rows_hides_drift(
    rows: int, told: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = StoredReference("{}", b"", b"", origin="file", rows=rows, created_at=0)
    monkeypatch.setattr(SampleStore, "reference", lambda *_: few)

    page = Tags(AsgiClient(create_app(sample_backend())).get(EMPLOYMENT).text)

    assert f"a reference of {count_text(rows)} rows" in page.text
    assert ("hide drift under 0.2 σ" in page.text) is told


def test_pages_need_nothing_from_elsewhere(client: AsgiClient) -> None:
    for path in ("/", EMPLOYMENT, "/collector", "/prediction"):
        for _, attributes in Tags(client.get(path).text).found:
            for name in ("src", "href", "action"):
                assert not str(attributes.get(name, "")).startswith(("http:", "https:", "//"))


def test_pages_and_scrapes_are_compressed_for_those_who_ask(client: AsgiClient) -> None:
    for path in (EMPLOYMENT, "/metrics"):
        plain, small = (client.get(path, headers={"accept-encoding": how}) for how in ("identity", "gzip"))

        assert "content-encoding" not in plain.headers
        assert small.headers["content-encoding"] == "gzip"
        assert int(small.headers["content-length"]) < len(plain.text) / 5
        assert small.text == plain.text


def test_static_files_are_served(client: AsgiClient) -> None:
    for path, kind in (("console.js", "text/javascript"), ("console.css", "text/css"), ("icon.svg", "image/svg+xml")):
        answer = client.get(f"/static/{path}")

        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith(kind)


def test_static_files_end_at_their_folder(client: AsgiClient) -> None:
    assert client.get("/static/..%2fapp.py").status_code == 404


def test_unknown_model_is_a_page_for_people_and_json_for_programs(client: AsgiClient) -> None:
    path = model_path("nobody", "1")

    person, program = client.get(path, headers=BROWSER), client.get(path)

    assert (person.status_code, program.status_code) == (404, 404)
    assert "no model is called 'nobody'" in Tags(person.text).text
    assert "nobody" in program.json()["error"]["message"]


def test_prediction_is_found_by_its_id(client: AsgiClient) -> None:
    found, missing = client.get("/prediction?id=order-7/0"), client.get("/prediction?id=nobody")

    assert "411.0" in Tags(found.text).text
    assert missing.status_code == 404
    assert "No prediction has the id" in Tags(missing.text).text


def test_nothing_has_arrived_yet() -> None:
    class Empty(SampleStore):
        def models(self) -> tuple[()]:
            return ()

    client = AsgiClient(create_app(sample_backend(report=Report(0), store=Empty(()))))

    assert "No prediction has arrived yet." in Tags(client.get("/").text).text


def test_collector_page_says_why_it_is_not_ready() -> None:
    store = SampleStore()
    store.not_ready = "disk full"
    client = AsgiClient(create_app(sample_backend(store=store)))

    assert "Not ready: disk full" in Tags(client.get("/collector").text).text


def test_pipelines_show_each_stage_with_its_counters() -> None:
    telemetry = Telemetry()
    telemetry.add("rows.stored", 7)
    telemetry.add("requests", 3, {"miops.transport": "grpc", "miops.request.outcome": "success"})
    telemetry.acknowledged(0.25)
    backend = replace(sample_backend(), telemetry=telemetry.snapshot)

    page = Tags(AsgiClient(create_app(backend)).get("/debug/pipelines").text)

    stages = [attributes["id"] for tag, attributes in page.found if tag == "h2"]
    assert stages == ["stage1", "stage2"]
    for text in ("Receivers", "Writer", "requests", "success, grpc", "rows.stored", "commit.latency", "0.99"):
        assert text in page.text
    assert "Other" not in page.text


def test_every_own_metric_belongs_to_a_stage() -> None:
    telemetry = Telemetry()
    for own in INSTRUMENTS:
        if own.instrument == "counter":
            telemetry.add(own.name, 1)
        elif own.name.startswith(("queue", "memory")):
            telemetry.observe(own.name, lambda: 1.0)
    telemetry.acknowledged(1.0)

    found = stages(telemetry.snapshot())

    assert {line.name for stage in found for line in stage.lines} == {own.name for own in INSTRUMENTS}
    assert "Other" not in [stage.name for stage in found]


def test_only_an_open_drift_alarm_can_be_accepted_as_the_new_reference(client: AsgiClient) -> None:
    page = client.get(EMPLOYMENT).text

    assert page.count("data-accept") == page.count("Accept as new reference") == 1


def test_what_follows_from_drift_of_a_column_stands_apart_from_it(client: AsgiClient) -> None:
    page = Tags(client.get(EMPLOYMENT).text)

    follows = [a for tag, a in page.found if tag == "details" and "consequence" in str(a.get("class"))]
    assert [a["class"] for a in follows] == ["consequence pending warning"]
    assert page.text.index("38 % of rows lie above 95") < page.text.index("What follows from that")


def test_other_versions_of_a_model_are_linked() -> None:
    class Two(SampleStore):
        def models(self) -> tuple[ModelInfo, ...]:
            newest = super().models()[0]
            return (newest, replace(newest, key=ModelKey(newest.key.name, "2016-01")))

    page = Tags(AsgiClient(create_app(sample_backend(store=Two()))).get(EMPLOYMENT).text)

    assert "/model?name=employment&version=2016-01" in [a.get("href") for tag, a in page.found if tag == "a"]


def test_every_part_of_the_page_can_be_jumped_to(client: AsgiClient) -> None:
    page = Tags(client.get(EMPLOYMENT).text)

    jumps = [str(a["href"])[1:] for tag, a in page.found if tag == "a" and str(a.get("href")).startswith("#")]
    assert jumps == ["main", "alarms", "verdict", "drift", "joint", "performance", "segments", "fairness", "quality"]
    assert set(jumps) <= {a.get("id") for _, a in page.found}


def test_worst_segments_and_intervals_of_groups_are_shown(client: AsgiClient) -> None:
    page = Tags(client.get(EMPLOYMENT).text)

    assert page.text.index("age=70-95 & sex=F") < page.text.index("hours=1-20")
    assert "0.27 … 0.39" in page.text
    assert page.text.count("≠") == 1 + 3
