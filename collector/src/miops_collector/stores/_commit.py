"""One commit: what is new of a group of records, in one transaction with one number, or nothing at all."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence

import pyarrow as pa

from miops_collector.errors import StoreError
from miops_collector.schema import Records
from miops_collector.stores._database import DATA, Database
from miops_collector.stores._fingerprints import Flags
from miops_collector.stores._registry import Registry
from miops_collector.stores._repeats import Repeats
from miops_collector.stores._rows import Prepared, insert, note, prepare, presented
from miops_collector.stores._store import Appended, Stored
from miops_collector.stores._truth import PreparedTruth, TruthLog

__all__ = ["Writer"]

log = logging.getLogger(__name__)

SPACE_CHECK_SECONDS = 1.0


class Writer:
    """Commits records and knows the number of the newest commit."""

    def __init__(self, database: Database, registry: Registry, repeats: Repeats, truth: TruthLog, newest: int) -> None:
        self.newest = newest
        self._database = database
        self._registry = registry
        self._repeats = repeats
        self._truth = truth
        self._in_doubt = False
        self._space_checked = float("-inf")

    def append(self, records: Sequence[Records]) -> Appended:
        """Commit; see :meth:`~miops_collector.stores._store.Store.append`."""
        with self._database.writing(DATA) as connection:
            self._check()
            rows = [prepare(self._registry, r) for r in records if r.kind != "ground_truth"]
            truth = [self._truth.prepare(r) for r in records if r.kind == "ground_truth"]
            news = [self._truth.fresh(connection, t) for t in truth]
            kept_truth = list(zip(truth, news, strict=True))
            kept_rows = list(zip(rows, self._repeats.fresh(connection, rows), strict=True))
            self._commit(self.newest + 1, kept_rows, kept_truth)
            return Appended(self.newest, _in_order(records, kept_rows, kept_truth))

    def _commit(
        self, seq: int, rows: list[tuple[Prepared, Flags]], truth: list[tuple[PreparedTruth, tuple[Flags, bool]]]
    ) -> None:
        try:
            with self._database.transaction(DATA) as connection:
                insert(connection, seq, rows)
                for prepared, (keep, _) in truth:
                    self._truth.insert(connection, seq, prepared, keep)
                connection.execute("UPDATE data.main.store SET seq = ?", [seq])
        except StoreError:
            self._in_doubt = True
            if self._durable() != seq:
                raise
            log.warning("store: commit %d succeeded although the database reported a failure", seq)
        self._in_doubt = False
        note(rows)
        for prepared, (keep, corrections) in truth:
            self._truth.note(seq, prepared, keep, corrections=corrections)
        for prepared_rows, keep in rows:
            if keep.any():
                self._truth.note_rows(seq, prepared_rows)
        self.newest = seq

    def _check(self) -> None:
        """Refuse early what would fail, and take back a commit of which nobody was told."""
        now = time.monotonic()
        if now - self._space_checked >= SPACE_CHECK_SECONDS or self._in_doubt:
            reason = self._database.ready()
            if reason:
                raise StoreError(reason)
            self._space_checked = now
        if self._in_doubt:
            durable = self._durable()
            if durable is None:
                msg = "the store cannot tell whether its last commit succeeded; it will look again"
                raise StoreError(msg)
            if durable > self.newest:
                self._take_back()
            self._in_doubt = False

    def _durable(self) -> int | None:
        """Number of the newest commit in the file, or ``None`` if it cannot be read now."""
        if not self._database.repair():
            return None
        try:
            return int(self._database.fetch("SELECT seq FROM data.main.store")[0][0])
        except StoreError:
            return None

    def _take_back(self) -> None:
        with self._database.transaction(DATA) as connection:
            for table in self._registry.tables.values():
                connection.execute(f"DELETE FROM {table.path} WHERE seq > ?", [self.newest])
            connection.execute("UPDATE data.main.store SET seq = ?", [self.newest])


def _in_order(
    records: Sequence[Records], rows: list[tuple[Prepared, Flags]],
    truth: list[tuple[PreparedTruth, tuple[Flags, bool]]],
) -> tuple[Stored, ...]:  # fmt: skip
    of_rows = iter(rows)
    of_truth = iter(truth)
    return tuple(
        _stored_truth(*next(of_truth)) if r.kind == "ground_truth" else presented(*next(of_rows)) for r in records
    )


def _stored_truth(prepared: PreparedTruth, news: tuple[Flags, bool]) -> Stored:
    keep = news[0]
    kept = int(keep.sum())
    table = prepared.table if kept == len(keep) else prepared.table.filter(pa.array(keep))
    return Stored(prepared.records, table, len(keep) - kept)
