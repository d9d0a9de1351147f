"""Calls of one row that are alike: what is told in numbers is packed into bytes, which are read all at once."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from itertools import groupby
from math import prod
from operator import attrgetter, itemgetter
from typing import Any, Final, NamedTuple

import numpy as np

from miops.call import Call, Output
from miops.frame_blocks import Blocks
from miops.layouts import Matrix, serials
from miops.sources import Source

__all__ = ["Lane", "Packed", "by_lane", "lane_of"]

_HELD_BYTES: Final = 280
"""What a packed call takes beside its payloads: the tuple, the times and ids, its share of the list."""
_LANES_LIMIT: Final = 64


class Lane:
    """What packed calls have in common: the layout of their input, and what kind of array the model returned.

    ``pack`` takes start, duration, number of the call, both halves of the trace id, the span id, and the bytes that
    were returned.
    """

    __slots__ = ("_table", "_unpack", "layout", "output", "pack", "result_dtype", "result_shape", "serial", "size")

    def __init__(self, layout: Matrix | Blocks, output: int, dtype: np.dtype[Any], shape: tuple[int, ...]) -> None:
        self.serial, self.layout, self.output = next(serials), layout, output
        self.result_dtype, self.result_shape = dtype, shape
        returned = prod(shape) * dtype.itemsize
        record = struct.Struct(f">qqqQQQ{returned}s")
        self.pack, self._unpack = record.pack, record.unpack
        self.size: Final = layout.row_size + returned + _HELD_BYTES
        numbers = [(name, ">i8") for name in ("start", "duration", "call")]
        ids = [("trace_id", "u1", 16), ("span_id", "u1", 8)]
        self._table = np.dtype([*numbers, *ids, ("result", f"V{returned}")])

    def call(self, record: bytes, features: Any) -> Call:
        """One of them, as the long way has it."""
        start, duration, number, high, low, span_id, result = self._unpack(record)
        decided, dtype = self.output == Output.DECISION, self.result_dtype
        return Call(
            serial=self.layout.serial,
            decision_dtype=dtype if decided else None,
            outputs=self.output,
            scores_dtype=None if decided else dtype,
            scores_width=self._width,
            layout=self.layout,
            decision=result if decided else None,
            scores=None if decided else result,
            features=features,
            rows=1,
            size=self.size,
            call=number,
            start=start,
            duration=duration,
            trace_id=high << 64 | low,
            span_id=span_id,
            extras=None,
        )

    def calls(self, records: Sequence[bytes], features: Sequence[Any]) -> Any:
        """All of them as one :class:`Call`, of which every field holds what :mod:`miops.rows` wants of all calls."""
        table = np.frombuffer(b"".join(records), self._table)
        first: Any = self.call(records[0], features[0])
        result, nothing = [table["result"].tobytes()], [None]
        shared = ("serial", "layout", "outputs", "decision_dtype", "scores_dtype", "scores_width")
        return first._replace(
            **{name: [getattr(first, name)] for name in shared},
            **{name: table[name] for name in ("call", "start", "duration", "trace_id", "span_id")},
            decision=nothing if first.decision is None else result,
            scores=nothing if first.scores is None else result,
            features=features,
            rows=[1] * len(table),
            extras=nothing * len(table),
        )

    @property
    def _width(self) -> int:
        wide = len(self.result_shape) == 2 and self.output != Output.DECISION
        return self.result_shape[1] if wide else 0


class Packed(NamedTuple):
    """A packed call, which may stand where a :class:`miops.pending.Pending` does."""

    source: Source
    input_id: int
    outputs: int
    lane: Lane
    record: bytes
    features: Any

    @property
    def call(self) -> Call:
        return self.lane.call(self.record, self.features)


def lane_of(layout: Matrix | Blocks, output: int, dtype: np.dtype[Any], shape: tuple[int, ...]) -> Lane | None:
    """The lane of calls that returned such an array, which calls to come find first; ``None`` if it cannot have one."""
    if shape[:1] != (1,) or dtype.hasobject or not prod(shape) * dtype.itemsize:
        return None
    key = (output, dtype, shape)
    lane = layout.lanes.get(key)
    if lane is None:
        if len(layout.lanes) >= _LANES_LIMIT:
            layout.lanes.clear()
        lane = layout.lanes[key] = Lane(layout, output, dtype, shape)
    layout.lanes[output] = lane
    return lane


def by_lane(packed: list[Packed]) -> Iterator[tuple[Lane, Sequence[bytes], Sequence[Any]]]:
    """The records and the features of every lane."""
    if len(set(map(_LANE, packed))) > 1:
        packed = sorted(packed, key=_SERIAL)
    for lane, group in groupby(packed, _LANE):
        own = list(group)
        yield lane, list(map(_RECORD, own)), list(map(_FEATURES, own))


_LANE: Final = itemgetter(3)
_RECORD: Final = itemgetter(4)
_FEATURES: Final = itemgetter(5)
_SERIAL: Final = attrgetter("lane.serial")
