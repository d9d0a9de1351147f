"""Means over classes, each against the rest, of shares of the labelled rows of a group."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from miops_collector.statistics._ratio import ratio
from miops_collector.summary import FloatArray, GroupClasses

__all__ = ["F1", "PRECISION", "RECALL", "SPECIFICITY", "Macro", "labelled_rows", "mean_of_known"]


class _Terms(NamedTuple):
    """How often a sum has, of each class, its rows that were rightly decided, its rows, those decided for it, all."""

    right: float = 0.0
    true: float = 0.0
    decided: float = 0.0
    rows: float = 0.0


@dataclass(frozen=True, slots=True)
class Macro:
    """Mean over classes of ``numerator / denominator``; a class whose denominator is 0 in a group is left out there."""

    numerator: _Terms
    denominator: _Terms

    def value(self, groups: GroupClasses) -> FloatArray:
        """``(g,)``, ``nan`` where no class is left."""
        return mean_of_known(np.where(_is_there(groups), ratio(*self._parts(groups.confusion)), np.nan))

    def error(self, groups: GroupClasses) -> FloatArray:
        """``(g,)`` by the delta method, for independent rows: one row may count in the shares of several classes.

        Half a row more of each class is right and half a row wrong, so that a group without errors is not taken as
        certain; ``nan`` where the number is.
        """
        cells = groups.confusion
        known = _is_there(groups) & (self._parts(cells)[1] > 0)
        spread = _spread(cells.shape[1])
        slope = self._slope(cells + spread, known)
        rows = cells.sum(axis=(1, 2))
        variance = ratio(((cells + spread) * slope**2).sum(axis=(1, 2)) * (rows + spread.sum()), rows)
        return np.where(known.any(axis=1), np.sqrt(variance), np.nan)

    def _parts(self, cells: FloatArray) -> tuple[FloatArray, FloatArray]:
        """``(g, k)`` each."""
        sums = np.stack(_sums(cells))
        numerator, denominator = (np.tensordot(np.array(of), sums, 1) for of in (self.numerator, self.denominator))
        return numerator, denominator

    def _slope(self, cells: FloatArray, known: NDArray[np.bool_]) -> FloatArray:
        """``(g, k, k)`` by how much the mean grows with one row more in a cell."""
        top, bottom = self._parts(cells)
        weight = ratio(known / np.maximum(known.sum(axis=1, keepdims=True), 1), bottom)
        right, true, decided, rows = (
            (up - top / bottom * down) * weight for up, down in zip(self.numerator, self.denominator, strict=True)
        )
        of_right = np.eye(cells.shape[1]) * right[:, :, None]
        return np.asarray(of_right + true[:, :, None] + decided[:, None, :] + rows.sum(axis=1)[:, None, None])


PRECISION = Macro(_Terms(right=1), _Terms(decided=1))
RECALL = Macro(_Terms(right=1), _Terms(true=1))
F1 = Macro(_Terms(right=2), _Terms(true=1, decided=1))
SPECIFICITY = Macro(_Terms(right=1, true=-1, decided=-1, rows=1), _Terms(true=-1, rows=1))


def labelled_rows(groups: GroupClasses) -> FloatArray:
    """``(g,)`` of all classes."""
    return np.asarray(groups.confusion.sum(axis=(1, 2)))


def mean_of_known(of_class: FloatArray) -> FloatArray:
    """``(g,)`` of ``(g, k)``, over those that are not ``nan``; ``nan`` if all are."""
    known = ~np.isnan(of_class)
    return ratio(np.where(known, of_class, 0.0).sum(axis=1), known.sum(axis=1).astype(np.float64))


def _is_there(groups: GroupClasses) -> NDArray[np.bool_]:
    """``(g, k)`` all classes, and that of unknown truth only in groups that have some."""
    there: NDArray[np.bool_] = groups.confusion.sum(axis=2) > 0
    there[:, : len(groups.classes)] = True
    return there


def _sums(cells: FloatArray) -> tuple[FloatArray, ...]:
    true = cells.sum(axis=2)
    every = np.broadcast_to(true.sum(axis=1, keepdims=True), true.shape)
    return np.diagonal(cells, axis1=1, axis2=2), true, cells.sum(axis=1), every


def _spread(classes: int) -> FloatArray:
    """``(k, k)`` what is added: 1 to each row and column, half of it where they meet."""
    wrong = np.full((classes, classes), 0.5 / max(classes - 1, 1))
    np.fill_diagonal(wrong, 0.5)
    return wrong
