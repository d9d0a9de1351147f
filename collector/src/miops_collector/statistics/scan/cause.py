"""A first guess at what happened to a column, from what a data engineer would look at first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from miops_collector.layout import ColumnLayout, Summaries
from miops_collector.statistics.scan.units import unit_change
from miops_collector.summary import Distribution, Frequencies, Histogram

__all__ = ["Cause", "guess_cause"]

ABSENT_RISE: Final = 0.02
STUCK_RISE: Final = 0.3
STUCK_BINS: Final = 16
OUTSIDE_SHARE: Final = 0.01
"""Changes of shares of rows from which each cause is named."""


@dataclass(frozen=True, slots=True)
class Cause:
    """``kind`` is a word for machines, ``words`` complete the sentence for a person."""

    kind: str
    words: str


def guess_cause(column: ColumnLayout, reference: Summaries, current: Summaries) -> Cause | None:
    """The first that applies of: missing values, wrong types, changed unit, stuck value, new category, out of range."""
    before, now = reference.distribution(column), current.distribution(column)
    found = _absent(before, now)
    if found is None and isinstance(before, Histogram) and isinstance(now, Histogram):
        found = _unit(column, reference, current, before, now) or _stuck(before, now)
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


def _outside(before: Distribution, now: Distribution) -> Cause | None:
    values = max(float(np.sum(now.fine)), 1.0)
    share = now.outside / values
    if share - before.outside / max(float(np.sum(before.fine)), 1.0) < OUTSIDE_SHARE:
        return None
    if isinstance(now, Frequencies):
        return Cause("new_category", f"{share:.1%} of the values are categories the reference does not have")
    return Cause("out_of_range", f"{share:.1%} of the values are beyond the reference's range")
