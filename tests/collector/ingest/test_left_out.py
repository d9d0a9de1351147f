from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from miops_collector.ingest import Ingest
from miops_collector.left_out import LeftOut
from miops_collector.schema import FAULT_SUFFIX
from miops_collector.stores.duckdb import DuckDBStore
from miops_collector.telemetry import Telemetry
from tests.collector.receivers.running import value
from tests.collector.stores.rows import predictions, truth


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DuckDBStore]:
    monkeypatch.setattr("miops_collector.stores._rows.MOST_SOURCES", 2)
    monkeypatch.setattr("miops_collector.stores._rows.MOST_FAULTS", 1)
    store = DuckDBStore(tmp_path)
    store.append([predictions(["1", "2"], feature__x=[1.0, None], feature__y=[None, 2.0])])
    yield store
    store.close()


def test_nothing_is_left_out_of_what_there_is_room_for(store: DuckDBStore) -> None:
    whole = predictions(["a", "b"], feature__x=[1, 2], feature__y=[True, None], feature__z=[None, None])
    (stored,) = store.append([whole]).stored

    assert LeftOut().count(stored) == {}


def test_values_of_columns_beyond_the_limit_are_counted(store: DuckDBStore) -> None:
    (stored,) = store.append([predictions(["a", "b"], feature__x=[1.0, 2.0], feature__z=[3.0, None])]).stored

    assert LeftOut().count(stored) == {"columns": 1}


def test_values_of_another_type_beyond_the_limit_are_counted_however_they_come(store: DuckDBStore) -> None:
    store.append([predictions(["a"], feature__x=["kept"])])
    as_they_are = predictions(["b", "c"], feature__x=["kept", "too"], feature__y=["lost", None])
    beside = predictions(["d", "e"], feature__y=[1.0, None], **{"feature__y" + FAULT_SUFFIX: [None, "lost"]})

    left_out = LeftOut()
    assert [left_out.count(stored) for stored in store.append([as_they_are, beside]).stored] == [
        {"type": 1},
        {"type": 1},
    ]


def test_outcomes_beyond_the_limit_are_counted(store: DuckDBStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("miops_collector.stores._truth.MOST_OUTCOMES", 1)
    records = truth(["a", "b"], [1.0, 0.0], outcome__first=[1.0, 2.0], outcome__second=[3.0, None])
    (stored,) = store.append([records]).stored

    assert LeftOut().count(stored) == {"columns": 1}
    assert "outcome.second" not in stored.table.column_names


def test_rows_that_came_before_count_once(store: DuckDBStore) -> None:
    again = predictions(["a", "b"], feature__z=[3.0, 4.0])
    store.append([again])

    (repeated,) = store.append([again]).stored
    (partly,) = store.append([predictions(["b", "c"], feature__z=[4.0, 5.0])]).stored

    assert (LeftOut().count(repeated), LeftOut().count(partly)) == ({}, {"columns": 1})


def test_ingest_tells_it_by_reason(store: DuckDBStore) -> None:
    telemetry = Telemetry()
    ingest = Ingest(store.append, telemetry)
    ingest.start()
    try:
        ingest.submit_records([predictions(["a"], feature__z=[3.0])], transport="test").result(30)
    finally:
        ingest.close()

    assert value(telemetry, "values.ignored", reason="columns", telemetry_kind="records") == 1


def test_columns_are_compared_again_when_they_change(store: DuckDBStore) -> None:
    left_out = LeftOut()
    rows = [predictions([str(i)], **{f"feature__{name}": [1.0]}) for i, name in enumerate("xppxq", 10)]

    counts = [left_out.count(stored) for one in rows for stored in store.append([one]).stored]

    assert counts == [{}, *[{"columns": 1}] * 2, {}, {"columns": 1}]
