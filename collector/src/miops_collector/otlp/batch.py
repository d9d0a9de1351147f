"""The body of a batch event: an Arrow IPC stream, or a map of arrays of one length."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from miops import semconv
from miops_collector.errors import InputError
from miops_collector.otlp.arrow_column import ArrowColumn
from miops_collector.otlp.arrow_stream import read_stream
from miops_collector.otlp.attributes import Attributes
from miops_collector.otlp.binary import fixed_bytes
from miops_collector.otlp.column import Array, Column
from miops_collector.otlp.explode import array_lengths, explode
from miops_collector.otlp.frame import Frame
from miops_collector.otlp.hashing import hash_ranges
from miops_collector.otlp.items import read_pairs
from miops_collector.otlp.names import COLUMNS, named
from miops_collector.otlp.settings import DecodeSettings
from miops_collector.otlp.types import Bytes
from miops_collector.otlp.walk import BYTES, KVLIST, walk_value

__all__ = ["Body", "joined_frame", "read_body"]

_TIMES = (semconv.COLUMN_TIME, semconv.COLUMN_PREDICTION_TIME)


@dataclass(frozen=True, slots=True, eq=False)
class Body:
    """Rows of one batch event.

    Attributes
    ----------
    table, columns
        One of them, as the body is Arrow or a map.
    time
        Event time of rows that have none of their own.
    digest
        ``(16,)`` hash of the body, the same when it is sent again.
    """

    rows: int
    time: int
    digest: Bytes
    table: pa.Table | None = None
    columns: Mapping[str, Column] | None = None

    @property
    def shape(self) -> object:
        """Bodies of equal shape can be joined."""
        return self if self.table is None else self.table.schema.remove_metadata()  # which pyarrow 18 cannot hash


def read_body(data: Bytes, start: int, size: int, settings: DecodeSettings, *, time: int) -> Body:
    """The body that lies in ``data``.

    Raises
    ------
    InputError
        If it cannot be read.
    """
    kind, at, length = walk_value(data, start, start + size)
    low, high = int(at), int(at) + int(length)
    if kind == BYTES:
        table = read_stream(pa.py_buffer(data[low:high]))
        return Body(table.num_rows, time, _digest(data[low:high]), table=table)
    if kind == KVLIST:
        columns, rows = _read_map(data, low, int(length), settings)
        return Body(rows, time, _digest(data[low:high]), columns=columns)
    msg = "the body is neither bytes nor a map"
    raise InputError(msg)


def joined_frame(bodies: Sequence[Body]) -> Frame:
    """Rows of bodies of one shape, in their order."""
    rows = np.array([body.rows for body in bodies])
    columns = bodies[0].columns
    if columns is None:
        columns = _columns([body.table for body in bodies])
    return Frame(
        columns=columns,
        time=np.repeat(np.array([body.time for body in bodies], np.int64), rows),
        seeds=np.repeat(np.stack([body.digest for body in bodies]), rows, axis=0),
        numbers=np.concatenate([np.arange(n) for n in rows]),
        duration=_integers(columns.get(semconv.COLUMN_DURATION)),
        trace_id=fixed_bytes(columns.get(semconv.COLUMN_TRACE_ID), 16),
        span_id=fixed_bytes(columns.get(semconv.COLUMN_SPAN_ID), 8),
        row=_narrow(_integers(columns.get(semconv.COLUMN_ROW))),
        owner=np.repeat(np.arange(len(rows)), rows),
    )


def _columns(tables: Sequence[pa.Table]) -> dict[str, Column]:
    table = tables[0] if len(tables) == 1 else pa.concat_tables(tables).unify_dictionaries()
    found: dict[str, Column] = {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        if COLUMNS.column(name) and name not in found:
            found[name] = ArrowColumn.of(_one(name, column))
    return found


def _one(name: str, column: pa.ChunkedArray) -> Array:
    """A column as one array; a time that is an Arrow timestamp as nanoseconds."""
    array = column.chunk(0) if column.num_chunks == 1 else pa.concat_arrays(column.chunks or [pa.nulls(0, column.type)])
    if name in _TIMES and pa.types.is_timestamp(array.type):
        array = pc.cast(pc.cast(array, pa.timestamp("ns", array.type.tz)), pa.int64())
    return array


def _read_map(data: Bytes, start: int, size: int, settings: DecodeSettings) -> tuple[Attributes, int]:
    raw = read_pairs(data, start, size)
    if raw is None:
        msg = "the body is a broken map"
        raise InputError(msg)
    items, names = named(raw, COLUMNS, {})
    lengths = np.empty(len(items.slot), np.int64)
    array_lengths(items.data, items.kind, items.bits, items.size, lengths)
    lengths = lengths[items.slot >= 0]
    rows = int(lengths.max(initial=0))
    if ((lengths >= 0) & (lengths != rows)).any() or rows * len(lengths) > settings.max_cells:
        msg = f"the arrays of the body have different lengths or more than {settings.max_cells} values"
        raise InputError(msg)
    exploded = explode(items, np.array([rows], np.int64))
    if exploded is None:
        msg = "the body has a broken array"
        raise InputError(msg)
    return Attributes(exploded.items, names, max_cells=settings.max_cells), rows


def _digest(body: Bytes) -> Bytes:
    out: Bytes = np.empty((1, 16), np.uint8)
    hash_ranges(body, np.zeros(1, np.int64), np.array([len(body)], np.int64), out)
    return out.ravel()


def _integers(column: Column | None) -> Array | None:
    if column is None:
        return None
    numbers = column.numbers()
    integers = column.integers()
    return integers if integers is not None or numbers is None else pc.cast(numbers, pa.int64(), safe=False)


def _narrow(integers: Array | None) -> Array | None:
    return None if integers is None else pc.cast(integers, pa.int32(), safe=False)
