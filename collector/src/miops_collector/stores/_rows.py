"""Rows on their way into their table: checked, typed, and written by one INSERT per table."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from miops_collector.errors import InputError
from miops_collector.schema import FAULT_SUFFIX, Records
from miops_collector.stores._columns import (
    FAMILIES,
    FIXED,
    MOST_FAULTS,
    MOST_SOURCES,
    Family,
    Fixed,
    by_source,
    declare,
    say_once,
    settle,
    stored,
    within,
)
from miops_collector.stores._database import Connection
from miops_collector.stores._registry import Registry, Stream, note_rows
from miops_collector.stores._selection import as_text
from miops_collector.stores._store import Stored
from miops_collector.stores._tables import Place

__all__ = [
    "CELLS",
    "VECTOR",
    "Kept",
    "Piece",
    "Prepared",
    "at_once",
    "batches",
    "conform",
    "insert",
    "note",
    "prepare",
    "presented",
]

CELLS = 8_000_000
"""Most values of one transaction: 64 MB of numbers, so that very wide rows stay within the database's memory."""
VECTOR = 2048
"""A column of a table takes the memory of so many values in every transaction, however few there are."""

Values: TypeAlias = dict[str, dict[Family, pa.ChunkedArray]]
Piece: TypeAlias = tuple[str, pa.Table]
"""An SQL table, and rows for it whose columns have its names."""


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """Records with a place for every column: what only has to be inserted."""

    records: Records
    stream: Stream
    table: pa.Table
    values: Values

    def __len__(self) -> int:
        return int(self.table.num_rows)

    @property
    def times(self) -> NDArray[np.int64]:
        return np.asarray(self.table.column("time").to_numpy(), dtype=np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Kept:
    """Prepared rows, and ``(n,)`` which of them are new."""

    prepared: Prepared
    keep: NDArray[np.bool_]


def prepare(registry: Registry, records: Records) -> Prepared:
    """Register what is new about the records: their stream, description, sources and columns.

    Raises
    ------
    InputError
        If a column cannot be stored at all.
    """
    fixed = FIXED[records.kind]
    table = conform(records.table, fixed)
    found = by_source(table, fixed)
    known = registry.known(records)
    if not found.keys() <= known.keys():
        found = within(found, {source for source, _ in registry.places(records)}, MOST_SOURCES)
    declared = {source: known.get(source) or declare(families) for source, families in found.items()}
    types = {source: family for source, family in declared.items() if family is not None}
    values = {source: settle(family, found[source]) for source, family in types.items()}
    if any(families.keys() - {types[source]} for source, families in values.items()):
        values = _few_faults(values, types, registry.places(records))
    stream = registry.stream_for(records, types, [(s, family) for s, families in values.items() for family in families])
    return Prepared(records, stream, table, values)


def _few_faults(values: Values, types: Mapping[str, Family], known: set[Place]) -> Values:
    """So many columns of a table may have a second type: each takes memory in every insert, also when it is empty."""
    faults = [(s, f) for s, families in values.items() for f in families if f != types[s] and (s, f) not in known]
    room = MOST_FAULTS - (len(known) - len({source for source, _ in known}))
    left_out = set(faults[max(room, 0) :])
    if not left_out:
        return values
    say_once(f"{MOST_FAULTS} columns of a table came with another type than before: of others such values are left out")
    return {s: {f: v for f, v in families.items() if (s, f) not in left_out} for s, families in values.items()}


def conform(table: pa.Table, fixed: Sequence[Fixed]) -> pa.Table:
    """The table with every fixed column in the type of its schema.

    Raises
    ------
    InputError
        If a needed column is missing, has nulls, or is of another type.
    """
    for wanted in (column.field for column in fixed if column.field is not None):
        at = table.schema.get_field_index(wanted.name)
        if at < 0:
            if not wanted.nullable:
                msg = f"column {wanted.name!r} is missing"
                raise InputError(msg)
            continue
        given = table.column(at)
        if not wanted.nullable and given.null_count:
            msg = f"column {wanted.name!r} has {given.null_count} nulls; none are allowed"
            raise InputError(msg)
        if given.type != wanted.type:
            table = table.set_column(at, wanted, _cast(given, wanted))
    return table


def _cast(given: pa.ChunkedArray, wanted: pa.Field) -> pa.ChunkedArray:
    try:
        return given.cast(wanted.type)
    except pa.ArrowException as error:
        msg = f"column {wanted.name!r} is of type {given.type}, not {wanted.type}: {error}"
        raise InputError(msg) from error


def presented(kept: Kept) -> Stored:
    """The new rows as they will be read back: declared types, and what came with another type beside it."""
    prepared = kept.prepared
    fixed = {f.name for f in FIXED[prepared.records.kind]}
    columns = {name: prepared.table.column(name) for name in prepared.table.column_names if name in fixed}
    for source, families in prepared.values.items():
        declared = prepared.stream.declared[source]
        columns[source] = families.get(declared, pa.nulls(len(prepared), FAMILIES[declared].arrow))
        faults = [values for family, values in families.items() if family != declared]
        if faults:
            columns[source + FAULT_SUFFIX] = as_text(faults)
    return Stored(prepared.records, _only(pa.table(columns), kept.keep), int(len(kept.keep) - kept.keep.sum()))


def _only(table: pa.Table, keep: NDArray[np.bool_]) -> pa.Table:
    return table if keep.all() else table.filter(pa.array(keep))


def batches(group: Sequence[Kept], seq: int) -> Iterator[Piece]:
    """What to insert where: one batch per table and set of columns, cut where rows are very wide."""
    alike: dict[tuple[str, pa.Schema], list[pa.Table]] = defaultdict(list)
    for kept in group:
        if kept.keep.any():
            batch = _only(_physical(kept.prepared, seq), kept.keep)
            alike[kept.prepared.stream.table.last.path, batch.schema].append(batch)
    for (path, schema), tables in alike.items():
        whole = pa.concat_tables(tables)
        rows = max(CELLS // len(schema), 1)
        yield from ((path, whole.slice(start, rows)) for start in range(0, whole.num_rows, rows))


def at_once(pieces: Iterable[Piece]) -> Iterator[list[Piece]]:
    """What to insert in one transaction each: as much as takes the memory of ``CELLS`` values."""
    some: list[Piece] = []
    taken = 0
    for path, batch in pieces:
        cells = max(batch.num_rows, VECTOR) * batch.num_columns
        if some and taken + cells > CELLS:
            yield some
            some, taken = [], 0
        some.append((path, batch))
        taken += cells
    if some:
        yield some


def insert(connection: Connection, path: str, batch: pa.Table, constants: Mapping[str, int]) -> None:
    """Insert an Arrow table whose columns have the names of the SQL columns."""
    columns = ", ".join(f'"{name}"' for name in (*constants, *batch.column_names))
    values = "".join(f"{value}, " for value in constants.values())
    connection.register("batch", batch)
    try:
        connection.execute(f"INSERT INTO {path} ({columns}) SELECT {values}* FROM batch")
    finally:
        connection.unregister("batch")


def _physical(prepared: Prepared, seq: int) -> pa.Table:
    given = dict(zip(prepared.table.column_names, prepared.table.columns, strict=True))
    numbers = {"seq": np.full(len(prepared), seq), "stream": np.full(len(prepared), prepared.stream.number, np.int32)}
    columns = {name: pa.array(values) for name, values in numbers.items()}
    for fixed in FIXED[prepared.records.kind]:
        column = given.get(fixed.name) if fixed.field is not None else None
        if column is not None and column.null_count < len(column):
            columns[fixed.name] = stored(column)
    sql = prepared.stream.table.last.columns
    for source, families in prepared.values.items():
        columns.update({sql[source, family]: values for family, values in families.items()})
    return pa.table(columns)


def note(group: Sequence[Kept]) -> None:
    """Count committed rows in what is known of their streams."""
    for kept in group:
        count = int(kept.keep.sum())
        if count:
            stream = kept.prepared.stream
            times = kept.prepared.times[kept.keep]
            note_rows(stream, stream.table.last, count, (int(times.min()), int(times.max())))
