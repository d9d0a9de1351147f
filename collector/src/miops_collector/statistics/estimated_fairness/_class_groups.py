"""The scores of every class in every group, each seen through what it meant in that group."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np

from miops_collector.statistics._once import once
from miops_collector.statistics._ratio import ratio
from miops_collector.statistics.estimated_fairness._measures import measure_groups
from miops_collector.statistics.estimated_fairness._rates import Learnt, Rate, Rates, rates
from miops_collector.statistics.estimated_fairness._surprise import Surprise, by_bins, surprise_of
from miops_collector.statistics.estimated_performance import (
    CalibratedClasses,
    CalibratedScores,
    Calibration,
    calibration,
)
from miops_collector.summary import FloatArray, GroupClassScores, GroupLosses

__all__ = ["MACRO", "ClassGroups", "class_groups"]

MACRO: Final = ("average_precision", "f1", "precision", "recall", "roc_auc", "specificity")
"""Means over classes, each against the rest."""
OTHERS: Final = ("accuracy", "balanced_accuracy", "brier", "log_loss")


@dataclass(frozen=True, eq=False)  # no slots: what is expected of the groups is computed once
class ClassGroups:
    """Groups of one axis; ``None`` for those whose reference has too little truth to learn from.

    ``surprise`` is what is known of the log losses of the reference; ``None`` where nothing is.
    """

    axis: tuple[str, ...]
    names: tuple[str, ...]
    groups: tuple[CalibratedClasses | None, ...]
    surprise: Surprise | None = None

    @cached_property
    def rows(self) -> FloatArray:
        """``(g,)`` rows that have scores."""
        return np.array([g.rows if g else 0.0 for g in self.groups])

    @property
    def learnt(self) -> tuple[bool, ...]:
        """Which groups mean something."""
        return tuple(g is not None for g in self.groups)

    @property
    def rates(self) -> Rates:
        """Accuracy, and means over classes; ``nan`` for groups that mean nothing."""
        return Rates(*(self.measures[name] for name in Rates._fields))

    @cached_property
    def measures(self) -> Mapping[str, Rate]:
        """All that is expected of every group, by name; ``nan`` for groups that mean nothing."""
        places = [i for i, g in enumerate(self.groups) if g]
        nothing = Rate(*np.full((2, len(self.groups)), np.nan))
        if not places:
            return dict.fromkeys((*MACRO, *OTHERS), nothing)
        found = {n: rate.at(places, len(self.groups)) for n, rate in _measured([g for g in self.groups if g]).items()}
        known = self.surprise
        return found | {"log_loss": known.now(by_bins(self.groups), self.rows) if known else nothing}


def class_groups(
    reference: GroupClassScores, window: GroupClassScores, *, minimum_rows: float, losses: GroupLosses | None = None
) -> ClassGroups:
    """Groups with fewer labelled reference rows than this mean nothing. ``losses`` are those of the reference."""
    least = max(minimum_rows, 1.0)
    surprise = None if losses is None else once(_surprise, reference, losses, least)
    return ClassGroups(window.axis, window.names, _seen(window, once(_learnt, reference, least)), surprise)


_Learnt = tuple[tuple[Calibration, ...] | None, ...]


def _learnt(reference: GroupClassScores, least: float) -> _Learnt:
    return tuple(
        tuple(calibration(of_class) for of_class in then) if min(c.labelled.sum() for c in then) >= least else None
        for then in reference.of_groups()
    )


def _seen(window: GroupClassScores, learnt: _Learnt) -> tuple[CalibratedClasses | None, ...]:
    return tuple(
        CalibratedClasses(tuple(CalibratedScores(*pair) for pair in zip(now, then, strict=True))) if then else None
        for now, then in zip(window.of_groups(), learnt, strict=True)
    )


def _surprise(reference: GroupClassScores, losses: GroupLosses, least: float) -> Surprise:
    seen = _seen(reference, once(_learnt, reference, least))
    return surprise_of(losses, [CalibratedClasses(tuple(c.known for c in g.classes)) if g else None for g in seen])


def _measured(groups: list[CalibratedClasses]) -> dict[str, Rate]:
    """Of every class in every group at once, as many binary classifiers; then over classes."""
    each, shape = [c for g in groups for c in g.classes], (len(groups), -1)
    learnt = Learnt.of([c.calibration for c in each])
    rows = np.stack([c.scores.rows for c in each])
    of_class = {
        name: Rate(*(part.reshape(shape) for part in rate))
        for name, rate in (measure_groups(each) | rates(rows, learnt)._asdict()).items()
    }
    found = {name: _mean(of_class[name]) for name in MACRO}
    brier, classes = _mean(of_class["brier"]), of_class["brier"].value.shape[1]
    accuracy = _accuracy(rows, learnt, np.array([g.rows for g in groups]))
    return found | {
        "accuracy": accuracy, "balanced_accuracy": found["recall"],
        "brier": Rate(classes * brier.value, classes * brier.error),
    }  # fmt: skip


def _mean(of_class: Rate) -> Rate:
    """Over the classes for which it is defined; its error is at most this, as one row's truth moves two classes."""
    known = ~np.isnan(of_class.value)
    count = known.sum(axis=1).astype(np.float64)
    squares = np.where(known, of_class.error**2, 0.0).sum(axis=1)
    error = ratio(np.sqrt(np.minimum(count, 2.0) * squares), count)
    return Rate(ratio(np.where(known, of_class.value, 0.0).sum(axis=1), count), error)


def _accuracy(rows: FloatArray, learnt: Learnt, of_group: FloatArray) -> Rate:
    """Share of rows that were decided for some class and rightly so. ``rows``: ``(g k, b, 2)``."""
    groups, per_class = len(of_group), np.repeat(of_group, len(rows) // len(of_group))
    decided = ratio(rows[..., 1], np.broadcast_to(per_class[:, None], rows.shape[:2]))
    value = (decided * learnt.chance).sum(axis=1).reshape(groups, -1).sum(axis=1)
    value = np.where(of_group > 0, value, np.nan)
    of_blocks = np.bincount(learnt.block.ravel(), decided.ravel(), len(learnt.block_variance)) ** 2
    owner = learnt.owner // (len(rows) // groups)
    doubt = np.bincount(owner, of_blocks * learnt.block_variance, groups)
    return Rate(value, np.sqrt(ratio(np.maximum(value * (1 - value), 0.0), of_group) + doubt))
