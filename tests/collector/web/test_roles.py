"""The role of a model version, from its rows to the API and the pages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from miops_collector.stores._settings import StoreSettings
from miops_collector.stores.duckdb import DuckDBStore
from miops_collector.web.app import create_app
from tests.collector.otlp.payloads import decoded, spans
from tests.collector.sample_store import sample_backend
from tests.collector.web.asgi_client import AsgiClient

SETTINGS = StoreSettings(minimum_free_mib=1)


def send(store: DuckDBStore, prediction: str, **role: str) -> None:
    said = {"miops.model.name": "credit", "miops.model.version": "8", "miops.prediction.value": "yes"}
    more = {f"miops.model.{name}": value for name, value in role.items()}
    store.append(decoded("traces", spans({**said, "miops.prediction.id": prediction, **more})).records)


def client(store: DuckDBStore) -> AsgiClient:
    return AsgiClient(create_app(sample_backend(store=store)))  # type: ignore[arg-type]


def role(store: DuckDBStore) -> Any:
    (model,) = client(store).get("/api/v1/models").json()["models"]
    return model["role"]


@pytest.mark.parametrize(
    ("said", "expected"), [({"role": "shadow"}, "shadow"), ({"role": "canary"}, "canary"), ({}, "primary")]
)
def test_a_model_has_the_role_its_rows_say(said: dict[str, str], expected: str) -> None:
    store = DuckDBStore(None, SETTINGS)
    send(store, "p1", **said)

    assert role(store) == expected
    store.close()


def test_a_role_that_is_none_is_primary() -> None:
    store = DuckDBStore(None, SETTINGS)
    send(store, "p1", role="<b>understudy</b>")

    assert role(store) == "primary"
    store.close()


def test_a_shadow_that_is_promoted_is_so_after_a_restart_too(tmp_path: Path) -> None:
    store = DuckDBStore(tmp_path / "data", SETTINGS)
    send(store, "p1", role="shadow")
    assert role(store) == "shadow"
    send(store, "p2")
    assert role(store) == "primary"
    send(store, "p3", role="canary")
    store.close()
    again = DuckDBStore(tmp_path / "data", SETTINGS)

    assert role(again) == "canary"
    again.close()


def test_the_pages_say_who_is_not_primary() -> None:
    store = DuckDBStore(None, SETTINGS)
    send(store, "p1", role="shadow")

    assert '8 <span class="muted">shadow</span>' in client(store).get("/").text
    assert "version 8 · shadow" in client(store).get("/model?name=credit&version=8").text
    store.close()
