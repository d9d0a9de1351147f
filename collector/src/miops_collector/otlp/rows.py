"""One item per row: single items as they are, items of arrays taken apart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from miops import semconv
from miops_collector.otlp.explode import array_lengths, explode, first_arrays
from miops_collector.otlp.items import Items
from miops_collector.otlp.settings import DecodeSettings
from miops_collector.otlp.types import Flags, Longs
from miops_collector.otlp.verdict import Tally
from miops_collector.otlp.walk import ARRAY

__all__ = ["RowItems", "rows_of"]

_LEADING = (semconv.COLUMN_VALUE, semconv.COLUMN_SCORE)


@dataclass(frozen=True, slots=True, eq=False)
class RowItems:
    """Items, one per row.

    Attributes
    ----------
    number
        ``(n,)`` index of the row within its call.
    owner
        ``(n,)`` the item each row came from, or ``None`` when each row is an item of its own.
    numbered
        ``(n,)`` rows whose id is that of the call and the number of the row.
    """

    items: Items
    number: Longs
    owner: Longs | None = None
    numbered: Flags | None = None


def rows_of(items: Items, names: tuple[str, ...], settings: DecodeSettings, tally: Tally) -> Iterator[RowItems]:
    """Rows of items whose slots count ``names``; an array as value or score has one element per row."""
    leads = np.isin(items.slot, [i for i, name in enumerate(names) if name in _LEADING])
    leads &= items.kind == ARRAY
    if not leads.any():
        yield RowItems(items, np.zeros(len(items), np.int64))
        return
    lengths, rows = np.empty(len(items.slot), np.int64), np.empty(len(items), np.int64)
    array_lengths(items.data, items.kind, items.bits, items.size, lengths)
    first_arrays(items.first, lengths, leads, rows)
    single = np.flatnonzero(rows < 0)
    if len(single):
        yield RowItems(items.take(single), np.zeros(len(single), np.int64))
    spread = _within(items, rows, settings, tally)
    if len(spread):
        yield from _taken_apart(items.take(spread), rows[spread], names, tally)


def _within(items: Items, rows: Longs, settings: DecodeSettings, tally: Tally) -> Longs:
    """Items of arrays, as long as all their values together are within bounds."""
    spread = np.flatnonzero(rows >= 0)
    cells = np.cumsum(rows[spread] * np.diff(items.first)[spread])
    fits = cells <= max(settings.max_cells, 8 * len(items.slot))
    tally.refuse("size", int((~fits).sum()), int(rows[spread][~fits].sum()))
    fitting: Longs = spread[fits]
    return fitting


def _taken_apart(items: Items, rows: Longs, names: tuple[str, ...], tally: Tally) -> Iterator[RowItems]:
    exploded = explode(items, rows)
    if exploded is None:
        tally.refuse("body", len(items))
        return
    array_ids = np.zeros(len(items), np.bool_)
    if semconv.COLUMN_PREDICTION_ID in names:
        given = (items.slot == names.index(semconv.COLUMN_PREDICTION_ID)) & (items.kind == ARRAY)
        array_ids[np.searchsorted(items.first, np.flatnonzero(given), side="right") - 1] = True
    yield RowItems(exploded.items, exploded.number, exploded.owner, ~array_ids[exploded.owner])
