"""Accuracy."""

from __future__ import annotations

import numpy as np

from miops_collector.statistics._ratio import binomial_error, quotient
from miops_collector.statistics._statistic import statistic
from miops_collector.summary import Confusion

__all__ = ["accuracy", "standard_error"]


@statistic(bounds=(0.0, 1.0), higher="better", undefined="no labelled rows", rests_on="labelled")
def accuracy(confusion: Confusion) -> float:
    """Share of labelled rows that were predicted right.

    ::

        accuracy = Σ cells[i, i] / Σ cells

    0 = always wrong, 1 = always right; higher is better.

    Parameters
    ----------
    confusion
        Truth by prediction, any number of classes.

    Returns
    -------
    float
        ``nan`` without labelled rows.

    Notes
    -----
    Follows the frequent classes: always naming the most frequent one scores its share. Prefer ``balanced_accuracy``
    or ``matthews`` when classes are rare or their shares change over time.

    Examples
    --------
    >>> confusion = Confusion(("no", "yes"), 1, np.array([[50.0, 10.0], [5.0, 35.0]]))
    >>> accuracy(confusion), round(standard_error(confusion), 4)
    (0.85, 0.0357)

    References
    ----------
    M. Sokolova, G. Lapalme, "A systematic analysis of performance measures for classification tasks", Information
    Processing & Management 45(4), 2009, doi:10.1016/j.ipm.2009.03.002.
    """
    return quotient(float(np.trace(confusion.cells)), float(confusion.cells.sum()))


def standard_error(confusion: Confusion) -> float:
    """Binomial: ``√(accuracy (1 - accuracy) / n)``; ``nan`` without labelled rows."""
    return binomial_error(accuracy(confusion), float(confusion.cells.sum()))
