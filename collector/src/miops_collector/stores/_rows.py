"""Rows on their way into their table, and back: physical columns, one INSERT per table, one bounded read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from miops_collector.errors import InputError
from miops_collector.schema import FAULT_SUFFIX, Records
from miops_collector.stores._columns import FAMILIES, FIXED, Family, by_source, declare, loaded, settle, stored
from miops_collector.stores._database import Connection, Database
from miops_collector.stores._registry import Registry, Stream
from miops_collector.stores._store import Stored

__all__ = ["Prepared", "Selection", "insert", "note", "prepare", "presented", "read"]

PIECE = 65_536
"""Rows of one piece that is read back."""

Values: TypeAlias = dict[str, dict[Family, pa.ChunkedArray]]


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


def prepare(registry: Registry, records: Records) -> Prepared:
    """Register what is new about the records: their stream, description, sources and columns.

    Raises
    ------
    InputError
        If a column cannot be stored at all.
    """
    fixed = FIXED[records.kind]
    table = conform(records.table, fixed)
    values = by_source(table, fixed)
    stream = registry.stream_for(records)
    registry.describe(stream, records)
    new = {source: declare(families) for source, families in values.items() if source not in stream.declared}
    found = {source: family for source, family in new.items() if family is not None}
    if found:
        registry.declare(stream, found)
    values = {s: settle(stream.declared[s], families) for s, families in values.items() if s in stream.declared}
    registry.add_columns(stream.table, ((s, family) for s, families in values.items() for family in families))
    return Prepared(records, stream, table, values)


def conform(table: pa.Table, fixed: Sequence[object]) -> pa.Table:
    """The table with every fixed column in the type of its schema."""
    for column in fixed:
        wanted = getattr(column, "field", None)
        if wanted is None:
            continue
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


def presented(prepared: Prepared, keep: NDArray[np.bool_]) -> Stored:
    """The new rows as they will be read back: declared types, and what came with another type beside it."""
    fixed = {f.name for f in FIXED[prepared.records.kind]}
    columns = {name: prepared.table.column(name) for name in prepared.table.column_names if name in fixed}
    for source, families in prepared.values.items():
        declared = prepared.stream.declared[source]
        columns[source] = families.get(declared, pa.nulls(len(prepared), FAMILIES[declared].arrow))
        faults = [values for family, values in families.items() if family != declared]
        if faults:
            columns[source + FAULT_SUFFIX] = _as_text(faults)
    return Stored(prepared.records, _kept(pa.table(columns), keep), int(len(keep) - keep.sum()))


def _as_text(columns: list[pa.ChunkedArray]) -> pa.ChunkedArray:
    return pc.coalesce(*(column.cast(pa.string()) for column in columns))


def _kept(table: pa.Table, keep: NDArray[np.bool_]) -> pa.Table:
    return table if keep.all() else table.filter(pa.array(keep))


def insert(connection: Connection, seq: int, group: Sequence[tuple[Prepared, NDArray[np.bool_]]]) -> None:
    """Write the kept rows of a commit, inside its transaction: one statement per table and set of columns."""
    alike: dict[tuple[str, pa.Schema], list[pa.Table]] = defaultdict(list)
    for prepared, keep in group:
        if keep.any():
            batch = _kept(_physical(prepared), keep)
            alike[prepared.stream.table.path, batch.schema].append(batch)
    for (path, schema), batches in alike.items():
        insert_batch(connection, path, pa.concat_tables(batches), {"seq": seq}, schema.names)


def insert_batch(
    connection: Connection, path: str, batch: pa.Table, constants: dict[str, int], names: list[str]
) -> None:
    """Insert an Arrow table whose columns have the names of the SQL columns."""
    columns = ", ".join(f'"{name}"' for name in (*constants, *names))
    values = "".join(f"{value}, " for value in constants.values())
    connection.register("batch", batch)
    try:
        connection.execute(f"INSERT INTO {path} ({columns}) SELECT {values}* FROM batch")
    finally:
        connection.unregister("batch")


def _physical(prepared: Prepared) -> pa.Table:
    table = prepared.table
    columns = {"stream": pa.array(np.full(len(prepared), prepared.stream.number, np.int32))}
    for fixed in FIXED[prepared.records.kind]:
        if fixed.field is not None and fixed.name in table.column_names:
            column = table.column(fixed.name)
            if column.null_count < len(column):
                columns[fixed.name] = stored(column)
    sql = prepared.stream.table.columns
    for source, families in prepared.values.items():
        columns.update({sql[source, family]: values for family, values in families.items()})
    return pa.table(columns)


def note(group: Sequence[tuple[Prepared, NDArray[np.bool_]]]) -> None:
    """Count committed rows in what is known of their streams."""
    for prepared, keep in group:
        count = int(keep.sum())
        stream = prepared.stream
        if count:
            times = prepared.times[keep]
            first, last = int(times.min()), int(times.max())
            info = stream.info
            first = min(first, info.first_seen) if info.rows else first
            last = max(last, info.last_seen) if info.rows else last
            stream.info = replace(info, rows=info.rows + count, first_seen=first, last_seen=last)
            stream.table.rows += count


class Selection:
    """Columns of one stream, as SQL to select them and as a way to read the answer.

    SQL sees numbers only; names are put on afterwards.
    """

    def __init__(self, stream: Stream, alias: str = "") -> None:
        self._fixed = [f for f in FIXED[stream.table.kind] if f.field is not None]
        self._sources = [(source, family) for source, family in stream.declared.items()]
        self._columns = stream.table.columns
        prefix = f"{alias}." if alias else ""
        parts = [f'{prefix}"{f.name}"' for f in self._fixed]
        self._names = [f.name for f in self._fixed]
        self._types = [f.field.type for f in self._fixed if f.field is not None]
        for source, family in self._sources:
            self._add(parts, source, f"{prefix}{self._columns[source, family]}", FAMILIES[family].arrow)
            others = [name for (s, f), name in self._columns.items() if s == source and f != family]
            if others:
                texts = ", ".join(f"CAST({prefix}{name} AS VARCHAR)" for name in others)
                self._add(parts, source + FAULT_SUFFIX, f"coalesce({texts})", pa.string())
        self.sql = ", ".join(f"{part} AS f{i}" for i, part in enumerate(parts))

    def _add(self, parts: list[str], name: str, sql: str, kind: pa.DataType) -> None:
        parts.append(sql)
        self._names.append(name)
        self._types.append(kind)

    def __len__(self) -> int:
        return len(self._names)

    def table(self, batch: pa.RecordBatch | pa.Table) -> pa.Table:
        """What was selected first, in the types and under the names of the schema."""
        columns = zip(batch.columns, self._types, strict=False)
        return pa.table([loaded(_chunked(column), kind) for column, kind in columns], names=self._names)


def _chunked(column: pa.Array | pa.ChunkedArray) -> pa.ChunkedArray:
    return column if isinstance(column, pa.ChunkedArray) else pa.chunked_array([column])


def read(database: Database, stream: Stream, after: int, upto: int) -> Iterator[pa.Table]:
    """Rows of commits ``after < seq <= upto``, in the order they came."""
    selection = Selection(stream)
    sql = f"SELECT {selection.sql} FROM {stream.table.path} WHERE stream = ? AND seq > ? AND seq <= ?"
    with database.reading() as connection:
        answer = connection.sql(sql, params=[stream.number, after, upto])
        for batch in answer.to_arrow_reader(PIECE):
            if batch.num_rows:
                yield selection.table(batch)
