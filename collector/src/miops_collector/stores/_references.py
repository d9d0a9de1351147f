"""What each model version is compared with: its frozen layout and summaries, and the rows they were made of."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from miops_collector.report import ModelKey
from miops_collector.stores._database import DERIVED, Database
from miops_collector.stores._registry import Registry
from miops_collector.stores._selection import read
from miops_collector.stores._store import StoredReference

__all__ = ["References"]

SCHEMA = """
CREATE TABLE derived.main.reference (model VARCHAR, version VARCHAR, layout VARCHAR, vector BLOB, extremes BLOB,
    origin VARCHAR, rows BIGINT, created_at BIGINT, sample BLOB);
"""
_ONE = "model = ? AND version = ?"


class References:
    """One reference per model version, the newest."""

    def __init__(self, database: Database, registry: Registry) -> None:
        self._database = database
        self._registry = registry

    def open(self) -> None:
        """Add the column that files of earlier releases lack."""
        with self._database.transaction(DERIVED) as connection:
            connection.execute("ALTER TABLE derived.main.reference ADD COLUMN IF NOT EXISTS sample BLOB")

    def put(self, model: ModelKey, reference: StoredReference) -> None:
        one = [model.name, model.version]
        row = [*one, reference.layout_json, reference.vector, reference.extremes, reference.origin, reference.rows,
               reference.created_at, reference.sample]  # fmt: skip
        with self._database.transaction(DERIVED) as connection:
            connection.execute(f"DELETE FROM derived.main.reference WHERE {_ONE}", one)
            connection.execute("INSERT INTO derived.main.reference VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)

    def get(self, model: ModelKey) -> StoredReference | None:
        found = self._database.fetch(
            "SELECT layout, vector, extremes, origin, rows, created_at, coalesce(sample, ''::BLOB)"
            f" FROM derived.main.reference WHERE {_ONE}",
            [model.name, model.version],
        )
        return StoredReference(*found[0]) if found else None

    def rows(self, model: ModelKey, upto: int) -> Iterator[pa.Table]:
        """Rows of the newest reference of the model version, as appended."""
        own = [s for s in self._registry.of_kind("reference") if s.key == model]
        if own:
            yield from read(self._database, own[-1], 0, upto)
