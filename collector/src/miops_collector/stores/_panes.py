"""Saved panes and how far they have come: a cache of what the rows say, kept in a file of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa

from miops_collector.report import ModelKey
from miops_collector.stores._database import DERIVED, Database
from miops_collector.stores._store import Marks, PaneChanges

__all__ = ["Panes"]

SCHEMA = """
CREATE TABLE derived.main.marks
    (model VARCHAR, version VARCHAR, layout VARCHAR, rows BIGINT, truth BIGINT, labelled BIGINT);
CREATE TABLE derived.main.panes (model VARCHAR, version VARCHAR, length BIGINT, start BIGINT, data BLOB);
"""
_ONE = "model = ? AND version = ?"
_SAME = "old.model = new.model AND old.version = new.version"
_SAME_PLACE = "old.length = new.length AND old.start = new.start"
_PUT = (
    "DELETE FROM derived.main.panes old USING (SELECT model, version FROM derived.main.marks SEMI JOIN marked m"
    " USING (model, version) ANTI JOIN marked USING (model, version, layout)) new WHERE " + _SAME,
    f"DELETE FROM derived.main.panes old USING changed new WHERE {_SAME} AND {_SAME_PLACE}",
    "INSERT INTO derived.main.panes SELECT * FROM changed WHERE data IS NOT NULL",
    f"DELETE FROM derived.main.marks old USING marked new WHERE {_SAME}",
    "INSERT INTO derived.main.marks SELECT * FROM marked",
)
"""Panes of another layout go; then those that changed, and the marks, are replaced."""
_PUT_STATE = (
    "DELETE FROM derived.main.state old USING said new WHERE old.key = new.key",
    "INSERT INTO derived.main.state SELECT * FROM said",
)


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

    def put(self, changes: Sequence[PaneChanges], labelled: Sequence[int], state: Mapping[str, str]) -> None:
        """All of them or none, with texts by key: planning a statement costs more than the panes of ten models."""
        tables = {"marked": _marked(changes, labelled), "changed": _changed(changes), "said": _said(state)}
        with self._database.transaction(DERIVED) as connection:
            for name, table in tables.items():
                connection.register(name, table)
            try:
                for statement in _PUT:
                    connection.execute(statement)
                for statement in _PUT_STATE if state else ():
                    connection.execute(statement)
            finally:
                for name in tables:
                    connection.unregister(name)

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


def _marked(changes: Sequence[PaneChanges], labelled: Sequence[int]) -> pa.Table:
    rows = [(*_names(c), c.layout_id, c.marks.rows, c.marks.truth, n) for c, n in zip(changes, labelled, strict=True)]
    names = ("model", "version", "layout", "rows", "truth", "labelled")
    types = (pa.string(), pa.string(), pa.string(), pa.int64(), pa.int64(), pa.int64())
    return _table(rows, dict(zip(names, types, strict=True)))


def _changed(changes: Sequence[PaneChanges]) -> pa.Table:
    """Panes to be replaced, without data those that go."""
    rows = [
        (*_names(c), *place, data)
        for c in changes
        for place, data in (*c.panes.items(), *((gone, None) for gone in c.removed))
    ]
    types = {"model": pa.string(), "version": pa.string(), "length": pa.int64(), "start": pa.int64()}
    return _table(rows, {**types, "data": pa.binary()})


def _said(state: Mapping[str, str]) -> pa.Table:
    return _table(list(state.items()), {"key": pa.string(), "value": pa.string()})


def _names(changes: PaneChanges) -> tuple[str, str]:
    return changes.model.name, changes.model.version


def _table(rows: Sequence[tuple[object, ...]], types: Mapping[str, pa.DataType]) -> pa.Table:
    columns = zip(*rows, strict=True) if rows else ((),) * len(types)
    return pa.table({n: pa.array(c, t) for (n, t), c in zip(types.items(), columns, strict=True)})
