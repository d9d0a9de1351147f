"""By which errors a model failed: OTLP in, the answer of the API out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from miops_collector.stores._settings import StoreSettings
from miops_collector.stores.duckdb import DuckDBStore
from miops_collector.web import errors
from miops_collector.web.app import create_app
from tests.collector.otlp.payloads import NOW, decoded, events
from tests.collector.sample_store import sample_backend
from tests.collector.web.asgi_client import AsgiClient
from tests.collector.web.test_api_page import PAGE, named

MINUTE = 60 * 10**9


@pytest.fixture
def store() -> Iterator[DuckDBStore]:
    opened = DuckDBStore(None, StoreSettings(minimum_free_mib=1))
    yield opened
    opened.close()


def send(store: DuckDBStore, first: int, *outcomes: str, model: str = "credit", version: str = "7") -> None:
    """Rows ``first``, ``first + 1`` … a minute apart, each with a decision or, in capitals, an error."""
    for number, outcome in enumerate(outcomes, first):
        about = {
            "miops.model.name": model,
            "miops.model.version": version,
            "miops.prediction.id": f"{version}/{number}",
        }
        told = {"error.type" if outcome[0].isupper() else "miops.prediction.value": outcome}
        payload = events("miops.prediction", {**about, **told}, time_unix_nano=NOW + number * MINUTE)
        store.append(decoded("logs", payload).records)


def get(store: DuckDBStore, **parameters: str) -> Any:
    client = AsgiClient(create_app(sample_backend(store=store)))  # type: ignore[arg-type]
    return client.get("/api/v1/errors?" + "&".join(f"{k}={v}" for k, v in parameters.items()))


def test_errors_by_class_the_most_frequent_first(store: DuckDBStore) -> None:
    send(store, 0, "good", "KeyError", "ValueError", "bad", *["ValueError"] * 8)

    found = get(store, model="credit").json()

    assert (found["model"], found["version"]) == ("credit", "7")
    value, key = found["errors"]
    assert (value["error_type"], value["rows"]) == ("ValueError", 9)
    assert value["examples"] == [f"7/{number}" for number in (11, 10, 9, 8, 7)]
    assert (key["error_type"], key["rows"], key["examples"]) == ("KeyError", 1, ["7/1"])
    assert key["first"] == key["last"]
    assert value["first"] < value["last"]


def test_errors_of_a_time_and_of_a_version(store: DuckDBStore) -> None:
    send(store, 0, *["KeyError"] * 4)
    send(store, 0, "OSError", version="8")
    edge = get(store, model="credit", version="7").json()["errors"][0]["last"]

    later = get(store, model="credit", version="7", **{"from": edge}).json()
    earlier = get(store, model="credit", version="7", to=edge).json()

    assert [(e["error_type"], e["rows"]) for e in later["errors"]] == [("KeyError", 1)]
    assert [(e["error_type"], e["rows"]) for e in earlier["errors"]] == [("KeyError", 3)]


def test_a_model_that_never_failed_has_none(store: DuckDBStore) -> None:
    send(store, 0, "good")
    send(store, 0, "KeyError", model="other")

    assert get(store, model="credit").json()["errors"] == []


@pytest.mark.parametrize(
    "wrong", [{"model": "cridet"}, {"model": "credit", "version": "9"}, {"model": "credit", "x": "1"}]
)
def test_what_cannot_be_meant_is_refused(store: DuckDBStore, wrong: dict[str, str]) -> None:
    send(store, 0, "good")

    assert get(store, **wrong).status_code == 400


def test_every_field_and_parameter_is_on_the_page(store: DuckDBStore) -> None:
    send(store, 0, "KeyError")
    found = get(store, model="credit").json()

    assert {*found, *found["errors"][0], *errors.PARAMETERS} - named(PAGE) == set()
