"""Which of many p-values to act on, so that many quiet columns never add up to an alarm."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from miops_collector.summary import FloatArray, IntArray

__all__ = ["Discoveries", "benjamini_hochberg"]


@dataclass(frozen=True, slots=True, eq=False)
class Discoveries:
    """Per column: ``rank`` of its p-value (1 = smallest), whether ``rejected``, the ``threshold`` it was held to."""

    rank: IntArray
    rejected: NDArray[np.bool_]
    threshold: FloatArray


def benjamini_hochberg(log_p: FloatArray, alpha: float) -> Discoveries:
    """Reject the ``k`` smallest p-values, ``k`` the largest rank with ``p <= alpha * k / columns``.

    When nothing drifts the chance of any rejection is at most ``alpha`` for independent or positively dependent
    columns; when something does, ``alpha`` bounds the expected share of false ones among the rejected.

    Parameters
    ----------
    log_p
        ``(columns,)`` natural logarithms.
    alpha
        Level.

    Examples
    --------
    >>> benjamini_hochberg(np.log([0.04, 0.9, 0.01]), 0.05).rejected.tolist()
    [False, False, True]

    References
    ----------
    Y. Benjamini, Y. Hochberg, "Controlling the false discovery rate: a practical and powerful approach to multiple
    testing", Journal of the Royal Statistical Society B, 1995, doi:10.1111/j.2517-6161.1995.tb02031.x.
    """
    count = len(log_p)
    rank = np.empty(count, dtype=np.int64)
    rank[np.argsort(log_p, kind="stable")] = np.arange(1, count + 1)
    passed = log_p <= np.log(alpha * rank / max(count, 1))
    cut = int(rank[passed].max()) if passed.any() else 0
    threshold = alpha * np.maximum(rank, cut) / max(count, 1)
    return Discoveries(rank, rank <= cut, threshold)
