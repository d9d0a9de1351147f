"""Spans or log records of a request as flat arrays that point into its bytes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from miops_collector.errors import InputError
from miops_collector.otlp.canonical import TelemetryKind, canonical
from miops_collector.otlp.types import Bytes, Ints, Longs, Words
from miops_collector.otlp.walk import FULL, count_attributes, walk
from miops_collector.otlp.wire import find_items

__all__ = ["BODY", "SPAN_ID", "TEXT", "TRACE_ID", "Items", "count_items", "read_items", "read_pairs"]

TRACE_ID, SPAN_ID, TEXT, BODY = range(4)
"""Columns of ``Items.places``; TEXT is the trace state of a span, the event name of a log record, BODY the status of a
span, the body of a log record."""

# Tags (field number and wire type) of: start, end, attributes, trace id, span id, text, body. 0 matches nothing.
_TAGS: Final[Mapping[TelemetryKind, tuple[int, ...]]] = {
    "traces": (57, 65, 74, 10, 18, 26, 122),
    "logs": (9, 89, 50, 74, 82, 98, 42),
}
_PAIRS = (0, 0, 10, 0, 0, 0, 0)
_FIRST_KEYS = 1024
_FEW_BYTES = 128
"""Items are seldom smaller: room for them is guessed, as counting them first would read the payload twice."""


@dataclass(frozen=True, slots=True, eq=False)
class Items:
    """``n`` items with ``a`` attributes in all; positions count bytes of ``data``.

    Attributes
    ----------
    low, high
        ``(n,)`` where each item lies.
    times
        ``(n, 2)`` start and end of a span; time and observed time of a log record. 0 where not given.
    places
        ``(n, 4, 2)`` start and length of trace id, span id, text and body; length 0 where not given.
    first
        ``(n + 1,)`` attributes of item ``i`` are ``first[i]`` to ``first[i + 1]``.
    slot, kind, bits, size
        ``(a,)`` index into ``keys``, kind of value, its 64 bits or its position, and its length.
    keys
        Distinct keys, as sent.
    """

    data: Bytes
    low: Longs
    high: Longs
    times: Longs
    places: Longs
    first: Longs
    slot: Ints
    kind: Bytes
    bits: Words
    size: Longs
    keys: tuple[bytes, ...]

    def __len__(self) -> int:
        return len(self.low)

    def take(self, index: Longs) -> Items:
        """The items at these indices, in this order."""
        counts = self.first[index + 1] - self.first[index]
        first = np.concatenate(([0], np.cumsum(counts))).astype(np.int64)
        at = np.repeat(self.first[index] - first[:-1], counts) + np.arange(first[-1])
        return replace(
            self, low=self.low[index], high=self.high[index], times=self.times[index], places=self.places[index],
            first=first, slot=self.slot[at], kind=self.kind[at], bits=self.bits[at], size=self.size[at],
        )  # fmt: skip


def count_items(payload: bytes) -> int:
    """How many spans, log records or metrics a payload holds; -1 where it takes protobuf to say."""
    none = np.empty(0, np.int64)
    return int(find_items(np.frombuffer(payload, np.uint8), len(payload), none, none))


def read_items(kind: TelemetryKind, payload: bytes) -> Items:
    """Spans or log records of a payload.

    Raises
    ------
    InputError
        If it is no such request.
    """
    items = _read(kind, payload)
    if items is None:
        items = _read(kind, canonical(kind, payload))
    if items is None:
        msg = f"the body is no request of {kind}"
        raise InputError(msg)
    return items


def read_pairs(data: Bytes, start: int, size: int) -> Items | None:
    """A KeyValueList within ``data`` as one item; ``None`` if it is broken."""
    low = np.array([start], np.int64)
    return _walk(data, low, low + size, np.array(_PAIRS, np.int64))


def _read(kind: TelemetryKind, payload: bytes) -> Items | None:
    data = np.frombuffer(payload, np.uint8)
    low, high = np.empty((2, len(data) // _FEW_BYTES + 1), np.int64)
    count = find_items(data, len(data), low, high)
    if count < 0:
        return None
    if count > len(low):
        low, high = np.empty((2, count), np.int64)
        find_items(data, len(data), low, high)
    return _walk(data, low[:count], high[:count], np.array(_TAGS[kind], np.int64))


def _walk(data: Bytes, low: Longs, high: Longs, tags: Longs) -> Items | None:
    n = len(low)
    first = np.zeros(n + 1, np.int64)
    total = count_attributes(data, low, high, tags[2], first)
    if total < 0:
        return None
    times, places = np.zeros((n, 2), np.int64), np.zeros((n, 8), np.int64)
    slot, kind = np.empty(total, np.int32), np.empty(total, np.uint8)
    bits, size = np.empty(total, np.uint64), np.empty(total, np.int64)
    room, done = _FIRST_KEYS, FULL
    while done == FULL:
        known, keys, table = np.zeros(1, np.int64), np.empty((room, 2), np.int64), np.full(4 * room, -1, np.int32)
        done = walk(data, low, high, tags, times, places, first, slot, kind, bits, size, table, keys, known)
        room *= 8
    if done < 0:
        return None
    names = tuple(bytes(data[at : at + length]) for at, length in keys[: known[0]])
    return Items(
        data, low, high, times, places.reshape(n, 4, 2), first,
        slot[:done], kind[:done], bits[:done], size[:done], names,
    )  # fmt: skip
