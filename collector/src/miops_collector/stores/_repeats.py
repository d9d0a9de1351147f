"""Which rows of a group are stored already: suspected by fingerprint, confirmed against the table."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from miops_collector.stores._database import Connection
from miops_collector.stores._dedupe import SLICE, Dedupe
from miops_collector.stores._fingerprints import Flags, Hashes, fingerprints, words_of
from miops_collector.stores._registry import Table
from miops_collector.stores._rows import Prepared

__all__ = ["Repeats"]

log = logging.getLogger(__name__)

FAR = np.int64(2**62)


class Repeats:
    """Finds rows whose id the same stream has already, within ``horizon`` nanoseconds of event time."""

    def __init__(self, capacity: int, horizon: int) -> None:
        self.dedupe = Dedupe(capacity)
        self._horizon = horizon
        self._opened: set[str] = set()

    def open(self, connection: Connection, table: Table) -> None:
        """Load all ids of a table if they fit into memory; otherwise they are loaded as their event times return."""
        number = _number(table)
        if table.rows <= self.dedupe.room:
            self._load(connection, f"SELECT key, stream FROM {table.path}")
            self.dedupe.start(number)
        self._opened.add(table.name)

    def fresh(self, connection: Connection, group: Sequence[Prepared]) -> list[Flags]:
        """For each of the group ``(n,)``: which rows are new, the first of several with one id included."""
        if not group:
            return []
        for table in {p.stream.table.name: p.stream.table for p in group}.values():
            if table.name not in self._opened:
                self.open(connection, table)
            self._cover(connection, table, [p.times for p in group if p.stream.table is table])
        words = np.concatenate([_words(p) for p in group])
        streams = np.concatenate([np.full(len(p), p.stream.number) for p in group])
        hashes = fingerprints(words, streams)
        suspected = self.dedupe.suspects(hashes)
        keep = np.ones(len(hashes), np.bool_)
        if suspected.any():
            self._judge(connection, group, (words, streams), np.isin(hashes, hashes[suspected]), keep)
        return np.split(keep, np.cumsum([len(p) for p in group])[:-1])

    def _cover(self, connection: Connection, table: Table, times: list[NDArray[np.int64]]) -> None:
        slices = self.dedupe.missing(_number(table), np.concatenate(times))
        if len(slices) == 0:
            return
        lowest, highest = int(slices[0]) * SLICE, (int(slices[-1]) + 1) * SLICE
        where = f"time >= {lowest} AND time < {highest}"
        if len(slices) <= slices[-1] - slices[0]:
            where += f" AND time // {SLICE} IN (SELECT unnest({slices.tolist()}))"
        found = connection.execute(f"SELECT count(*) FROM {table.path} WHERE {where}").fetchall()[0][0]
        if found > self.dedupe.room // 2:
            log.warning(
                "store: %d ids of %s in one slice of time are too many to look for repeats among", found, table.name
            )
            where = "false"
        self.dedupe.load(_number(table), slices, np.zeros(0, np.uint64))
        self._load(connection, f"SELECT key, stream FROM {table.path} WHERE {where}")

    def _load(self, connection: Connection, sql: str) -> None:
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
        low = np.maximum(times, around - FAR) - around
        high = np.minimum(times, FAR - around) + around
        keys = prepared.table.column("key").combine_chunks().take(pa.array(at))
        hits = {"at": pa.array(at), "key": pa.ExtensionArray.from_storage(pa.uuid(), keys), "low": low, "high": high}
        connection.register("hits", pa.table(hits))
        try:
            found = connection.execute(
                f"SELECT DISTINCT hits.at FROM hits JOIN {prepared.stream.table.path} t ON t.key = hits.key"
                f" WHERE t.stream = ? AND t.time BETWEEN ? AND ? AND t.time BETWEEN hits.low AND hits.high",
                [prepared.stream.number, int(low.min()), int(high.max())],
            ).fetchnumpy()
        finally:
            connection.unregister("hits")
        return np.asarray(found["at"], dtype=np.int64)


def _number(table: Table) -> int:
    return int(table.name[1:])


def _words(prepared: Prepared) -> NDArray[np.uint64]:
    return np.concatenate(
        [words_of(chunk) for chunk in prepared.table.column("key").chunks] or [words_of(pa.array([]))]
    )


def _hashes(batch: pa.RecordBatch) -> Hashes:
    return fingerprints(words_of(batch.column(0)), batch.column(1).to_numpy().astype(np.int64))
