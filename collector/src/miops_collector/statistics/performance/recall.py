"""Recall."""

from __future__ import annotations

from math import nan

import numpy as np

from miops_collector.statistics._ratio import binomial_error, mean_of_defined, ratio
from miops_collector.statistics._statistic import statistic
from miops_collector.statistics.performance._outcomes import outcomes
from miops_collector.summary import Confusion

__all__ = ["recall", "standard_error"]


@statistic(bounds=(0.0, 1.0), higher="better", undefined="no labelled rows are of the class", rests_on="labelled")
def recall(confusion: Confusion) -> float:
    """Share of the rows of the class that the model finds (sensitivity, true-positive rate).

    ::

        recall = TP / (TP + FN)

    0 … 1; higher is better. Binary: of the positive class; multiclass: mean over classes (macro), which is
    ``balanced_accuracy``.

    Parameters
    ----------
    confusion
        Truth by prediction.

    Returns
    -------
    float
        ``nan`` if no labelled row is of the class; such classes are left out of the macro mean.

    Notes
    -----
    Naming every row gives 1: read it together with ``precision`` or ``specificity``, or prefer ``f1``.

    Examples
    --------
    >>> confusion = Confusion(("no", "yes"), 1, np.array([[50.0, 10.0], [5.0, 35.0]]))
    >>> round(recall(confusion), 4), round(standard_error(confusion), 4)
    (0.875, 0.0523)

    References
    ----------
    M. Sokolova, G. Lapalme, "A systematic analysis of performance measures for classification tasks", Information
    Processing & Management 45(4), 2009, doi:10.1016/j.ipm.2009.03.002.
    """
    found = outcomes(confusion)
    return mean_of_defined(ratio(found.tp, found.tp + found.fn))


def standard_error(confusion: Confusion) -> float:
    """Binomial, given the number of rows of the positive class; ``nan`` for a macro mean."""
    found = outcomes(confusion)
    if found.tp.size != 1:
        return nan
    return binomial_error(recall(confusion), float(np.sum(found.tp + found.fn)))
