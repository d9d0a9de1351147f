"""Prepared INSERTs go on working when tables grow, when there are too many of them, and after a rollback."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from miops_collector.errors import StoreError
from miops_collector.stores import _inserts
from miops_collector.stores._database import DATA, Connection, Database
from miops_collector.stores._inserts import Inserts
from miops_collector.stores._settings import StoreSettings

PATH = "data.main.t"


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    database = Database(tmp_path, StoreSettings())
    with database.writing(DATA) as connection:
        connection.execute(f"CREATE TABLE {PATH} (seq BIGINT, a DOUBLE, b VARCHAR)")
        yield connection
    database.close()


def table(a: float, seq: int = 0) -> pa.Table:
    return pa.table({"seq": pa.array([seq], pa.int64()), "a": [a]})


def other(seq: int = 0) -> pa.Table:
    return pa.table({"seq": pa.array([seq], pa.int64()), "b": ["x"]})


def rows(connection: Connection) -> list[tuple[object, ...]]:
    return connection.execute(f"SELECT seq, a FROM {PATH} ORDER BY ALL").fetchall()


def test_each_insert_has_its_own_rows_and_number(connection: Connection) -> None:
    inserts = Inserts()
    inserts.prepare(connection, PATH, table(0.0).schema)
    inserts.insert(connection, PATH, table(1.5, 1))
    inserts.insert(connection, PATH, table(2.5, 2))

    assert rows(connection) == [(1, 1.5), (2, 2.5)]


def test_a_statement_outlives_a_rollback_and_a_new_column(connection: Connection) -> None:
    inserts = Inserts()
    inserts.prepare(connection, PATH, table(0.0).schema)
    connection.execute("BEGIN")
    inserts.insert(connection, PATH, table(1.0, 1))
    connection.execute("ROLLBACK")
    connection.execute(f"ALTER TABLE {PATH} ADD COLUMN c DOUBLE")
    inserts.prepare(connection, PATH, table(0.0).schema)
    inserts.insert(connection, PATH, table(2.0, 2))

    assert rows(connection) == [(2, 2.0)]


def test_statements_beyond_the_most_take_turns(connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_inserts, "MOST", 1)
    inserts = Inserts()
    for seq in (1, 2):
        inserts.prepare(connection, PATH, table(0.0).schema)
        inserts.insert(connection, PATH, table(float(seq), seq))
        inserts.prepare(connection, PATH, other().schema)
        inserts.insert(connection, PATH, other(10 + seq))

    assert rows(connection) == [(1, 1.0), (2, 2.0), (11, None), (12, None)]


def test_a_commit_may_have_more_of_them_than_stay_prepared(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_inserts, "MOST", 1)
    inserts = Inserts()
    inserts.prepare(connection, PATH, table(0.0).schema)
    inserts.prepare(connection, PATH, other().schema)
    connection.execute("BEGIN")
    inserts.insert(connection, PATH, table(1.0, 1))
    inserts.insert(connection, PATH, other(2))
    connection.execute("COMMIT")

    assert rows(connection) == [(1, 1.0), (2, None)]


def test_a_database_that_was_opened_anew_gets_new_statements(tmp_path: Path, connection: Connection) -> None:
    inserts = Inserts()
    inserts.prepare(connection, PATH, table(0.0).schema)
    with duckdb.connect(":memory:") as anew:
        anew.execute(f"ATTACH '{tmp_path / 'other.duckdb'}' AS data")
        anew.execute(f"CREATE TABLE {PATH} (seq BIGINT, a DOUBLE)")
        inserts.prepare(anew, PATH, table(0.0).schema)
        inserts.insert(anew, PATH, table(3.0, 3))

        assert rows(anew) == [(3, 3.0)]


def test_rows_that_do_not_arrive_are_not_taken_for_stored(connection: Connection) -> None:
    inserts = Inserts()
    inserts.prepare(connection, PATH, table(0.0).schema)
    for slot in inserts._slots.values():
        connection.execute(f"DEALLOCATE {slot.name}")
        connection.execute(f"PREPARE {slot.name} AS INSERT INTO {PATH} (seq, a) SELECT * FROM {slot.name} WHERE false")

    with pytest.raises(StoreError, match="1 rows were given"):
        inserts.insert(connection, PATH, table(1.0, 1))
