from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from miops_collector.adoption import Said
from miops_collector.due import DueReferences
from miops_collector.errors import StoreError
from miops_collector.report import ModelKey
from miops_collector.stores._settings import StoreSettings
from miops_collector.stores.duckdb import DuckDBStore
from tests.collector.little_model import MODEL, reference


@pytest.fixture
def store() -> Iterator[DuckDBStore]:
    opened = DuckDBStore(None, StoreSettings(minimum_free_mib=1))
    yield opened
    opened.close()


def said(due: DueReferences) -> dict[ModelKey, Said]:
    return {key: what for key, _, what in due.items()}


def test_what_is_due_survives_a_restart_with_all_that_was_said(store: DuckDBStore) -> None:
    DueReferences(store).note(reference())

    again = DueReferences(store)
    again.load()

    assert said(again) == {MODEL: Said("binary_classification", ("0", "1"), "1", ("g",))}


def test_what_is_done_is_done_after_a_restart(store: DuckDBStore) -> None:
    due = DueReferences(store)
    due.note(reference())
    due.note(reference(model=ModelKey("other", "1")))
    due.done(due.items()[0][1])

    again = DueReferences(store)
    again.load()

    assert said(due).keys() == said(again).keys() == {ModelKey("other", "1")}


def test_a_reference_given_while_another_was_adopted_stays_due(store: DuckDBStore) -> None:
    due = DueReferences(store)
    due.note(reference())
    (_, number, _) = due.items()[0]

    due.note(replace(reference()))
    due.done(number)

    assert len(due) == 1


def test_what_is_noted_before_loading_is_newer_than_what_is_loaded(store: DuckDBStore) -> None:
    DueReferences(store).note(reference(positive_class="0"))
    again = DueReferences(store)
    again.note(reference(positive_class="1"))

    again.load()

    assert said(again)[MODEL].positive_class == "1"


def test_what_cannot_be_remembered_is_not_acknowledged(store: DuckDBStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def put_state(key: str, value: str) -> None:
        raise StoreError("full")

    monkeypatch.setattr(store, "put_state", put_state)

    with pytest.raises(StoreError):
        DueReferences(store).note(reference())
