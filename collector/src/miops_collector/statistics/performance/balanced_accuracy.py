"""Balanced accuracy."""

from __future__ import annotations

from math import sqrt

import numpy as np

from miops_collector.statistics._ratio import mean_of_defined, ratio
from miops_collector.statistics._statistic import statistic
from miops_collector.summary import Confusion, FloatArray

__all__ = ["balanced_accuracy", "standard_error"]


@statistic(bounds=(0.0, 1.0), higher="better", undefined="no labelled rows", rests_on="labelled")
def balanced_accuracy(confusion: Confusion) -> float:
    """Accuracy as it would be if every class were equally frequent.

    ::

        balanced accuracy = mean over classes of  cells[i, i] / Σⱼ cells[i, j]

    0 = always wrong, 1 = always right, 1/k = guessing; higher is better.

    Parameters
    ----------
    confusion
        Truth by prediction, any number of classes.

    Returns
    -------
    float
        ``nan`` without labelled rows. Classes that were never true in the window are left out of the mean, because
        nothing is known of them (as in scikit-learn).

    Notes
    -----
    Does not move when only the shares of the classes change; prefer ``accuracy`` for the share of wrong decisions as it
    is felt by users.

    Examples
    --------
    >>> confusion = Confusion(("no", "yes"), 1, np.array([[50.0, 10.0], [5.0, 35.0]]))
    >>> round(balanced_accuracy(confusion), 4), round(standard_error(confusion), 4)
    (0.8542, 0.0355)

    References
    ----------
    K. H. Brodersen, C. S. Ong, K. E. Stephan, J. M. Buhmann, "The balanced accuracy and its posterior distribution",
    20th International Conference on Pattern Recognition, 2010, doi:10.1109/ICPR.2010.764.
    """
    return mean_of_defined(_recalls(confusion))


def standard_error(confusion: Confusion) -> float:
    """Of independent binomial recalls: ``√Σ rᵢ (1 - rᵢ) / nᵢ / k``; ``nan`` without labelled rows."""
    recalls = _recalls(confusion)
    variances = ratio(recalls * (1 - recalls), confusion.cells.sum(axis=1))
    present = variances[~np.isnan(variances)]
    return sqrt(mean_of_defined(variances) / present.size) if present.size else float("nan")


def _recalls(confusion: Confusion) -> FloatArray:
    return ratio(np.diagonal(confusion.cells), confusion.cells.sum(axis=1))
