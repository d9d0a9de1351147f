"""One commit: what is new of a group of records, under one number, or nothing at all."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

import pyarrow as pa

from miops_collector.errors import StoreError, StoreMemoryError
from miops_collector.schema import Records
from miops_collector.stores._database import DATA, Connection, Database
from miops_collector.stores._inserts import Inserts
from miops_collector.stores._journal import Journal
from miops_collector.stores._registry import JOURNAL, Registry
from miops_collector.stores._repeats import Repeats
from miops_collector.stores._rows import Kept, Piece, at_once, batches, note, prepare, presented
from miops_collector.stores._store import Appended, Stored
from miops_collector.stores._truth import KeptTruth, TruthLog

__all__ = ["Writer"]

log = logging.getLogger(__name__)
T = TypeVar("T")

SPACE_CHECK_SECONDS = 1.0
FOLDED_SHARE = 0.75
"""How full the log is when it is folded between commits."""
UNFOLDED_SHARE = 0.3
"""How much of the database's memory may hold what is not folded yet."""
MANY_TABLES = 64
"""Fewer never hold so much."""


class Writer:
    """Commits records and knows the number of the newest commit.

    A group is one transaction, unless it has so many values that it is written in several under one number.
    Nobody reads a number before it is finished, and one that could not be finished is taken back. What is no whole row
    group goes into the journal; who reads tables of rows calls :meth:`settle` before.
    """

    def __init__(self, database: Database, registry: Registry, repeats: Repeats, truth: TruthLog, newest: int) -> None:
        self.newest = newest
        self._database = database
        self._registry = registry
        self._repeats = repeats
        self._truth = truth
        self._unfinished = False
        self._space_checked = float("-inf")
        self._inserts = Inserts()
        self._journal = Journal(database, self._inserts, newest)

    def append(self, records: Sequence[Records]) -> Appended:
        """Commit; see :meth:`~miops_collector.stores._store.Store.append`."""
        with self._database.writing(DATA):  # alone, from the check on
            self._check()
            return self._with_room(lambda: self._append(records))

    def _with_room(self, task: Callable[[], T]) -> T:
        try:
            return task()
        except StoreMemoryError as error:
            log.warning("store: the log is folded to make room: %s", error)
            self._fold()
            self._check()
            return task()

    def _append(self, records: Sequence[Records]) -> Appended:
        with self._database.writing(DATA) as connection:
            rows = [prepare(self._registry, r) for r in records if r.kind != "ground_truth"]
            truth = [self._truth.prepare(r) for r in records if r.kind == "ground_truth"]
            kept_truth = [self._truth.fresh(connection, t) for t in truth]
            masks = self._repeats.fresh(connection, rows, self.settle)
            kept_rows = [Kept(prepared, keep) for prepared, keep in zip(rows, masks, strict=True)]
            self._commit(self.newest + 1, kept_rows, kept_truth)
            return Appended(self.newest, _in_order(records, kept_rows, kept_truth))

    def _commit(self, seq: int, rows: Sequence[Kept], truth: Sequence[KeptTruth]) -> None:
        whole, rest = self._journal.split(list(batches(rows, seq)))
        packed = self._journal.pack(rest, seq)
        try:
            self._write(seq, [*whole, (JOURNAL, packed)] if rest else whole, truth)
        except StoreError:
            if self._unfinished or self._durable() != seq:
                self._unfinished = True
                raise
            log.warning("store: commit %d succeeded although the database reported a failure", seq)
        self._journal.note(seq, rest, packed)
        note(rows)
        self._truth.note(seq, truth, rows)
        self.newest = seq

    def settle(self, keep: int = 0) -> None:
        """Move what waits in the journal to its tables, all of it or until no more than so many bytes wait."""
        if self._journal:
            with self._database.writing(DATA):
                self._with_room(lambda: self._settle(keep))

    def _settle(self, keep: int) -> None:
        for _ in self._journal.settle(keep):
            if self._crowded():
                self._fold()

    def tidy(self) -> None:
        """Do between commits what one of the next would have to do, and wait for: empty the journal, fold the log."""
        full = self._database.log_share(DATA) >= FOLDED_SHARE
        keep = self._journal.due(full=full)
        if keep is not None:
            self.settle(keep)
        if full or keep is not None or self._crowded():
            self._fold()

    def _crowded(self) -> bool:
        """Each table keeps in memory what of it is not folded: with hundreds that is more than the log."""
        many = len(self._registry.rows_tables) >= MANY_TABLES
        return many and self._database.unfolded_share() >= UNFOLDED_SHARE

    def _fold(self) -> None:
        """The commit has succeeded: what goes wrong here is found out, and put right, before the next."""
        try:
            self._database.checkpoint(DATA)
        except StoreError as error:
            log.warning("store: no checkpoint was possible: %s", error)

    def _write(self, seq: int, pieces: Sequence[Piece], truth: Sequence[KeptTruth]) -> None:
        *before, last = list(at_once(pieces)) or [[]]
        self._unfinished = bool(before)
        with self._database.writing(DATA) as connection:
            for path, batch in pieces:
                self._inserts.prepare(connection, path, batch.schema)
        for some in before:
            with self._database.transaction(DATA) as connection:
                self._insert(connection, some)
        with self._database.transaction(DATA) as connection:
            self._insert(connection, last)
            self._truth.insert(connection, seq, truth)
            if not pieces and not any(t.keep.any() for t in truth):
                # Otherwise the rows carry the number; updating this row costs a fifth of a small commit.
                connection.execute("UPDATE data.main.store SET seq = ?", [seq])
        self._unfinished = False

    def _insert(self, connection: Connection, pieces: Iterable[Piece]) -> None:
        for path, batch in pieces:
            self._inserts.insert(connection, path, batch)

    def _check(self) -> None:
        """Refuse early what would fail, and take back what was not finished."""
        now = time.monotonic()
        if now - self._space_checked >= SPACE_CHECK_SECONDS or self._unfinished or self._database.broken:
            reason = self._database.ready()
            if reason:
                raise StoreError(reason)
            self._space_checked = now
        if self._unfinished:
            durable = self._durable()
            if durable is None:
                msg = "the store cannot tell whether its last commit succeeded; it will look again"
                raise StoreError(msg)
            if durable > self.newest:
                self._take_back()
            self._unfinished = False

    def _durable(self) -> int | None:
        """Number of the newest commit in the file, or ``None`` if it cannot be read now."""
        if not self._database.repair():
            return None
        try:
            return self._registry.newest()
        except StoreError:
            return None

    def _take_back(self) -> None:
        with self._database.transaction(DATA) as connection:
            for path in self._registry.paths:
                connection.execute(f"DELETE FROM {path} WHERE seq > ?", [self.newest])
            connection.execute("UPDATE data.main.store SET seq = ?", [self.newest])


def _in_order(records: Sequence[Records], rows: Iterable[Kept], truth: Iterable[KeptTruth]) -> tuple[Stored, ...]:
    rows, truth = iter(rows), iter(truth)
    return tuple(_stored(next(truth)) if r.kind == "ground_truth" else presented(next(rows)) for r in records)


def _stored(kept: KeptTruth) -> Stored:
    new = int(kept.keep.sum())
    table = kept.truth.table if new == len(kept.keep) else kept.truth.table.filter(pa.array(kept.keep))
    return Stored(kept.truth.records, table, len(kept.keep) - new)
