"""How visible rows were in the lists they were ranked in, by group, and how relevant they turned out to be."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from miops.semconv import COLUMN_LIST_POSITION, COLUMN_LIST_SIZE
from miops_collector.binning.decision_terms import LARGEST, groups_of
from miops_collector.binning.plan import Plan
from miops_collector.binning.terms import Terms
from miops_collector.columns import Column, FloatArray, Numbers, Rows
from miops_collector.layout import Layout
from miops_collector.summary import LIST_BUCKETS

__all__ = ["LONGEST", "add_exposures", "add_merits"]

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
    found = _standing(rows)
    if "exposures.groups.0" not in terms.layout.blocks or found is None:
        return
    known, place, size = found
    shares = (1.0 / size, _share(place, size), (place <= TOP) / np.minimum(size, TOP))
    _add(terms, plan, rows, "exposures.groups", known, shares)


def add_merits(terms: Terms, plan: Plan, rows: Rows, truth: Column) -> None:
    """``labelled.merits.groups.0`` and on, where the layout and the rows have them."""
    found, merit = _standing(rows), _merit(terms.layout, plan, truth)
    if "labelled.merits.groups.0" not in terms.layout.blocks or found is None or merit is None:
        return
    known, place, size = found
    known &= (merit >= 0.0) & (merit <= LARGEST)
    _add(terms, plan, rows, "labelled.merits.groups", known, (_share(place, size), np.where(known, merit, 0.0) / size))


def _add(
    terms: Terms, plan: Plan, rows: Rows, name: str, known: NDArray[np.bool_], shares: Sequence[FloatArray]
) -> None:
    """Rows to the first cell of their group, what they share to those of their list's bucket."""
    bucket = _buckets(rows.time)
    for i, groups in enumerate(groups_of(terms, plan, rows)):
        block = terms.layout.blocks[f"{name}.{i}"]
        first = np.where(known & (groups >= 0), block.start + groups * block.shape[1], -1)
        own = np.where(first >= 0, first + 1 + len(shares) * bucket, -1)
        terms.count(first.astype(np.int32))
        for j, share in enumerate(shares):
            terms.add(np.where(own >= 0, own + j, -1).astype(np.int32), terms.weights * share)


def _standing(rows: Rows) -> tuple[NDArray[np.bool_], NDArray[np.int64], NDArray[np.int64]] | None:
    """``(n,)`` which rows say where they stood, and their place and the size of their list: 1 where they do not."""
    places, sizes = (_whole_numbers(rows, name) for name in (COLUMN_LIST_POSITION, COLUMN_LIST_SIZE))
    if places is None or sizes is None:
        return None
    known = (places >= 1) & (places <= sizes) & (sizes <= LONGEST)
    return known, np.where(known, places, 1), np.where(known, sizes, 1)


def _share(place: NDArray[np.int64], size: NDArray[np.int64]) -> FloatArray:
    """Of the exposure of their lists."""
    value, total = _worths()
    share: FloatArray = value[place] / total[size]
    return share


def _merit(layout: Layout, plan: Plan, truth: Column) -> FloatArray | None:
    """``(n,)`` how relevant rows turned out to be, ``nan`` where that is not known."""
    if not layout.classes:
        return truth.values if isinstance(truth, Numbers) else None
    if layout.positive < 0:
        return None
    codes = plan.classes.codes(truth)
    return np.where(codes >= 0, (codes == layout.positive).astype(np.float64), np.nan)


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
