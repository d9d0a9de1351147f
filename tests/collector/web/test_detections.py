"""The classic detectors on what is stored: the rows that were sent, in the order of event time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from miops_collector.schema import Records
from miops_collector.statistics.sequential.adwin import adwin
from miops_collector.statistics.sequential.cusum import cusum
from miops_collector.statistics.sequential.detectors import DETECTORS
from miops_collector.stores._settings import StoreSettings
from miops_collector.stores.duckdb import DuckDBStore
from miops_collector.web import streamed as streams
from miops_collector.web.app import create_app
from tests.collector.sample_store import sample_backend
from tests.collector.web.asgi_client import AsgiClient

START, SECOND, ROWS = 1_700_000_000 * 10**9, 10**9, 3000
CHANGED = 2000


def keys(model: int) -> pa.Array:
    numbers = np.full((ROWS, 2), model, ">u8")
    numbers[:, 1] = np.arange(ROWS)
    return pa.Array.from_buffers(pa.binary(16), ROWS, [None, pa.py_buffer(numbers.tobytes())])


def drawn() -> tuple[np.ndarray, np.ndarray]:
    """Ages that move by two standard deviations, and errors that go from 5 to 40 %, both after 2,000 rows."""
    rng, later = np.random.default_rng(3), np.arange(ROWS) >= CHANGED
    return rng.normal(40.0, 5.0, ROWS) + 10.0 * later, rng.random(ROWS) < np.where(later, 0.4, 0.05)


@pytest.fixture(scope="module")
def client() -> Iterator[AsgiClient]:
    """A classifier and a regression; the newest rows were sent first, and every tenth age is missing."""
    age, wrong = drawn()
    store = DuckDBStore(None, StoreSettings(minimum_free_mib=1))
    said = np.where(np.arange(ROWS) % 2, "good", "bad")
    true = np.where(wrong, np.where(said == "bad", "good", "bad"), said)
    for model, value, truth, more in (
        ("credit", {"value_text": said}, {"truth_text": true}, {"classes": ("bad", "good"), "positive_class": "bad"}),
        ("price", {"value_number": age}, {"truth_number": age - 3.0 * wrong}, {}),
    ):
        key = keys(len(model))
        time = START + SECOND * np.arange(ROWS)
        known = pa.array(np.where(np.arange(ROWS) % 10 == 0, np.nan, age), from_pandas=True)
        rows = pa.table({"key": key, "time": time, "feature.age": known, "feature.word": said, **value})
        given: dict[str, Any] = {"version": "1", **more}
        for part in (rows.slice(1500), rows.slice(0, 1500)):
            store.append([Records("predictions", model, part, **given)])
        store.append([Records("ground_truth", "", pa.table({"key": key, "time": time, **truth}))])
    yield AsgiClient(create_app(sample_backend(store=store)))  # type: ignore[arg-type]
    store.close()


def ask(client: AsgiClient, **parameters: str) -> Any:
    found = client.get("/api/v1/detections?" + "&".join(f"{k}={v}" for k, v in parameters.items()))
    assert found.status_code == 200, found.text
    return found.json()


def refused(client: AsgiClient, **parameters: str) -> str:
    found = client.get("/api/v1/detections?" + "&".join(f"{k}={v}" for k, v in parameters.items()))
    assert found.status_code == 400
    return str(found.json()["error"]["message"])


def test_errors_of_a_classifier_are_seen_as_they_happened(client: AsgiClient) -> None:
    _, wrong = drawn()

    found = ask(client, model="credit")

    expected = adwin(wrong.astype(np.float64)).changes.tolist()
    assert [c["row"] for c in found["changes"]] == expected
    assert CHANGED < expected[0] < CHANGED + 200
    assert (found["rows"], found["changes_in_all"], found["detector"]) == (ROWS, len(expected), "adwin")
    assert found["changes"][0]["time"] == f"2023-11-14T22:{13 + (20 + expected[0]) // 60}:{(20 + expected[0]) % 60:02}Z"


def test_errors_of_a_regression_are_how_far_it_was_off(client: AsgiClient) -> None:
    _, wrong = drawn()

    found = ask(client, model="price", version="1", detector="page_hinkley")

    assert [c["row"] for c in found["changes"]] == DETECTORS["page_hinkley"](3.0 * wrong).changes.tolist()


@pytest.mark.parametrize(
    ("value", "truth", "classes", "wrong"),
    [
        ({"value_text": ["a", "b", None, "b"]}, {"truth_text": ["a", "a", "a", "b"]}, (), [0, 1, 0]),
        ({"value_number": [1.0, 0.0, 1.0, 2.0]}, {"truth_text": ["true", "true", "1.0", "1"]}, ("0", "1"), [0, 1, 0]),
        ({"value_number": [1.0, np.nan, 3.0]}, {"truth_number": [1.0, 2.0, 5.5]}, (), [0, 2.5]),
        ({"value_number": [1.0, np.nan, 0.0]}, {"truth_number": [1.0, 1.0, 1.0]}, ("0", "1"), [0, 1]),
    ],
)
def test_classes_are_the_same_however_they_are_written(
    value: dict[str, Any], truth: dict[str, Any], classes: tuple[str, ...], wrong: list[float]
) -> None:
    n = len(next(iter(value.values())))
    given = {k: pa.array(v, from_pandas=True) for k, v in (value | truth).items()}
    columns = {"time": np.arange(n), "truth_number": pa.nulls(n, pa.float64()), **given}

    found = streams._errors(pa.table(columns), classes).values

    assert found[np.isfinite(found)].tolist() == wrong


def test_a_column_is_seen_without_what_is_missing(client: AsgiClient) -> None:
    age = drawn()[0][np.arange(ROWS) % 10 > 0]

    found = ask(client, model="credit", column="age", detector="cusum", mean="40", std="5")

    expected = cusum(age, mean=40.0, std=5.0).changes.tolist()
    assert [c["row"] for c in found["changes"]] == expected
    assert (found["rows"], len(expected) > 10) == (len(age), True)


@pytest.mark.parametrize("detector", DETECTORS)
def test_every_detector_can_be_asked_for(detector: str, client: AsgiClient) -> None:
    usual = {"cusum": {"mean": "0.05", "std": "0.22"}, "betting": {"mean": "0.05", "most": "1"}}.get(detector, {})

    assert ask(client, model="credit", detector=detector, **usual)["rows"] == ROWS


def test_betting_says_what_the_mean_may_be(client: AsgiClient) -> None:
    _, wrong = drawn()

    found = ask(client, model="credit", detector="betting", mean="0.05", most="1")
    low, high = found["interval"]["low"], found["interval"]["high"]

    assert found["changes"][0]["row"] > CHANGED
    assert found["interval"]["mean"] == pytest.approx(wrong.mean())
    assert low < wrong.mean() < high < low + 0.1
    assert ask(client, model="price", detector="betting", mean="1")["interval"]["high"] is None


def test_a_part_of_the_time_is_a_stream_of_its_own(client: AsgiClient) -> None:
    whole = ask(client, model="price", column="prediction")
    found = ask(
        client, model="price", column="prediction", **{"from": "2023-11-14T22:13:20Z", "to": "2023-11-14T22:30:00Z"}
    )

    assert (whole["rows"], found["rows"], found["changes"]) == (ROWS, 1000, [])
    assert (found["first"], found["last"]) == ("2023-11-14T22:13:20Z", "2023-11-14T22:29:59Z")
    assert ask(client, model="price", **{"from": "2030-01-01T00:00:00Z"})["first"] is None


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"model": "credti"}, "did you mean 'credit'?"),
        ({"model": "credit", "version": "2"}, "no rows are stored of version '2' of 'credit'"),
        ({"model": "credit", "column": "agee"}, "'agee' is no number of this model; did you mean 'age'?"),
        ({"model": "credit", "column": "word"}, "'word' is no number of this model"),
        ({"model": "credit", "detector": "adwim"}, "did you mean 'adwin'?"),
        ({"model": "credit", "detector": "cusum", "mean": "1"}, "cusum must be told what is usual"),
        ({"model": "credit", "mean": "1"}, "the other detectors find it out"),
        ({"model": "credit", "detector": "cusum", "mean": "1", "std": "0"}, "std: '0' is not above 0"),
        ({"model": "credit", "detector": "cusum", "mean": "nan", "std": "1"}, "mean: 'nan' is no number"),
        ({"model": "credit", "detector": "betting"}, "betting takes mean, most and needs mean"),
        (
            {"model": "credit", "detector": "betting", "mean": "2", "most": "1"},
            "mean: '2' is not above 0 and below most",
        ),
        (
            {"model": "credit", "detector": "betting", "column": "age", "mean": ".5", "most": "1"},
            "numbers from 0 to most",
        ),
        ({"model": "credit", "rows": "5"}, "unknown query parameter 'rows'"),
    ],
)
def test_what_is_asked_wrongly_is_said(parameters: dict[str, str], message: str, client: AsgiClient) -> None:
    assert message in refused(client, **parameters)


@pytest.mark.parametrize("column", ["errors", "age"])
def test_more_rows_than_are_read_at_once_are_refused(
    column: str, client: AsgiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "MOST", 2999)

    assert "say from when to when" in refused(client, model="credit", column=column)
