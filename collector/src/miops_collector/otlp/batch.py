"""Rows of a batch event: an Arrow IPC stream, or a map of arrays of one length."""

from __future__ import annotations

from collections.abc import Mapping

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

__all__ = ["batch_frame", "stream_frame"]

_TIMES = (semconv.COLUMN_TIME, semconv.COLUMN_PREDICTION_TIME)


def batch_frame(data: Bytes, start: int, size: int, settings: DecodeSettings, *, time: int) -> Frame:
    """Rows of the body that lies in ``data``; ``time`` is theirs where they have none of their own.

    Raises
    ------
    InputError
        If the body cannot be read.
    """
    kind, at, length = walk_value(data, start, start + size)
    low = int(at)
    if kind == BYTES:
        return stream_frame(pa.py_buffer(data[low : low + length]), time=time)
    if kind == KVLIST:
        return _map_frame(data, low, int(length), settings, time)
    msg = "the body is neither bytes nor a map"
    raise InputError(msg)


def stream_frame(body: pa.Buffer, *, time: int) -> Frame:
    """Rows of an Arrow IPC stream.

    Raises
    ------
    InputError
        If the stream cannot be read.
    """
    table = read_stream(body)
    names = [name for name in dict.fromkeys(table.column_names) if COLUMNS.column(name)]
    columns = {name: ArrowColumn.of(_one(table, name)) for name in names}
    return _frame(columns, table.num_rows, time, np.frombuffer(body, np.uint8))


def _one(table: pa.Table, name: str) -> Array:
    """A column as one array; a time that is an Arrow timestamp as nanoseconds."""
    column = table.column(table.column_names.index(name))
    array = column.chunk(0) if column.num_chunks == 1 else pa.concat_arrays(column.chunks or [pa.nulls(0, column.type)])
    if name in _TIMES and pa.types.is_timestamp(array.type):
        array = pc.cast(pc.cast(array, pa.timestamp("ns", array.type.tz)), pa.int64())
    return array


def _map_frame(data: Bytes, start: int, size: int, settings: DecodeSettings, time: int) -> Frame:
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
    columns = Attributes(exploded.items, names, max_cells=settings.max_cells)
    return _frame(columns, rows, time, data[start : start + size])


def _frame(columns: Mapping[str, Column], n: int, time: int, body: Bytes) -> Frame:
    digest = np.empty((1, 16), np.uint8)
    hash_ranges(body, np.zeros(1, np.int64), np.array([len(body)], np.int64), digest)
    return Frame(
        columns=columns,
        time=np.full(n, time, np.int64),
        seeds=np.repeat(digest, n, axis=0),
        numbers=np.arange(n),
        duration=_integers(columns.get(semconv.COLUMN_DURATION)),
        trace_id=fixed_bytes(columns.get(semconv.COLUMN_TRACE_ID), 16),
        span_id=fixed_bytes(columns.get(semconv.COLUMN_SPAN_ID), 8),
        row=_narrow(_integers(columns.get(semconv.COLUMN_ROW))),
        owner=np.zeros(n, np.int64),
    )


def _integers(column: Column | None) -> Array | None:
    if column is None:
        return None
    numbers = column.numbers()
    integers = column.integers()
    return integers if integers is not None or numbers is None else pc.cast(numbers, pa.int64(), safe=False)


def _narrow(integers: Array | None) -> Array | None:
    return None if integers is None else pc.cast(integers, pa.int32(), safe=False)
