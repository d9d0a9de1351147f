"""Every table of a commit takes memory, however few its rows: many models are written in turns, and nothing is lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from miops_collector.report import ModelKey
from miops_collector.schema import Records
from miops_collector.stores._inserts import Inserts
from miops_collector.stores._journal import Journal
from miops_collector.stores._rows import CELLS, VECTOR, at_once
from miops_collector.stores._settings import StoreSettings
from miops_collector.stores._store import Appended
from miops_collector.stores.duckdb import DuckDBStore
from tests.collector.stores.rows import ids_of, predictions

FEATURES = 30
LITTLE = StoreSettings(memory_mib=48)
MODELS = 160
"""Two commits of them that are not folded take more than there is."""


def of_many(name: str, models: int = MODELS) -> list[Records]:
    features = {f"feature.f{i}": [float(i)] for i in range(FEATURES)}
    return [predictions([f"{name}-{m}"], model=ModelKey(f"m{m}", "1"), **features) for m in range(models)]


def stored(appended: Appended) -> list[str]:
    return ids_of(s.table for s in appended.stored)


def in_file(store: DuckDBStore) -> int:
    return sum(info.rows for info in store.models())


def test_a_table_counts_as_a_vector_of_each_column_at_least() -> None:
    columns = 40
    one = pa.table({f"c{i}": [0.0] for i in range(columns)})
    fit = CELLS // (VECTOR * columns)

    assert [len(some) for some in at_once([("t", one)] * (2 * fit + 1))] == [fit, fit, 1]


def test_a_piece_that_fills_a_transaction_has_it_for_itself() -> None:
    large = pa.table({"c": pa.nulls(CELLS, pa.bool_())})

    assert [len(some) for some in at_once([("t", large), ("t", large)])] == [1, 1]
    assert list(at_once([])) == []


def test_more_models_than_memory_holds_at_once_are_committed_each_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store = DuckDBStore(tmp_path, LITTLE)
    for name in ("a", "b", "c"):
        appended = store.append(of_many(name))
        assert len(stored(appended)) == MODELS
        assert len(stored(store.append(of_many(name)))) == 0
        store.tidy()
    assert store.newest() == 6
    assert not caplog.records
    store.close()

    again = DuckDBStore(tmp_path, LITTLE)
    assert in_file(again) == 3 * MODELS
    again.close()


def test_a_commit_without_memory_is_taken_back_and_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = DuckDBStore(tmp_path)
    store.append(of_many("a"))
    insert, calls = Inserts.insert, []

    def without_memory_once(self: Inserts, *rest: Any) -> None:
        calls.append(rest)
        if len(calls) == MODELS - 1:
            raise duckdb.OutOfMemoryException
        insert(self, *rest)

    monkeypatch.setattr(Inserts, "insert", without_memory_once)
    monkeypatch.setattr(Journal, "split", lambda _, pieces: (pieces, []))
    appended = store.append(of_many("b"))

    assert len(calls) > MODELS
    assert len(stored(appended)) == MODELS
    assert in_file(store) == 2 * MODELS
    store.close()
