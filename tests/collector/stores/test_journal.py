"""Small commits wait in the journal; whoever reads finds each row once, in its table, whatever happens meanwhile."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb as driver
import numpy as np
import pyarrow as pa
import pytest

from miops_collector.errors import StoreError
from miops_collector.report import ModelKey
from miops_collector.schema import Records
from miops_collector.stores import _journal
from miops_collector.stores._commit import Writer
from miops_collector.stores._database import ROW_GROUP, Connection, Database, File
from miops_collector.stores._registry import JOURNAL
from miops_collector.stores.duckdb import DuckDBStore
from tests.collector.stores.rows import MODEL, NOON, all_rows, changes, ids_of, predictions, truth


@pytest.fixture
def store(tmp_path: Path) -> Iterator[DuckDBStore]:
    opened = DuckDBStore(tmp_path / "data")
    yield opened
    opened.close()


def waiting(store: DuckDBStore) -> int:
    return int(store._database.fetch(f"SELECT count(*) FROM {JOURNAL}")[0][0])


def names(store: DuckDBStore) -> list[str]:
    return [row["id_text"] for row in all_rows(store)]


def many(count: int, start: int = 0) -> Records:
    return predictions([f"many-{start + i}" for i in range(count)], feature__x=np.arange(count, dtype=np.float64))


@contextmanager
def after_commit(monkeypatch: pytest.MonkeyPatch, say: Callable[[], None]) -> Iterator[None]:
    """Every transaction on the rows is followed by this, within what its writer takes for the transaction."""
    whole = Database.transaction

    @contextmanager
    def said(self: Database, file: File) -> Iterator[Connection]:
        with whole(self, file) as connection:
            yield connection
        if file == "data":
            say()

    with monkeypatch.context() as patch:
        patch.setattr(Database, "transaction", said)
        yield


def fails() -> None:
    msg = "the disk reports an error"
    raise StoreError(msg)


READERS: dict[str, Callable[[DuckDBStore], object]] = {
    "rows": all_rows,
    "prediction": lambda store: store.prediction("b"),
    "examples": lambda store: store.examples(MODEL, start=NOON, end=NOON + 10**12, where={}, limit=9),
    "worst": lambda store: store.examples(MODEL, start=NOON, end=NOON + 10**12, where={"unsure": 0.5}, limit=9),
    "sample": lambda store: store.sample(MODEL, start=NOON, end=NOON + 10**12, columns=["feature.x"], rows=9),
    "truth": lambda store: changes(store, 0, store.newest()),
}


@pytest.mark.parametrize("read", sorted(READERS))
def test_a_reader_finds_what_waits(store: DuckDBStore, read: str) -> None:
    store.append([predictions(["a", "b"], feature__x=[1.0, 2.0], score=[0.1, 0.2]), truth(["b"], [1.0])])

    assert waiting(store) == 1
    assert READERS[read](store)
    assert waiting(store) == 0


def test_reference_rows_are_found_while_they_wait(store: DuckDBStore) -> None:
    store.append([Records("reference", MODEL.name, many(3).table, version=MODEL.version, reference_id="r")])

    assert waiting(store) == 1
    assert sum(table.num_rows for table in store.reference_rows(MODEL)) == 3


def test_whole_row_groups_do_not_wait(store: DuckDBStore) -> None:
    store.append([predictions(["first"])])
    store.append([many(2 * ROW_GROUP + 7)])
    store.append([many(ROW_GROUP, 3 * ROW_GROUP)])
    at_once = store._database.fetch("SELECT count(*) FROM data.main.p1_1")

    assert at_once == [(3 * ROW_GROUP,)]
    assert waiting(store) == 2
    assert sorted(names(store)) == sorted(
        ["first", *ids_of([many(2 * ROW_GROUP + 7).table]), *ids_of([many(ROW_GROUP, 3 * ROW_GROUP).table])]
    )


def test_rows_that_are_very_wide_do_not_wait(store: DuckDBStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_journal, "MOST", 1000)
    store.append([many(100)])

    assert waiting(store) == 0
    assert len(names(store)) == 100


def test_a_repeat_is_recognised_while_the_row_waits(store: DuckDBStore) -> None:
    store.append([predictions(["a", "b"])])
    again = store.append([predictions(["b", "c"])])

    assert ids_of([again.stored[0].table]) == ["c"]
    assert names(store) == ["a", "b", "c"]


def test_pieces_with_other_columns_and_kinds_of_text_are_put_together(store: DuckDBStore) -> None:
    words = pa.array(["u", "v"])
    store.append([predictions(["a", "b"], feature__x=[1.0, 2.0], context__w=words)])
    store.append([predictions(["c", "d"], context__w=words.dictionary_encode(), feature__y=[True, None])])
    store.append([predictions(["e", "f"], context__w=words.cast(pa.large_string()))])
    found = {name: [row.get(name) for row in all_rows(store)] for name in ("feature.x", "feature.y", "context.w")}

    assert found == {
        "feature.x": [1.0, 2.0, None, None, None, None],
        "feature.y": [None, None, True, None, None, None],
        "context.w": ["u", "v"] * 3,
    }


def test_what_waits_when_the_process_ends_is_there_at_the_next_start(store: DuckDBStore, tmp_path: Path) -> None:
    store.append([predictions(["a"]), truth(["a"], [1.0])])
    store.append([predictions(["b"], model=ModelKey("other", "1"))])
    shutil.copytree(tmp_path / "data", tmp_path / "killed")
    again = DuckDBStore(tmp_path / "killed")
    rows = {info.key.name: info.rows for info in again.models()}
    found = (again.newest(), rows, changes(again, 0, 2), waiting(again))
    again.close()

    assert found == (2, {"credit": 1, "other": 1}, [("a", 1.0, 1.0)], 0)


def test_a_move_that_succeeds_but_is_reported_as_failed_doubles_nothing(
    store: DuckDBStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.append([predictions(["a", "b"])])
    with after_commit(monkeypatch, fails), pytest.raises(StoreError):
        store._writer.settle()
    store.append([predictions(["c"])])

    assert names(store) == ["a", "b", "c"]


def test_a_move_that_fails_loses_nothing(store: DuckDBStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.append([predictions(["a", "b"])])
    with monkeypatch.context() as patch:
        patch.setattr(_journal.Journal, "_move", lambda *_: fails())
        with pytest.raises(StoreError):
            all_rows(store)
        store.append([predictions(["c"])])

    assert names(store) == ["a", "b", "c"]


def test_a_move_without_memory_is_made_again_after_folding(
    store: DuckDBStore, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    store.append([predictions(["a", "b"])])
    move, calls = _journal.Journal._move, []

    def without_memory_once(self: _journal.Journal, *rest: Any) -> None:
        calls.append(rest)
        if len(calls) == 1:
            raise driver.OutOfMemoryException
        move(self, *rest)

    monkeypatch.setattr(_journal.Journal, "_move", without_memory_once)

    assert names(store) == ["a", "b"]
    assert "folded to make room" in caplog.text


def test_an_unfinished_commit_in_the_journal_is_taken_back(store: DuckDBStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.append([predictions(["a"])])
    with monkeypatch.context() as patch:
        patch.setattr(Writer, "_durable", lambda _: None)
        with after_commit(monkeypatch, fails), pytest.raises(StoreError):
            store.append([predictions(["b"])])
    assert names(store) == ["a"]
    kept = store.append([predictions(["b"])])

    assert ids_of([kept.stored[0].table]) == ["b"]
    assert names(store) == ["a", "b"]


def test_a_commit_in_the_journal_that_is_durable_after_all_stands(
    store: DuckDBStore, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    store.append([predictions(["a"])])  # its table is made in a transaction of its own
    with caplog.at_level(logging.WARNING), after_commit(monkeypatch, fails):
        store.append([predictions(["b"])])

    assert names(store) == ["a", "b"]
    assert "succeeded although" in caplog.text


def test_rows_move_between_commits_when_they_are_worth_it(store: DuckDBStore) -> None:
    rounds = _journal.ENOUGH // 8000 + 1
    found = []
    for i in range(rounds):
        store.append([many(8000, 8000 * i)])
        store.tidy()
        found.append(waiting(store))

    assert found == [*range(1, rounds), 0]
    assert len(names(store)) == 8000 * rounds


def test_of_many_tables_the_fullest_move_first(store: DuckDBStore, monkeypatch: pytest.MonkeyPatch) -> None:
    for rows, model in ((1, "few"), (200, "many"), (2, "some")):
        ids = [f"{model}-{i}" for i in range(rows)]
        store.append([predictions(ids, model=ModelKey(model, "1"))])
    monkeypatch.setattr(_journal, "MOST", store._writer._journal.cost)
    store.tidy()
    left = store._database.fetch(f"SELECT seq FROM {JOURNAL} ORDER BY seq")

    assert left == [(1,), (3,)]


def test_what_waits_is_bounded(store: DuckDBStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.append([predictions(["a"])])
    monkeypatch.setattr(_journal, "MOST", store._writer._journal.cost - 1)
    store.append([predictions(["b"])])

    assert waiting(store) == 1
    assert names(store) == ["b", "a"]


def test_closing_empties_the_journal(tmp_path: Path) -> None:
    store = DuckDBStore(tmp_path)
    store.append([predictions(["a", "b"])])
    store.close()
    with driver.connect(str(tmp_path / "predictions.duckdb"), read_only=True) as connection:
        rows = connection.execute("SELECT count(*) FROM p1_1").fetchall()
        left = connection.execute("SELECT count(*) FROM journal").fetchall()

    assert (rows, left) == ([(2,)], [(0,)])


def test_a_file_from_before_the_journal_gets_one(tmp_path: Path) -> None:
    store = DuckDBStore(tmp_path)
    store.append([predictions(["a"])])
    store.close()
    with driver.connect(str(tmp_path / "predictions.duckdb")) as connection:
        connection.execute("DROP TABLE journal")
        connection.execute("UPDATE store SET format = 1")
    again = DuckDBStore(tmp_path)
    again.append([predictions(["b"])])
    found = (names(again), again._database.fetch("SELECT format FROM data.main.store"))
    again.close()

    assert found == (["a", "b"], [(2,)])


def test_a_damaged_journal_is_told(tmp_path: Path) -> None:
    store = DuckDBStore(tmp_path)
    store.append([predictions(["a"])])
    store.close()
    with driver.connect(str(tmp_path / "predictions.duckdb")) as connection:
        connection.execute("INSERT INTO journal VALUES (1, 'data.main.p1_1', 'no stream'::BLOB)")

    with pytest.raises(StoreError, match="journal holds what cannot be read"):
        DuckDBStore(tmp_path)
