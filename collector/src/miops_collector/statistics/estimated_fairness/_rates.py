"""Expected rates of many groups at once, with their standard errors: what ``estimated_performance`` says of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from miops_collector.statistics._ratio import ratio
from miops_collector.statistics.estimated_performance import Calibration
from miops_collector.summary import FloatArray

__all__ = ["Learnt", "Rate", "Rates", "rates"]


class Learnt(NamedTuple):
    """What scores mean, by group: see :class:`~miops_collector.statistics.estimated_performance.Calibration`.

    ``chance`` and ``block`` are ``(g, b)``, a block's number counts on from group to group; ``block_variance`` is
    ``(k,)`` of all groups and ``owner`` the group of each.
    """

    chance: FloatArray
    block: NDArray[np.int64]
    block_variance: FloatArray
    owner: NDArray[np.int64]

    @classmethod
    def of(cls, calibrations: Sequence[Calibration]) -> Learnt:
        """Of at least one group."""
        sizes = np.array([len(c.block_variance) for c in calibrations])
        firsts = np.cumsum(sizes) - sizes
        return cls(
            np.stack([c.probability for c in calibrations]),
            np.stack([c.block for c in calibrations]) + firsts[:, None],
            np.concatenate([c.block_variance for c in calibrations]),
            np.repeat(np.arange(len(sizes)), sizes),
        )


class Rate(NamedTuple):
    """``(g,)`` each; ``nan`` where it is 0/0 or the scores of the group mean nothing."""

    value: FloatArray
    error: FloatArray

    def at(self, places: Sequence[int], groups: int) -> Rate:
        """Among more groups, of which the others mean nothing."""
        wider = np.full((2, groups), np.nan)
        wider[:, places] = self
        return Rate(*wider)


class Rates(NamedTuple):
    """Of the rows that are expected to be right, positive, negative or decided for."""

    accuracy: Rate
    precision: Rate
    recall: Rate
    specificity: Rate

    @classmethod
    def nothing(cls, groups: int) -> Rates:
        """Of groups none of which means anything."""
        return cls(*(Rate(*np.full((2, groups), np.nan)) for _ in cls._fields))

    def at(self, places: Sequence[int], groups: int) -> Rates:
        """Among more groups, of which the others mean nothing."""
        return Rates(*(rate.at(places, groups) for rate in self))


def rates(rows: FloatArray, learnt: Learnt) -> Rates:
    """Binomial errors of the expected cells, and those of the chances, learnt from a finite reference.

    ``rows``: ``(g, b, 2)`` by bin of the score and predicted class.
    """
    positive = np.einsum("gbc,gb->gc", rows, learnt.chance)
    negative = np.einsum("gbc,gb->gc", rows, 1 - learnt.chance)
    (fn, tp), (tn, fp) = positive.T, negative.T
    one, decided = ratio(np.ones(len(rows)), tp + fp + fn + tn), ratio(np.ones(len(rows)), tp + fp)
    zero = np.zeros(len(rows))
    parts = (
        (tp + tn, rows.sum(axis=(1, 2)), (-one, one)),
        (tp, tp + fp, (zero, decided)),
        (tp, tp + fn, (-ratio(tp, (tp + fn) ** 2), ratio(fn, (tp + fn) ** 2))),
        (tn, tn + fp, (-ratio(fp, (tn + fp) ** 2), ratio(tn, (tn + fp) ** 2))),
    )
    return Rates(*(_rate(rows, learnt, hits, of, np.stack(change, axis=1)) for hits, of, change in parts))


def _rate(rows: FloatArray, learnt: Learnt, hits: FloatArray, of: FloatArray, change: FloatArray) -> Rate:
    """``change``: ``(g, 2)`` by predicted class, when the truth of one row turns from negative to positive."""
    value = ratio(hits, of)
    binomial = ratio(np.maximum(value * (1 - value), 0.0), of)
    pull = np.einsum("gbc,gc->gb", rows, change).ravel()
    of_blocks = np.bincount(learnt.block.ravel(), pull, len(learnt.block_variance)) ** 2 * learnt.block_variance
    return Rate(value, np.sqrt(binomial + np.bincount(learnt.owner, of_blocks, len(rows))))
