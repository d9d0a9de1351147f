"""What a resource says of the model holds for all its spans and events that do not say it themselves.

A service that serves one model need not repeat its name: ``OTEL_RESOURCE_ATTRIBUTES=miops.model.name=credit`` will do.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from miops_collector.otlp.items import Items, read_pairs
from miops_collector.otlp.kernel import kernel
from miops_collector.otlp.names import EVENTS, named
from miops_collector.otlp.types import Bytes, Longs, Number
from miops_collector.otlp.wire import ENVELOPE, field_tag, length, skip

__all__ = ["with_resources"]

MODEL_PREFIX: Final = "miops.model."
RESOURCE: Final = 10
"""Tag of the resource in ``ResourceSpans`` and ``ResourceLogs``."""


@dataclass(frozen=True, slots=True, eq=False)
class _Said:
    """Attributes of a resource that are about the model, as one item, and which items are of the resource."""

    pairs: Items
    columns: tuple[str, ...]
    first: int
    last: int


def with_resources(
    items: Items, columns: tuple[str, ...], attribute_map: Mapping[str, str]
) -> tuple[Items, tuple[str, ...]]:
    """Items whose slots count ``columns``, with what their resources say put before what they say themselves.

    The last of several values counts, so an item's own wins.
    """
    for said in _resources(items, attribute_map):
        columns += tuple(c for c in said.columns if c not in columns)
        items = _put_before(items, said, np.array([columns.index(c) for c in said.columns], np.int32))
    return items, columns


def _resources(items: Items, attribute_map: Mapping[str, str]) -> Iterator[_Said]:
    data = items.data
    wanted = [MODEL_PREFIX, *(foreign for foreign, ours in attribute_map.items() if ours.startswith(MODEL_PREFIX))]
    words = [word.encode() for word in wanted]
    for low, high, start, stop in _ranges(data).tolist():
        text = data[low:high].tobytes()
        if not any(word in text for word in words):
            continue
        pairs = read_pairs(data, low, high - low)
        first, last = np.searchsorted(items.low, [start, stop]).tolist()
        if pairs is not None and last > first:
            yield _about_the_model(pairs, attribute_map, first, last)


def _about_the_model(pairs: Items, attribute_map: Mapping[str, str], first: int, last: int) -> _Said:
    pairs, columns = named(pairs, EVENTS, attribute_map)
    about = np.array([c.startswith(MODEL_PREFIX) for c in columns] + [False], np.bool_)
    chosen = np.flatnonzero(about[pairs.slot])  # slot -1 is the last entry
    slot, kind = pairs.slot[chosen], pairs.kind[chosen]
    kept = replace(pairs, slot=slot, kind=kind, bits=pairs.bits[chosen], size=pairs.size[chosen])
    return _Said(kept, tuple(columns[s] for s in slot), first, last)


def _put_before(items: Items, said: _Said, slots: np.ndarray[tuple[int], np.dtype[np.int32]]) -> Items:
    count, pairs = len(slots), said.pairs
    added = np.zeros(len(items), np.int64)
    added[said.first : said.last] = count
    at = np.repeat(items.first[said.first : said.last], count)
    times = said.last - said.first
    return replace(
        items,
        first=items.first + np.concatenate(([0], np.cumsum(added))),
        slot=np.insert(items.slot, at, np.tile(slots, times)),
        kind=np.insert(items.kind, at, np.tile(pairs.kind, times)),
        bits=np.insert(items.bits, at, np.tile(pairs.bits, times)),
        size=np.insert(items.size, at, np.tile(pairs.size, times)),
    )


def _ranges(data: Bytes) -> Longs:
    """``(r, 4)`` where each resource lies, and the message it is the resource of."""
    found = np.empty((16, 4), np.int64)
    count = _find(data, len(data), found)
    if count > len(found):
        found = np.empty((count, 4), np.int64)
        _find(data, len(data), found)
    return found[:count]


@kernel
def _find(b: Bytes, end: Number, found: Longs) -> Number:
    """Fills as many as there is room for; what is broken ends it, as the items have been read already."""
    count = 0
    p = 0
    while 0 <= p < end:
        tag, p = field_tag(b, p, end)
        if p < 0:
            break
        if tag != ENVELOPE:
            p = skip(b, p, end, tag)
            continue
        size, start = length(b, p, end)
        if start < 0:
            break
        stop = start + size
        q = start
        while 0 <= q < stop:
            tag, q = field_tag(b, q, stop)
            if q < 0:
                break
            if tag != RESOURCE:
                q = skip(b, q, stop, tag)
                continue
            size, low = length(b, q, stop)
            if low < 0:
                break
            if count < found.shape[0]:
                found[count, 0] = low
                found[count, 1] = low + size
                found[count, 2] = start
                found[count, 3] = stop
            count += 1
            q = low + size
        p = stop
    return count
