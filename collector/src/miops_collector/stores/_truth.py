"""The log of ground truth: rows are only ever added, and the latest one about a prediction holds.

Beside the log stands, in memory, the set of names (prediction ids, traces, entities) that truth has come for. New
predictions are looked up in it as they commit, so a tick knows without a query whether any of them has been waited
for, and truth that repeats a name is known to be a correction or a retry. The set is an optimisation: when it has
grown too large, or before it has seen a commit, everything counts as a hit.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from miops_collector.otlp.hashing import hash_ranges
from miops_collector.schema import FAULT_SUFFIX, Records
from miops_collector.stores._columns import FIXED, MOST_OUTCOMES, Family, by_source, stored, within
from miops_collector.stores._database import Connection, Database
from miops_collector.stores._fingerprints import Flags, Hashes, HashSet, fingerprints, words_of
from miops_collector.stores._registry import Registry
from miops_collector.stores._rows import Kept, conform, insert

__all__ = ["KeptTruth", "PreparedTruth", "Touched", "TruthLog"]

BY_KEY, BY_ENTITY = 0, -1
"""Salts of names; a trace has 1 + the row within its call."""


@dataclass(frozen=True, slots=True, eq=False)
class PreparedTruth:
    """Truth with a place for every column and a hash for every name."""

    records: Records
    table: pa.Table
    columns: dict[str, pa.ChunkedArray]
    names: Hashes


@dataclass(frozen=True, slots=True, eq=False)
class KeptTruth:
    """``(n,)`` which rows are no retry of a row in the log, and whether any is about a name known before."""

    truth: PreparedTruth
    keep: Flags
    corrections: bool


@dataclass(frozen=True, slots=True)
class Touched:
    """What may have changed the joined pairs of a model version between two commits.

    ``rows`` are the commits whose predictions may have been waited for, ``None`` if that is not known;
    ``corrections`` says whether truth may have been there before; ``truth`` whether any came at all.
    """

    rows: tuple[int, ...] | None
    truth: bool
    corrections: bool

    def __bool__(self) -> bool:
        return self.truth or self.rows is None or bool(self.rows)


@dataclass(eq=False)
class _Seqs:
    """Commits at which something happened, rising."""

    seqs: list[int] = field(default_factory=list)

    def add(self, seq: int) -> None:
        if not self.seqs or self.seqs[-1] < seq:
            self.seqs.append(seq)
        elif self.seqs[-1] != seq:
            insort(self.seqs, seq)

    def between(self, after: int, upto: int) -> tuple[int, ...]:
        return tuple(self.seqs[bisect_right(self.seqs, after) : bisect_right(self.seqs, upto)])


class TruthLog:
    """Writes the log and knows which commits may matter."""

    def __init__(self, registry: Registry, capacity: int) -> None:
        self._registry = registry
        self._capacity = capacity
        self._names: HashSet | None = HashSet()
        self._next = 1
        self.by_trace = False
        self.by_entity = False
        self._known_from = 0
        self._truth, self._corrections = _Seqs(), _Seqs()
        self._rows: dict[int, _Seqs] = {}

    @property
    def by_key_only(self) -> bool:
        """Whether no truth ever named a trace or an entity."""
        return not (self.by_trace or self.by_entity)

    def open(self, database: Database, newest: int) -> None:
        """Read the names back."""
        self._known_from = newest
        path = self._registry.truth.path
        with database.reading() as connection:
            answer = connection.sql(f'SELECT ord, key, trace_id, "row", entity_id FROM {path}')
            for batch in answer.to_arrow_reader(1 << 18):
                self._read_back(pa.table(batch.columns, names=["ord", "key", "trace_id", "row", "entity_id"]))

    def _read_back(self, table: pa.Table) -> None:
        if table.num_rows:
            self._next = max(self._next, 1 + int(pc.max(table.column("ord")).as_py()))
            self._learn(table)
            self._add(names_of(table))

    def prepare(self, records: Records) -> PreparedTruth:
        """Register what outcomes are new, and hash the names."""
        fixed = FIXED["ground_truth"]
        table = conform(records.table, fixed)
        known = {source for source, _ in self._registry.truth.columns}
        found = by_source(table, fixed)
        values = within(found, known, MOST_OUTCOMES)
        left_out = found.keys() - values.keys()
        table = table.select([n for n in table.column_names if n.removesuffix(FAULT_SUFFIX) not in left_out])
        places: list[tuple[str, Family]] = [(s, family) for s, families in values.items() for family in families]
        self._registry.add_columns(self._registry.tables["ground_truth", ""], places)
        sql = self._registry.truth.columns
        return PreparedTruth(records, table, {sql[s, f]: values[s][f] for s, f in places}, names_of(table))

    def fresh(self, connection: Connection, truth: PreparedTruth) -> KeptTruth:
        """Leave out what the log has already."""
        suspected = self._add(truth.names)
        keep = np.ones(len(suspected), np.bool_)
        if suspected.any():
            keep[self._stored(connection, truth, np.flatnonzero(suspected))] = False
        return KeptTruth(truth, keep, bool(suspected[keep].any()))

    def insert(self, connection: Connection, seq: int, group: Sequence[KeptTruth]) -> None:
        """Add what is kept to the log, inside the transaction of its commit."""
        for kept in group:
            batch = self._physical(kept.truth).filter(pa.array(kept.keep))
            if batch.num_rows:
                order = pa.array(np.arange(self._next, self._next + batch.num_rows))
                self._next += batch.num_rows
                insert(connection, self._registry.truth.path, batch.append_column("ord", order), {"seq": seq})

    def note(self, seq: int, truth: Sequence[KeptTruth], rows: Sequence[Kept]) -> None:
        """A commit succeeded: remember it for the models that truth came for, or had been waiting for."""
        for kept in truth:
            if kept.keep.any():
                self._learn(kept.truth.table)
                self._truth.add(seq)
                if kept.corrections:
                    self._corrections.add(seq)
        for new in rows:
            if new.keep.any() and self._waited_for(new.prepared.table):
                self._rows.setdefault(new.prepared.stream.number, _Seqs()).add(seq)

    def touched(self, stream: int, after: int, upto: int) -> Touched:
        """What may have changed between two commits."""
        if after < self._known_from:
            return Touched(rows=None, truth=True, corrections=True)
        rows = self._rows.get(stream, _Seqs()).between(after, upto)
        truth = self._truth.between(after, upto)
        corrections = bool(rows) or bool(self._corrections.between(after, upto))
        return Touched(rows=rows, truth=bool(truth), corrections=corrections)

    def _waited_for(self, table: pa.Table) -> bool:
        if self._names is None:
            return True
        if len(self._names) == 0:
            return False
        seen = np.zeros(table.num_rows, np.bool_)
        kinds = [(["key"], True), (["trace_id", "row"], self.by_trace), (["entity_id"], self.by_entity)]
        for names in (names for names, used in kinds if used):
            given = [name for name in names if name in table.column_names]
            self._names.mark(names_of(table.select(given)), seen)
        return bool(seen.any())

    def _learn(self, table: pa.Table) -> None:
        self.by_trace |= _has(table, "trace_id")
        self.by_entity |= _has(table, "entity_id")

    def _add(self, names: Hashes) -> Flags:
        if self._names is not None and len(self._names) + len(names) > self._capacity:
            self._names = None
        if self._names is None:
            return np.ones(len(names), np.bool_)
        return self._names.add(names)

    def _physical(self, truth: PreparedTruth) -> pa.Table:
        columns = {n: stored(truth.table.column(n)) for n in truth.table.column_names if n in _FIXED_NAMES}
        model = truth.records.model or None
        columns["model"] = pa.array([model], pa.string()).take(pa.array(np.zeros(truth.table.num_rows, np.int64)))
        return pa.table({**columns, **truth.columns})

    def _stored(self, connection: Connection, truth: PreparedTruth, at: NDArray[np.int64]) -> NDArray[np.int64]:
        """Those of the rows ``at`` that the log has already, equal in everything."""
        hits = self._physical(truth).take(pa.array(at)).append_column("at", pa.array(at))
        same = " AND ".join(
            f'g."{n}" IS NOT DISTINCT FROM hits."{n}"' for n in hits.column_names if n not in ("at", "time")
        )
        times = hits.column("time")
        connection.register("hits", hits)
        try:
            found = connection.execute(
                f"SELECT DISTINCT hits.at FROM hits JOIN {self._registry.truth.path} g ON g.time = hits.time AND {same}"
                " WHERE g.time BETWEEN ? AND ?",
                [pc.min(times).as_py(), pc.max(times).as_py()],
            ).fetchnumpy()
        finally:
            connection.unregister("hits")
        return np.asarray(found["at"], dtype=np.int64)


_FIXED_NAMES = {f.name for f in FIXED["ground_truth"]}


def _has(table: pa.Table, name: str) -> bool:
    return name in table.column_names and table.column(name).null_count < table.num_rows


def names_of(table: pa.Table) -> Hashes:
    """``(n,)`` hash of how each row names its prediction: by key, else by trace and row, else by entity."""
    out = np.zeros(table.num_rows, np.uint64)
    if _has(table, "entity_id"):
        texts = _one(table, "entity_id")
        _put(out, texts, fingerprints(_hashed(texts), BY_ENTITY))
    if _has(table, "trace_id"):
        traces = _one(table, "trace_id")
        _put(out, traces, fingerprints(words_of(traces), 1 + _rows_of(table)))
    if _has(table, "key"):
        keys = _one(table, "key")
        _put(out, keys, fingerprints(words_of(keys), BY_KEY))
    return np.maximum(out, np.uint64(1))


def _one(table: pa.Table, name: str) -> pa.Array:
    return table.column(name).combine_chunks()


def _put(out: Hashes, given: pa.Array, hashes: Hashes) -> None:
    there = np.asarray(given.is_valid().to_numpy(zero_copy_only=False), dtype=np.bool_)
    out[there] = hashes[there]


def _rows_of(table: pa.Table) -> NDArray[np.int64]:
    if "row" not in table.column_names:
        return np.zeros(table.num_rows, np.int64)
    return np.asarray(pc.fill_null(_one(table, "row"), 0).to_numpy(zero_copy_only=False), dtype=np.int64)


def _hashed(texts: pa.Array) -> NDArray[np.uint64]:
    plain = pa.concat_arrays([pc.fill_null(texts, "").cast(pa.large_binary())])
    offsets = np.frombuffer(plain.buffers()[1], dtype=np.int64)[: len(plain) + 1]
    data = plain.buffers()[2]
    letters = np.frombuffer(data, dtype=np.uint8) if data else np.zeros(0, dtype=np.uint8)
    out = np.empty((len(plain), 16), dtype=np.uint8)
    hash_ranges(letters, offsets[:-1].copy(), np.diff(offsets), out)
    return out.view(np.uint64)
