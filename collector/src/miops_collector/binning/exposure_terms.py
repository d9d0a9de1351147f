"""How visible rows were in the lists they were ranked in, by group."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from miops.semconv import COLUMN_LIST_POSITION, COLUMN_LIST_SIZE
from miops_collector.binning.decision_terms import groups_of
from miops_collector.binning.plan import Plan
from miops_collector.binning.terms import Terms
from miops_collector.columns import FloatArray, Numbers, Rows
from miops_collector.summary import LIST_BUCKETS

__all__ = ["LONGEST", "add_exposures"]

LONGEST = 100_000
"""Places of a list; rows of longer ones are not counted here."""
TOP = 10
MIXING = ((np.uint64(30), np.uint64(0xBF58476D1CE4E5B9)), (np.uint64(27), np.uint64(0x94D049BB133111EB)))
"""Shifts and factors of SplitMix64 (Steele, Lea, Flood 2014): times at even distances fall into buckets by chance."""
FIRST_BITS = np.uint64(64 - (LIST_BUCKETS - 1).bit_length())


def add_exposures(terms: Terms, plan: Plan, rows: Rows) -> None:
    """``exposures.groups.0`` and on, where the layout and the rows have them.

    Each row says where it stood and how long its list was, so that nothing has to be known of its neighbours: lists
    may be split over requests and panes, and come in any order. Rows of one list fall into one bucket because they
    have the same event time.
    """
    places, sizes = (_whole_numbers(rows, name) for name in (COLUMN_LIST_POSITION, COLUMN_LIST_SIZE))
    if "exposures.groups.0" not in terms.layout.blocks or places is None or sizes is None:
        return
    known = (places >= 1) & (places <= sizes) & (sizes <= LONGEST)
    place, size = np.where(known, places, 1), np.where(known, sizes, 1)
    value, total = _worths()
    shares = (1.0 / size, value[place] / total[size], (place <= TOP) / np.minimum(size, TOP))
    bucket = _buckets(rows.time)
    for i, groups in enumerate(groups_of(terms.layout, plan, rows)):
        block = terms.layout.blocks[f"exposures.groups.{i}"]
        first = np.where(known & (groups >= 0), block.start + groups * block.shape[1], -1)
        terms.count(first.astype(np.int32))
        for j, share in enumerate(shares):
            terms.add(np.where(first >= 0, first + 1 + 3 * bucket + j, -1).astype(np.int32), terms.weights * share)


def _buckets(times: NDArray[np.int64]) -> NDArray[np.int64]:
    """``(n,)`` bucket of each event time."""
    mixed = times.astype(np.uint64)
    for shift, factor in MIXING:
        mixed = (mixed ^ (mixed >> shift)) * factor
    return (mixed >> FIRST_BITS).astype(np.int64)


@cache
def _worths() -> tuple[FloatArray, FloatArray]:
    """By place what it is worth, as in discounted cumulative gain, and by size the worth of a whole list; none at 0."""
    value = np.concatenate(([0.0], 1.0 / np.log2(np.arange(2.0, LONGEST + 2))))
    return value, np.cumsum(value)


def _whole_numbers(rows: Rows, source: str) -> NDArray[np.int64] | None:
    """0 where there is none."""
    found = rows.columns.get(source)
    if not isinstance(found, Numbers):
        return None
    whole = (found.values >= 1) & (found.values <= LONGEST + 1) & (found.values == np.floor(found.values))
    return np.where(whole, found.values, 0).astype(np.int64)
