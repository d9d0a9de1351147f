"""Prepared INSERTs: planning one of thirty columns takes as long as inserting five hundred rows."""

from __future__ import annotations

from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa

from miops_collector.errors import StoreError
from miops_collector.stores._database import Connection

__all__ = ["Inserts"]

MOST = 2048
"""So many statements stay prepared, 34 kB each; models and sets of columns beyond that take turns."""


@dataclass(eq=False)
class _Slot:
    """What a prepared statement reads from: whatever table of this schema was put here last."""

    name: str
    schema: pa.Schema
    table: pa.Table | None = None

    def __arrow_c_schema__(self) -> Any:
        return self.schema.__arrow_c_schema__()

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        table = self.schema.empty_table() if self.table is None else self.table
        return table.__arrow_c_stream__(requested_schema)


class Inserts:
    """One for each writer; used between its transactions and within them."""

    def __init__(self) -> None:
        self._connection: Connection | None = None
        self._slots: OrderedDict[tuple[str, pa.Schema], _Slot] = OrderedDict()
        self._made = 0

    def prepare(self, connection: Connection, path: str, schema: pa.Schema) -> None:
        """Make the statement for tables of this schema, outside a transaction: a rollback would take it away again."""
        if connection is not self._connection:  # the database was opened anew
            self._connection = connection
            self._slots.clear()
        if (path, schema) in self._slots:
            self._slots.move_to_end((path, schema))
            return
        while len(self._slots) >= MOST:
            self._drop(connection, self._slots.popitem(last=False)[1])
        self._made += 1
        slot = _Slot(f"insert_{self._made}", schema)
        connection.register(slot.name, slot)
        connection.execute(f"PREPARE {slot.name} AS {_statement(path, schema, slot.name)}")
        self._slots[path, schema] = slot

    def insert(self, connection: Connection, path: str, table: pa.Table) -> None:
        """Insert a table that was prepared for, within the transaction."""
        slot = self._slots.get((path, table.schema))
        if slot is None:  # one commit had more of them than stay prepared
            _insert_once(connection, path, table)
            return
        slot.table = table
        try:
            counted = connection.execute(f"EXECUTE {slot.name}").fetchone()
        finally:
            slot.table = None
        if counted != (table.num_rows,):
            msg = f"{table.num_rows} rows were given to {path} and {counted} were taken"
            raise StoreError(msg)

    def _drop(self, connection: Connection, slot: _Slot) -> None:
        with suppress(duckdb.Error):
            connection.execute(f"DEALLOCATE {slot.name}")
        connection.unregister(slot.name)


def _statement(path: str, schema: pa.Schema, source: str) -> str:
    columns = ", ".join(f'"{name}"' for name in schema.names)
    return f"INSERT INTO {path} ({columns}) SELECT * FROM {source}"


def _insert_once(connection: Connection, path: str, table: pa.Table) -> None:
    connection.register("insert_once", table)
    try:
        connection.execute(_statement(path, table.schema, "insert_once"))
    finally:
        connection.unregister("insert_once")
