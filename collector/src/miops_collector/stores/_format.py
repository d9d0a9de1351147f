"""The two files as a pair: made together, recognised at the next start, and never mistaken for something else."""

from __future__ import annotations

import uuid

from miops_collector.errors import StoreError
from miops_collector.stores import _observations, _panes, _references, _state
from miops_collector.stores._database import DATA, DERIVED, Connection, Database, File
from miops_collector.stores._registry import JOURNAL_SCHEMA, Registry

__all__ = ["open_files"]

FORMAT = 2
"""Version of what lies in the files; a file of a later version is refused, not guessed at."""

_DERIVED_SCHEMAS = (_panes.SCHEMA, _observations.SCHEMA, _state.SCHEMA, _references.SCHEMA)


def open_files(database: Database, registry: Registry) -> int:
    """Make or check both files and load the registry; ``seq`` of the newest commit.

    Raises
    ------
    StoreError
        If a file is not the collector's, or of another version.
    """
    if not _tables(database, DATA):
        with database.transaction(DATA) as connection:
            _stamp(connection, DATA, uuid.uuid4().hex)
            registry.create(connection)
    identity = _read_stamp(database, DATA)
    if "journal" not in _tables(database, DATA):
        _give_journal(database)
    if not _tables(database, DERIVED):
        with database.transaction(DERIVED) as connection:
            _stamp(connection, DERIVED, identity)
            for schema in _DERIVED_SCHEMAS:
                connection.execute(schema)
    if _read_stamp(database, DERIVED) != identity:
        _adopt(database, identity)
    registry.load()
    return registry.newest()


def _tables(database: Database, file: File) -> set[str]:
    return {n for (n,) in database.fetch("SELECT table_name FROM duckdb_tables() WHERE database_name = ?", [file])}


def _stamp(connection: Connection, file: File, identity: str) -> None:
    connection.execute(f"CREATE TABLE {file}.main.store (format INTEGER, identity VARCHAR, seq BIGINT)")
    connection.execute(f"INSERT INTO {file}.main.store VALUES (?, ?, 0)", [FORMAT, identity])


def _read_stamp(database: Database, file: File) -> str:
    if "store" not in _tables(database, file):
        msg = f"{database.path(file)} is a DuckDB file of something else: move it away or choose another data directory"
        raise StoreError(msg)
    version, identity = database.fetch(f"SELECT format, identity FROM {file}.main.store")[0]
    if version > FORMAT:
        msg = f"{database.path(file)} has format {version}; this version of the collector reads formats up to {FORMAT}"
        raise StoreError(msg)
    return str(identity)


def _give_journal(database: Database) -> None:
    """Format 1 had none, and a collector that knows only format 1 would not see what lies in it."""
    with database.transaction(DATA) as connection:
        connection.execute(JOURNAL_SCHEMA)
        connection.execute("UPDATE data.main.store SET format = ?", [FORMAT])


def _adopt(database: Database, identity: str) -> None:
    """Panes that belong to another data file say nothing about this one."""
    with database.transaction(DERIVED) as connection:
        connection.execute("DELETE FROM derived.main.marks")
        connection.execute("DELETE FROM derived.main.panes")
        connection.execute("UPDATE derived.main.store SET identity = ?", [identity])
