"""Two versions on the same entities: OTLP with role and entity in, the comparison out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from scipy import stats

from miops_collector.stores._settings import StoreSettings
from miops_collector.stores.duckdb import DuckDBStore
from miops_collector.web import comparison
from miops_collector.web.app import create_app
from tests.collector.otlp.payloads import NOW, decoded, events
from tests.collector.sample_store import sample_backend
from tests.collector.web.asgi_client import AsgiClient
from tests.collector.web.test_api_page import PAGE, named

SECOND, ROWS = 10**9, 40


@pytest.fixture
def store() -> Iterator[DuckDBStore]:
    opened = DuckDBStore(None, StoreSettings(minimum_free_mib=1))
    yield opened
    opened.close()


def send(store: DuckDBStore, version: str, values: list[Any], *, model: str = "credit", **more: Any) -> None:
    """A prediction per entity, as the instrumentation says it; ids are ``<version>/<number>``."""
    about = {"miops.model.name": model, "miops.model.version": version, **more.pop("said", {})}
    for i, value in enumerate(values):
        given = {"miops.prediction.id": f"{version}/{i}", "miops.entity.id": f"salted {i}",
                 "miops.prediction.value": value, "miops.prediction.score": i / 100 + 0.1 * (version == "8"),
                 **about}  # fmt: skip
        payload = events("miops.prediction", given, time_unix_nano=NOW + i * 60 * SECOND + (version == "8") * SECOND)
        store.append(decoded("logs", payload).records)


def tell(store: DuckDBStore, version: str, values: list[Any]) -> None:
    truths = [
        {"miops.prediction.id": f"{version}/{i}", "miops.ground_truth.value": value} for i, value in enumerate(values)
    ]
    store.append(decoded("logs", events("miops.ground_truth", *truths)).records)


def get(store: DuckDBStore, **parameters: str) -> Any:
    client = AsgiClient(create_app(sample_backend(store=store)))  # type: ignore[arg-type]
    asked = {"model": "credit", "version": "7", "other": "8", **parameters}
    return client.get("/api/v1/comparison?" + "&".join(f"{k}={v}" for k, v in asked.items() if v))


def ask(store: DuckDBStore, **parameters: str) -> Any:
    found = get(store, **parameters)
    assert found.status_code == 200, found.text
    return found.json()


def refused(store: DuckDBStore, **parameters: str) -> str:
    found = get(store, **parameters)
    assert found.status_code == 400
    return str(found.json()["error"]["message"])


def classifiers(store: DuckDBStore) -> None:
    """Of 40 entities all are bad; version 7 says so of 28, version 8 of 36: of 26 both, of two 7 alone, of ten 8."""
    send(store, "7", ["bad"] * 28 + ["good"] * 12)
    send(store, "8", ["bad"] * 26 + ["good"] * 2 + ["bad"] * 10 + ["good"] * 2, said={"miops.model.role": "shadow"})


def test_a_shadow_is_compared_with_its_primary_on_the_same_entities(store: DuckDBStore) -> None:
    classifiers(store)

    found = ask(store)

    assert (found["role"], found["other_role"], found["within"]) == ("primary", "shadow", "1m")
    assert (found["pairs"], found["rows"], found["other_rows"], found["truncated"]) == (ROWS, ROWS, ROWS, False)
    assert (found["first"], found["status"]) == ("2026-11-18T11:06:40Z", "ok")
    assert (found["agreement"]["value"], found["agreement"]["n"]) == (28 / 40, ROWS)
    expected = stats.binomtest(28, 40).proportion_ci(0.95, method="wilson")
    assert (found["agreement"]["low"], found["agreement"]["high"]) == pytest.approx((expected.low, expected.high))
    chance = (28 * 36 + 12 * 4) / 40**2
    assert found["kappa"] == pytest.approx((0.7 - chance) / (1 - chance))
    assert found["score_difference"]["value"] == pytest.approx(0.1)
    assert (found["labelled"], found["accuracy"], found["mcnemar_p_value"]) == (0, None, None)
    assert found["reason"] == "truth is known of 0 pairs; it takes 30"


def test_truth_told_of_the_primary_says_which_version_is_better(store: DuckDBStore) -> None:
    classifiers(store)
    tell(store, "7", ["bad"] * ROWS)

    found = ask(store)

    assert (found["labelled"], found["reason"]) == (ROWS, None)
    assert (found["accuracy"]["value"], found["other_accuracy"]["value"]) == (28 / 40, 36 / 40)
    difference = found["accuracy_difference"]
    assert difference["value"] == pytest.approx(8 / 40)
    assert 0 < difference["low"] < difference["value"] < difference["high"]
    assert found["mcnemar_p_value"] == pytest.approx(2 * (1 + 12 + 66) / 2**12)
    assert (found["value_difference"], found["absolute_error_difference"]) == (None, None)


def test_regressions_are_compared_by_their_absolute_errors(store: DuckDBStore) -> None:
    said = {"miops.model.task": "regression"}
    send(store, "7", [10.0 + i for i in range(ROWS)], said=said)
    send(store, "8", [11.0 + i + i % 2 for i in range(ROWS)], said=said)
    tell(store, "8", [12.0 + i for i in range(ROWS)])

    found = ask(store)

    assert found["value_difference"]["value"] == pytest.approx(1.5)
    expected = stats.ttest_1samp([-1.0, -2.0] * 20, 0.0).confidence_interval(0.95)
    error = found["absolute_error_difference"]
    assert (error["value"], error["low"], error["high"]) == pytest.approx((-1.5, expected.low, expected.high))
    assert (found["agreement"], found["kappa"], found["accuracy"]) == (None, None, None)


def test_too_few_pairs_are_insufficient_data_with_a_reason(store: DuckDBStore) -> None:
    send(store, "7", ["bad"] * 20 + ["good"] * 9)
    send(store, "8", ["bad"] * ROWS)

    found = ask(store)

    assert (found["pairs"], found["status"], found["reason"]) == (29, "insufficient_data", "29 pairs; it takes 30")
    assert {found[name] for name in comparison._NUMBERS} == {None}


def test_without_entities_it_says_whose_are_missing(store: DuckDBStore) -> None:
    send(store, "7", ["bad"] * 3)
    send(store, "8", ["bad"] * 3, said={"miops.entity.id": ""})

    found = ask(store)

    assert (found["pairs"], found["status"], found["first"]) == (0, "insufficient_data", None)
    assert found["reason"] == "no row of version '8' in this time names an entity"


def test_the_time_and_the_distance_can_be_said(store: DuckDBStore) -> None:
    classifiers(store)

    assert ask(store, **{"from": "2026-11-18T11:16:40Z", "to": "2026-11-18T11:21:40Z"})["pairs"] == 5
    assert ask(store, within="1s")["pairs"] == ROWS
    assert refused(store, within="soon").startswith("within: ")


def test_what_is_unknown_is_said_with_what_there_is(store: DuckDBStore) -> None:
    classifiers(store)

    assert refused(store, other="9") == ("other: no rows are stored of version '9' of 'credit'; there are '7', '8'")
    assert refused(store, version="").endswith("there are '7', '8'")
    assert "did you mean 'credit'" in refused(store, model="credti")
    assert refused(store, other="7") == "other: '7' is the version itself"
    assert "unknown query parameter 'window'" in refused(store, window="1d")


def test_the_page_of_a_model_links_to_the_comparison(store: DuckDBStore) -> None:
    classifiers(store)
    client = AsgiClient(create_app(sample_backend(store=store)))  # type: ignore[arg-type]

    page = client.get("/model?name=credit&version=7").text

    assert '<a href="/api/v1/comparison?model=credit&amp;version=7&amp;other=8">compare</a>' in page


def test_every_field_of_the_answer_is_on_the_page_of_the_api(store: DuckDBStore) -> None:
    classifiers(store)
    section = PAGE.partition("`/api/v1/comparison` pairs rows")[2].partition("\n## ")[0]

    assert {*ask(store), *ask(store)["agreement"], *comparison.PARAMETERS} - named(section) == set()
