"""What a score means, learnt from the truth of the reference."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from miops_collector.statistics.estimated_performance._isotonic import expected_over_orders, rising
from miops_collector.statistics.estimated_performance._miscalibration import calibrating_helps
from miops_collector.statistics.performance.roc_auc import roc_auc
from miops_collector.summary import FloatArray, ScoreHistogram

__all__ = ["Calibration", "calibration"]

PERFECT = 0.999
"""A ranking better than this leaves nothing to calibrate with: nearly every share would be 0 or 1."""
REMEMBERED = 512


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """Chance of a positive truth by bin of the score, and how sure it is.

    Attributes
    ----------
    stated
        ``(b,)`` what the score itself says: the centre of the bin; ``nan`` when scores are no probabilities.
    probability
        ``(b,)`` the calibrated chance.
    row_variance
        ``(b,)`` variance of one row's truth. A row half positive is added, so that it is not 0 where all rows agree.
    block, block_variance
        ``(b,)`` pool of the isotonic fit each bin belongs to, ``(k,)`` variance of the chance of each pool: of the
        share of so many reference rows. Scores taken at their word have it too: they were checked with no more rows.
    isotonic
        Whether it was fitted; else the scores are taken at their word.
    left
        Mean of truth minus chance over the labelled rows of the reference: what scores at their word are off by, all in
        all, and 0 where they were fitted.
    """

    stated: FloatArray
    probability: FloatArray
    row_variance: FloatArray
    block: NDArray[np.int64]
    block_variance: FloatArray
    isotonic: bool
    left: float = 0.0


def calibration(reference: ScoreHistogram) -> Calibration:
    """From the labelled rows of the reference, of which there must be some.

    Probabilities are taken at their word when an isotonic fit would not make them more honest on rows it has not seen,
    when the ranking is all but perfect, or when the reference knows only one class. Scores that are no probabilities
    are always fitted, and mean nothing (``nan``) when the reference knows only one class.
    """
    by_truth = np.ascontiguousarray(reference.labelled.sum(axis=1))
    return _fitted(reference.edges.tobytes(), by_truth.tobytes(), reference.probabilities)


@lru_cache(maxsize=REMEMBERED)  # a fit takes 0.1 s and every window of the model asks for it
def _fitted(edges: bytes, by_truth: bytes, probabilities: bool) -> Calibration:  # noqa: FBT001 - a key of the cache
    bounds, counts = np.frombuffer(edges), np.frombuffer(by_truth).reshape(-1, 2)
    centers = (bounds[:-1] + bounds[1:]) / 2
    stated = centers if probabilities else np.full(centers.shape, np.nan)
    fit = rising(counts, centers)
    both = bool(np.all(np.rint(counts).sum(axis=0) > 0))
    isotonic = both and (not probabilities or _worth_fitting(bounds, counts, centers))
    probability = expected_over_orders(counts, centers) if isotonic else stated
    of_row = probability + (0.5 - probability) / (fit.support[fit.block] + 1)
    of_block = (np.bincount(fit.block, counts[:, 1]) + 0.5) / (fit.support + 1)
    return Calibration(
        stated,
        probability,
        row_variance=of_row * (1 - of_row),
        block=fit.block,
        block_variance=of_block * (1 - of_block) / fit.support,
        isotonic=isotonic,
        left=float((counts[:, 1] - counts.sum(axis=1) * probability).sum() / counts.sum()),
    )


def _worth_fitting(edges: FloatArray, counts: FloatArray, centers: FloatArray) -> bool:
    labelled = np.stack((counts, np.zeros_like(counts)), axis=1)
    ranking = roc_auc(ScoreHistogram(edges, probabilities=True, rows=labelled.sum(axis=2), labelled=labelled))
    return ranking <= PERFECT and calibrating_helps(counts, centers)
