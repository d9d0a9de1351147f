"""The scores of every group seen through the calibration of that group."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from math import hypot, nan
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from miops_collector.statistics._once import once
from miops_collector.statistics.estimated_fairness._measures import MEASURES, measure_groups
from miops_collector.statistics.estimated_fairness._rates import Learnt, Rate, Rates, rates
from miops_collector.statistics.estimated_fairness._surprise import Surprise, by_bins, surprise_of
from miops_collector.statistics.estimated_performance import CalibratedScores, Calibration, calibration
from miops_collector.summary import FloatArray, GroupLosses, GroupScores

__all__ = ["CalibratedGroups", "calibrated_groups", "error_of_gap", "gap"]


@dataclass(frozen=True, eq=False)  # no slots: the rates of the groups are computed once
class CalibratedGroups:
    """Groups of one axis; ``None`` for those whose reference has too little truth to learn from.

    ``surprise`` is what is known of the log losses of the reference; ``None`` where nothing is.
    """

    axis: tuple[str, ...]
    names: tuple[str, ...]
    groups: tuple[CalibratedScores | None, ...]
    surprise: Surprise | None = None

    @cached_property
    def rows(self) -> FloatArray:
        """``(g,)`` rows that have a score."""
        return np.array([g.rows if g else 0.0 for g in self.groups])

    @property
    def learnt(self) -> tuple[bool, ...]:
        """Which groups mean something."""
        return tuple(g is not None for g in self.groups)

    @cached_property
    def rates(self) -> Rates:
        """Expected rates of every group; ``nan`` for groups that mean nothing."""
        places = [i for i, g in enumerate(self.groups) if g]
        known = [g for g in self.groups if g]
        if not known:
            return Rates.nothing(len(self.groups))
        found = rates(np.stack([g.scores.rows for g in known]), Learnt.of([g.calibration for g in known]))
        return found.at(places, len(self.groups))

    @cached_property
    def measures(self) -> Mapping[str, Rate]:
        """What else is expected of every group, by name; ``nan`` for groups that mean nothing."""
        places = [i for i, g in enumerate(self.groups) if g]
        nothing = Rate(*np.full((2, len(self.groups)), np.nan))
        if not places:
            return dict.fromkeys((*MEASURES, "log_loss"), nothing)
        found = {
            n: rate.at(places, len(self.groups)) for n, rate in measure_groups([g for g in self.groups if g]).items()
        }
        known = self.surprise
        return found | {"log_loss": known.now(by_bins(self.groups), self.rows) if known else nothing}


def calibrated_groups(
    reference: GroupScores, window: GroupScores, *, minimum_rows: float, losses: GroupLosses | None = None
) -> CalibratedGroups:
    """Groups with fewer labelled reference rows than this mean nothing. ``losses`` are those of the reference."""
    learnt = once(_learnt, reference, max(minimum_rows, 1.0))
    surprise = None if losses is None else once(_surprise, reference, losses, max(minimum_rows, 1.0))
    return CalibratedGroups(window.axis, window.names, _seen(window, learnt), surprise)


def _seen(window: GroupScores, learnt: tuple[Calibration | None, ...]) -> tuple[CalibratedScores | None, ...]:
    pairs = zip(window.of_groups(), learnt, strict=True)
    return tuple(CalibratedScores(now, c) if c else None for now, c in pairs)


def _learnt(reference: GroupScores, least: float) -> tuple[Calibration | None, ...]:
    return tuple(calibration(then) if then.labelled.sum() >= least else None for then in reference.of_groups())


def _surprise(reference: GroupScores, losses: GroupLosses, least: float) -> Surprise:
    seen = _seen(reference, once(_learnt, reference, least))
    return surprise_of(losses, [g.known if g else None for g in seen])


class Grouped(Protocol):
    """Estimates by group, whatever they are made of."""

    @property
    def rows(self) -> FloatArray: ...


def gap(values: FloatArray, groups: Grouped, minimum_rows: float) -> float:
    """Largest minus smallest among groups of enough rows; ``nan`` for fewer than two."""
    compared = values[_compared(values, groups, minimum_rows)]
    return float(compared.max() - compared.min()) if compared.size > 1 else nan


def error_of_gap(values: FloatArray, errors: FloatArray, groups: Grouped, minimum_rows: float) -> float:
    """Standard error of the difference of the two groups that are furthest apart, as if they had been named before."""
    compared = _compared(values, groups, minimum_rows)
    if compared.sum() < 2:
        return nan
    apart, found = values[compared], errors[compared]
    return hypot(float(found[apart.argmax()]), float(found[apart.argmin()]))


def _compared(values: FloatArray, groups: Grouped, minimum_rows: float) -> NDArray[np.bool_]:
    chosen: NDArray[np.bool_] = (groups.rows >= minimum_rows) & ~np.isnan(values)
    return chosen
