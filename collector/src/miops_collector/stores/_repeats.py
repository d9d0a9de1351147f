"""Which rows of a group are stored already: suspected by fingerprint, confirmed against the table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from miops_collector.stores._database import Connection
from miops_collector.stores._dedupe import SLICE, Dedupe
from miops_collector.stores._fingerprints import Flags, Hashes, fingerprints, words_of
from miops_collector.stores._rows import Prepared
from miops_collector.stores._tables import Table

__all__ = ["Repeats"]

FIRST, LAST = -(2**63), 2**63 - 1
"""Event times can be any 64-bit number: sums must not wrap."""


class Repeats:
    """Finds rows whose id the same stream has already, within ``horizon`` nanoseconds of event time."""

    def __init__(self, capacity: int, horizon: int) -> None:
        self.dedupe = Dedupe(capacity)
        self._horizon = horizon
        self._opened: set[str] = set()

    def open(self, connection: Connection, table: Table) -> None:
        """Load all ids of a table if they fit into memory; otherwise they are loaded as their event times return."""
        if table.rows <= self.dedupe.room:
            self._load(connection, table, "true")
            self.dedupe.start(table.number)
        self._opened.add(table.name)

    def fresh(self, connection: Connection, group: Sequence[Prepared], settle: Callable[[], None]) -> list[Flags]:
        """For each of the group ``(n,)``: which rows are new, the first of several with one id included.

        ``settle`` is called before a table is read: all committed rows are in it then.
        """
        if not group:
            return []
        self.dedupe.make_room()  # before anything is looked up: what is dropped is not relied on any more
        known = {name: self._cover(connection, ours, settle) for name, ours in _by_table(group).items()}
        words = np.concatenate([_words(p) for p in group])
        streams = np.concatenate([np.full(len(p), p.stream.number) for p in group])
        hashes = fingerprints(words, streams)
        suspected = self.dedupe.suspects(hashes)
        suspected |= np.concatenate([np.full(len(p), not known[p.stream.table.name]) for p in group])
        keep = np.ones(len(hashes), np.bool_)
        if suspected.any():
            settle()
            self._judge(connection, group, (words, streams), np.isin(hashes, hashes[suspected]), keep)
        return np.split(keep, np.cumsum([len(p) for p in group])[:-1])

    def _cover(self, connection: Connection, group: Sequence[Prepared], settle: Callable[[], None]) -> bool:
        """Load what is stored around the event times of these rows of one table; whether there is room for it.

        Where there is none, every row is looked for in the table: slower, but as exact.
        """
        table = group[0].stream.table
        if table.name not in self._opened:
            if table.rows:
                settle()
            self.open(connection, table)
        slices = self.dedupe.missing(table.number, np.concatenate([p.times for p in group]))
        if len(slices) == 0:
            return True
        settle()
        lowest, highest = int(slices[0]) * SLICE, (int(slices[-1]) + 1) * SLICE
        where = f"time >= {lowest} AND time < {highest}"
        if len(slices) <= slices[-1] - slices[0]:
            where += f" AND time // {SLICE} IN (SELECT unnest({slices.tolist()}))"
        counted = table.union(lambda s: f"SELECT count(*) AS n FROM {s.path} WHERE {where}")
        if connection.execute(f"SELECT sum(n) FROM ({counted})").fetchall()[0][0] > self.dedupe.most_loaded:
            return False
        self._load(connection, table, where)
        self.dedupe.loaded(table.number, slices)
        return True

    def _load(self, connection: Connection, table: Table, where: str) -> None:
        sql = table.union(lambda s: f"SELECT key, stream FROM {s.path} WHERE {where}")
        for batch in connection.sql(sql).to_arrow_reader(1 << 18):
            self.dedupe.fill(_hashes(batch))

    def _judge(
        self, connection: Connection, group: Sequence[Prepared], ids: tuple[NDArray[np.uint64], NDArray[np.int64]],
        suspected: Flags, keep: Flags,
    ) -> None:  # fmt: skip
        """Clear ``keep`` where a suspected id occurred before in the group, or is in its table."""
        at = np.flatnonzero(suspected)
        words, streams = ids
        identity = np.stack((streams[at].astype(np.uint64), words[at, 0], words[at, 1]), axis=1)
        _, first = np.unique(identity, axis=0, return_index=True)
        keep[np.delete(at, first)] = False
        start = 0
        for prepared in group:
            mine = at[first]
            mine = np.sort(mine[(mine >= start) & (mine < start + len(prepared))]) - start
            if len(mine):
                keep[start + self._stored(connection, prepared, mine)] = False
            start += len(prepared)

    def _stored(self, connection: Connection, prepared: Prepared, at: NDArray[np.int64]) -> NDArray[np.int64]:
        """Those of the rows ``at`` whose id is in the table: looked for at their own time first, then all around it."""
        same = self._confirmed(connection, prepared, at, 0)
        rest = np.setdiff1d(at, same)
        return np.concatenate((same, self._confirmed(connection, prepared, rest, self._horizon)))

    def _confirmed(
        self, connection: Connection, prepared: Prepared, at: NDArray[np.int64], around: int
    ) -> NDArray[np.int64]:
        if len(at) == 0 or prepared.stream.table.rows == 0:
            return np.zeros(0, np.int64)
        times = prepared.times[at]
        low = np.where(times > FIRST + around, times - around, FIRST)
        high = np.where(times < LAST - around, times + around, LAST)
        keys = prepared.table.column("key").combine_chunks().take(pa.array(at))
        hits = {"at": pa.array(at), "key": pa.ExtensionArray.from_storage(pa.uuid(), keys), "low": low, "high": high}
        connection.register("hits", pa.table(hits))
        where = "t.stream = $stream AND t.time BETWEEN $low AND $high AND t.time BETWEEN hits.low AND hits.high"
        sql = prepared.stream.table.union(
            lambda s: f"SELECT DISTINCT hits.at FROM hits JOIN {s.path} t ON t.key = hits.key WHERE {where}"
        )
        bounds = {"stream": prepared.stream.number, "low": int(low.min()), "high": int(high.max())}
        try:
            found = connection.execute(sql, bounds).fetchnumpy()
        finally:
            connection.unregister("hits")
        return np.asarray(found["at"], dtype=np.int64)


def _by_table(group: Sequence[Prepared]) -> dict[str, list[Prepared]]:
    found: dict[str, list[Prepared]] = defaultdict(list)
    for prepared in group:
        found[prepared.stream.table.name].append(prepared)
    return found


def _words(prepared: Prepared) -> NDArray[np.uint64]:
    return np.concatenate(
        [words_of(chunk) for chunk in prepared.table.column("key").chunks] or [words_of(pa.array([]))]
    )


def _hashes(batch: pa.RecordBatch) -> Hashes:
    return fingerprints(words_of(batch.column(0)), batch.column(1).to_numpy().astype(np.int64))
