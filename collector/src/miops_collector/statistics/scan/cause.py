"""A first guess at what happened to a column, from what a data engineer would look at first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from miops_collector.layout import ColumnLayout, Summaries
from miops_collector.statistics.scan.units import unit_change
from miops_collector.summary import Distribution, Frequencies, Histogram, Moments

__all__ = ["Cause", "guess_cause"]

ABSENT_RISE: Final = 0.02
STUCK_RISE: Final = 0.3
STUCK_BINS: Final = 16
STUCK_SHARE: Final = 0.9
"""Share of one category from which it is called stuck."""
OUTSIDE_SHARE: Final = 0.01
"""Changes of shares of rows from which each cause is named."""


SHIFT: Final = 0.4
SAME_SHIFT: Final = 0.2
SAME_WIDTH: Final = 1.1
"""In standard deviations of the reference: how far all must have moved, how differently the outer quantiles may have,
and how much wider or narrower they may have become, to be called a shift of the range."""
OUTER: Final = (0.1, 0.25, 0.75, 0.9)


@dataclass(frozen=True, slots=True)
class Cause:
    """``kind`` is a word for machines, ``words`` complete the sentence for a person."""

    kind: str
    words: str


def guess_cause(column: ColumnLayout, reference: Summaries, current: Summaries) -> Cause | None:
    """The first that applies.

    Missing values, wrong types, changed unit, stuck value, shifted range, new category, out of range.
    """
    before, now = reference.distribution(column), current.distribution(column)
    found = _absent(before, now)
    if found is None and isinstance(before, Histogram) and isinstance(now, Histogram):
        found = _unit(column, reference, current, before, now) or _stuck(before, now)
        found = found or _shifted(before, now, reference.moments(column), current.moments(column))
    if found is None and isinstance(before, Frequencies) and isinstance(now, Frequencies):
        found = _stuck_category(before, now)
    return found or _outside(before, now)


def _absent(before: Distribution, now: Distribution) -> Cause | None:
    rows = max(now.rows, 1.0)
    missing = now.missing / rows - before.missing / max(before.rows, 1.0)
    faults = now.faults / rows - before.faults / max(before.rows, 1.0)
    if max(missing, faults) < ABSENT_RISE:
        return None
    if faults > missing:
        return Cause("type_fault", f"{now.faults / rows:.1%} of the rows have a value of the wrong type")
    return Cause("missing_values", f"missing values rose to {now.missing / rows:.1%}")


def _unit(
    column: ColumnLayout, reference: Summaries, current: Summaries, before: Histogram, now: Histogram
) -> Cause | None:
    change = unit_change(before, now, reference.moments(column), current.moments(column))
    return None if change is None else Cause("unit_change", change.words)


def _stuck(before: Histogram, now: Histogram) -> Cause | None:
    """One fine bin that suddenly holds a large part of all rows."""
    if len(now.fine) < STUCK_BINS:
        return None
    share = now.fine / max(float(now.fine.sum()), 1.0)
    rise = share - before.fine / max(float(before.fine.sum()), 1.0)
    bin_ = int(rise[1:-1].argmax())
    if rise[bin_ + 1] < STUCK_RISE:
        return None
    low, high = now.edges[bin_], now.edges[bin_ + 1]
    return Cause("stuck_value", f"{share[bin_ + 1]:.0%} of the values are stuck between {low:.6g} and {high:.6g}")


def _stuck_category(before: Frequencies, now: Frequencies) -> Cause | None:
    """One category that suddenly holds nearly all rows."""
    share = now.fine[:-1] / max(float(now.fine.sum()), 1.0)
    if not share.size or share.max() < STUCK_SHARE:
        return None
    place = int(share.argmax())
    was = float(before.fine[place] / max(float(before.fine.sum()), 1.0))
    if share[place] - was < STUCK_RISE:
        return None
    return Cause("stuck_value", f"{share[place]:.0%} of the values are stuck at {now.categories[place]!r}")


def _shifted(before: Histogram, now: Histogram, was: Moments, is_: Moments) -> Cause | None:
    """All of the distribution, with its width, has moved by about the same."""
    if not (was.std > 0 and is_.std > 0 and max(was.std / is_.std, is_.std / was.std) <= SAME_WIDTH):
        return None
    by = is_.mean - was.mean
    ends = [_quantile(now, q) - _quantile(before, q) for q in OUTER]
    if abs(by) < SHIFT * was.std or not all(abs(end - by) <= SAME_SHIFT * was.std for end in ends):
        return None
    return Cause("shifted_range", f"the whole range moved by {by:+.4g}, its width is as before")


def _quantile(distribution: Histogram, share: float) -> float:
    """Lower edge of the bin that holds it, and the outer edge for a guard."""
    rows = np.cumsum(distribution.fine)
    place = int(np.searchsorted(rows, share * rows[-1]))
    return float(distribution.edges[min(max(place - 1, 0), len(distribution.edges) - 1)])


def _outside(before: Distribution, now: Distribution) -> Cause | None:
    values = max(float(np.sum(now.fine)), 1.0)
    share = now.outside / values
    if share - before.outside / max(float(np.sum(before.fine)), 1.0) < OUTSIDE_SHARE:
        return None
    if isinstance(now, Frequencies):
        return Cause("new_category", f"{share:.1%} of the values are categories the reference does not have")
    return Cause("out_of_range", f"{share:.1%} of the values are beyond the reference's range")
