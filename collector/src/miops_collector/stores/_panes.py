"""Saved panes and how far they have come: a cache of what the rows say, kept in a file of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa

from miops_collector.report import ModelKey
from miops_collector.stores._database import DERIVED, Connection, Database
from miops_collector.stores._store import Marks

__all__ = ["Panes"]

SCHEMA = """
CREATE TABLE derived.main.marks
    (model VARCHAR, version VARCHAR, layout VARCHAR, rows BIGINT, truth BIGINT, labelled BIGINT);
CREATE TABLE derived.main.panes (model VARCHAR, version VARCHAR, length BIGINT, start BIGINT, data BLOB);
"""
_ONE = "model = ? AND version = ?"


class Panes:
    """Panes and marks of a model version change together or not at all."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def discard_newer(self, newest: int) -> None:
        """Forget panes that contain commits the data does not have: an older copy of it was restored."""
        models = self._database.fetch(
            "SELECT model, version FROM derived.main.marks WHERE rows > ? OR truth > ?", [newest, newest]
        )
        for model, version in models:
            self.discard(ModelKey(model, version))

    def discard(self, model: ModelKey) -> None:
        """Forget the panes of a model version."""
        with self._database.transaction(DERIVED) as connection:
            for table in ("marks", "panes"):
                connection.execute(f"DELETE FROM derived.main.{table} WHERE {_ONE}", [model.name, model.version])

    def put(
        self, model: ModelKey, layout_id: str, marks: Marks, panes: Mapping[tuple[int, int], bytes],
        removed: Sequence[tuple[int, int]], labelled: int,
    ) -> None:  # fmt: skip
        one = [model.name, model.version]
        with self._database.transaction(DERIVED) as connection:
            same = connection.execute(f"SELECT layout FROM derived.main.marks WHERE {_ONE}", one).fetchall()
            if same and same[0][0] != layout_id:
                connection.execute(f"DELETE FROM derived.main.panes WHERE {_ONE}", one)
            _replace(connection, model, panes, removed)
            connection.execute(f"DELETE FROM derived.main.marks WHERE {_ONE}", one)
            row = [*one, layout_id, marks.rows, marks.truth, labelled]
            connection.execute("INSERT INTO derived.main.marks VALUES (?, ?, ?, ?, ?, ?)", row)

    def get(self, model: ModelKey, layout_id: str) -> tuple[Marks, dict[tuple[int, int], bytes]]:
        one = [model.name, model.version]
        with self._database.reading() as connection:
            connection.execute("BEGIN TRANSACTION READ ONLY")
            sql = f"SELECT rows, truth FROM derived.main.marks WHERE {_ONE} AND layout = ?"
            marks = connection.execute(sql, [*one, layout_id]).fetchall()
            if not marks:
                return Marks(), {}
            sql = f"SELECT length, start, data FROM derived.main.panes WHERE {_ONE}"
            panes = connection.execute(sql, one).fetchall()
        return Marks(*marks[0]), {(length, start): data for length, start, data in panes}

    def marks(self, model: ModelKey) -> Marks:
        """Up to which commits the saved panes of a model version contain its rows and their truth."""
        sql = f"SELECT rows, truth FROM derived.main.marks WHERE {_ONE}"
        found = self._database.fetch(sql, [model.name, model.version])
        return Marks(*found[0]) if found else Marks()

    def labelled(self) -> dict[ModelKey, tuple[int, int]]:
        """For each model version: labelled rows, and up to which commit they were counted."""
        found = self._database.fetch("SELECT model, version, labelled, truth FROM derived.main.marks")
        return {ModelKey(model, version): (labelled, truth) for model, version, labelled, truth in found}


def _replace(
    connection: Connection, model: ModelKey, panes: Mapping[tuple[int, int], bytes], removed: Sequence[tuple[int, int]]
) -> None:
    gone = [*panes, *removed]
    if not gone:
        return
    keys = {"length": [k[0] for k in gone], "start": [k[1] for k in gone]}
    data = pa.array([*panes.values(), *(None for _ in removed)], pa.binary())
    connection.register("changed", pa.table({**keys, "data": data}))
    try:
        connection.execute(
            f"DELETE FROM derived.main.panes WHERE {_ONE} AND (length, start) IN (SELECT (length, start) FROM changed)",
            [model.name, model.version],
        )
        connection.execute(
            "INSERT INTO derived.main.panes SELECT ?, ?, length, start, data FROM changed WHERE data IS NOT NULL",
            [model.name, model.version],
        )
    finally:
        connection.unregister("changed")
