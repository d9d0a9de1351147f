"""Connections to the two database files: opening, transactions, what errors mean, and coming back after a full disk."""

from __future__ import annotations

import logging
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

import duckdb
import pyarrow as pa

from miops_collector.errors import InputError, MIOpsError, StoreError, StoreMemoryError
from miops_collector.stores._settings import StoreSettings

__all__ = ["DATA", "DERIVED", "ROW_GROUP", "Connection", "Database", "File"]

log = logging.getLogger(__name__)

Connection: TypeAlias = duckdb.DuckDBPyConnection
Parameters: TypeAlias = list[Any] | dict[str, Any] | None
File: TypeAlias = Literal["data", "derived"]
DATA: Final[File] = "data"
"""Rows and ground truth: ``predictions.duckdb``."""
DERIVED: Final[File] = "derived"
"""Panes, references, observations and state: ``panes.duckdb``."""

ROW_GROUP: Final = 8192
"""Rows of predictions that are compressed together. A commit of fewer goes through the log; of more, straight into the
file, for half the price."""
_FILES: Final[dict[File, tuple[str, int]]] = {DATA: ("predictions.duckdb", ROW_GROUP), DERIVED: ("panes.duckdb", 2048)}
_MIB = 1 << 20
_MEANINGS = {
    "Could not set lock": "is in use by another process: two collectors cannot share a data directory",
    "Unique file handle conflict": "is open already in this process: two stores cannot share a data directory",
    "not a valid DuckDB database": "is no database of the collector: move it away or choose another data directory",
    "WAL": "has a damaged log beside it: restore a backup, or move the .wal file away and lose its last commits",
    "checksum": "is damaged: restore a backup",
    "Could not read enough bytes": "is damaged or cut short: restore a backup",
    "No space left": "cannot be written: the disk is full",
    "Permission denied": "cannot be opened: permission denied",
    "Read-only file system": "cannot be written: the file system is read-only",
    "fsync failed": "may not be on disk: the disk reports an error",
}


class Database:
    """Two attached files (or none, in memory) behind one DuckDB instance.

    One connection writes each file, under its lock; every read has a connection of its own, so readers never wait
    for the writer nor it for them.
    """

    def __init__(self, folder: Path | None, settings: StoreSettings) -> None:
        self.folder = folder
        self._settings = settings
        self._locks: dict[File, threading.RLock] = {DATA: threading.RLock(), DERIVED: threading.RLock()}
        self._readers: set[Connection] = set()
        self._readers_lock = threading.Lock()
        self.broken = ""
        self._closed = False
        self._root = _instance(folder, settings)
        try:
            for file in _FILES:
                self._attach(file)
        except BaseException:
            self._root.close()
            raise
        self._writers: dict[File, Connection] = {file: self._root.cursor() for file in _FILES}

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection for one task."""
        with self._readers_lock:
            self._check_open()
            connection = self._root.cursor()
            self._readers.add(connection)
        try:
            with self._translated("read"):
                yield connection
        finally:
            with self._readers_lock:
                self._readers.discard(connection)
            connection.close()

    def table(self, sql: str, parameters: Parameters = None) -> pa.Table:
        """The whole answer of one query."""
        with self.reading() as connection:
            return connection.sql(sql, params=parameters).to_arrow_table()

    def fetch(self, sql: str, parameters: Parameters = None) -> list[tuple[Any, ...]]:
        """The whole answer of a small query."""
        with self.reading() as connection:
            return connection.execute(sql, parameters).fetchall()

    @contextmanager
    def writing(self, file: File) -> Iterator[Connection]:
        """The writing connection of a file, for this thread only, outside a transaction."""
        with self._locks[file]:
            self._check_open()
            with self._translated("write"):
                yield self._writers[file]

    @contextmanager
    def transaction(self, file: File) -> Iterator[Connection]:
        """All or nothing, on disk when this returns."""
        with self.writing(file) as connection:
            connection.execute("BEGIN TRANSACTION")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                with suppress(duckdb.Error):  # a failed COMMIT has ended the transaction already
                    connection.execute("ROLLBACK")
                raise

    def log_share(self, file: File) -> float:
        """How much of what the log of a file may hold it holds; 0 when there is none."""
        if self.folder is None or self._closed:
            return 0.0
        try:
            return Path(f"{self.path(file)}.wal").stat().st_size / (self._settings.log_mib * _MIB)
        except OSError:  # none has been begun, or the disk is away: the next commit will say so
            return 0.0

    def unfolded_share(self) -> float:
        """How much of its memory the database needs for rows that are in a log and not in a file yet."""
        used = "SELECT memory_usage_bytes FROM duckdb_memory() WHERE tag = 'IN_MEMORY_TABLE'"
        return int(self.fetch(used)[0][0]) / (self._settings.memory_mib * _MIB)

    def checkpoint(self, file: File) -> None:
        """Fold the log of a file into it now."""
        with self.writing(file) as connection:
            connection.execute(f"CHECKPOINT {file}")

    def ready(self) -> str:
        """Why commits cannot be expected to succeed, or an empty text."""
        if self._closed:
            return "the store is closed"
        if self.broken and not self.repair():
            return self.broken
        if self.folder is None:
            return ""
        free = shutil.disk_usage(self.folder).free
        wanted = self._settings.minimum_free_mib * _MIB
        if free < wanted:
            return f"{self.folder} has {free // _MIB} MiB free, less than the {wanted // _MIB} MiB kept in reserve"
        return ""

    def repair(self) -> bool:
        """Attach the files again after a failed checkpoint or sync has invalidated them; whether that succeeded.

        Connections taken before may not be used any more.
        """
        with self._locks[DATA], self._locks[DERIVED]:
            if not self.broken:
                return True
            self._close_readers()
            try:
                self._reopen()
            except (duckdb.Error, StoreError) as error:
                self.broken = str(error)
                return False
            log.warning("store: works again after: %s", self.broken)
            self.broken = ""
            return True

    def _reopen(self) -> None:
        """A failed checkpoint invalidates its file, a failed sync the whole instance: then it takes a new one.

        What a log holds whose sync failed may be in memory only, and the next sync would say nothing of it: it is
        written once more, into the file.
        """
        try:
            for file in _FILES:
                self._reattach(file)
        except (duckdb.Error, StoreError):
            if self.folder is None:
                raise
            for connection in (*self._writers.values(), self._root):
                connection.close()
            self._root = _instance(self.folder, self._settings)
            self._writers = {file: self._root.cursor() for file in _FILES}
            for file in _FILES:
                self._attach(file)
                self._root.execute(f"CHECKPOINT {file}")

    def close(self) -> None:
        """Fold the logs into the files and release them; twice is fine."""
        with self._locks[DATA], self._locks[DERIVED]:
            if self._closed:
                return
            self._closed = True
            self._close_readers()
            for file, connection in self._writers.items():
                with suppress(
                    duckdb.Error
                ):  # on a full disk the log stays beside the file and is read at the next start
                    connection.execute(f"CHECKPOINT {file}")
                connection.close()
            with suppress(duckdb.Error):
                for file in _FILES:
                    self._root.execute(f"DETACH {file}")
            self._root.close()

    def _check_open(self) -> None:
        if self._closed:
            msg = "the store is closed"
            raise StoreError(msg)

    def _close_readers(self) -> None:
        with self._readers_lock:
            for connection in list(self._readers):
                connection.interrupt()
                connection.close()
            self._readers.clear()

    def path(self, file: File) -> str:
        return ":memory:" if self.folder is None else str(self.folder / _FILES[file][0])

    def _attach(self, file: File) -> None:
        path = self.path(file)
        quoted = path.replace("'", "''")
        options = "" if self.folder is None else f" (ROW_GROUP_SIZE {_FILES[file][1]})"
        try:
            self._root.execute(f"ATTACH '{quoted}' AS {file}{options}")
        except duckdb.Error as error:
            msg = f"{path} {meaning_of(error)}"
            raise StoreError(msg) from error

    def _reattach(self, file: File) -> None:
        attached = self._root.execute("SELECT 1 FROM duckdb_databases() WHERE database_name = ?", [file]).fetchall()
        if attached:
            self._root.execute(f"DETACH {file}")
        self._attach(file)

    @contextmanager
    def _translated(self, verb: str) -> Iterator[None]:
        try:
            yield
        except duckdb.Error as error:
            raise self._failure(error, verb) from error

    def _failure(self, error: duckdb.Error, verb: str) -> MIOpsError:
        text = str(error)
        if "invalidated" in text or isinstance(error, duckdb.FatalException):
            self.broken = text
        if isinstance(error, duckdb.DataError) or "unicode" in text.lower():
            return InputError(f"the database refuses a value: {text}")
        kind = StoreMemoryError if isinstance(error, duckdb.OutOfMemoryException) else StoreError
        return kind(f"the database could not {verb}: {meaning_of(error)}")


def meaning_of(error: duckdb.Error) -> str:
    """What to do about an error, where that is known, before its own text."""
    text = str(error)
    known = next((meaning for part, meaning in _MEANINGS.items() if part in text), "")
    return f"{known} ({text})" if known else text


def _instance(folder: Path | None, settings: StoreSettings) -> Connection:
    if folder is not None:
        _make(folder)
    connection = duckdb.connect(":memory:", config={"threads": 1})
    statements = [
        "SET enable_progress_bar = false",
        "SET arrow_lossless_conversion = true",
        "SET python_enable_replacements = false",
        "SET autoinstall_known_extensions = false",
        "SET autoload_known_extensions = false",
        f"SET memory_limit = '{settings.memory_mib}MiB'",
        f"SET wal_autocheckpoint = '{settings.log_mib}MiB'",
        "SET max_temp_directory_size = '10GiB'",
    ]
    for statement in statements:
        connection.execute(statement)
    if folder is not None:
        connection.execute(_temporary(folder))
    return connection


def _temporary(folder: Path) -> str:
    quoted = str(folder / "tmp").replace("'", "''")
    return f"SET temp_directory = '{quoted}'"


def _make(folder: Path) -> None:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        msg = f"{folder} cannot be made: {error.strerror}"
        raise StoreError(msg) from error
