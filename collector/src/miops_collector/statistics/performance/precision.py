"""Precision."""

from __future__ import annotations

from math import nan

import numpy as np

from miops_collector.statistics._ratio import binomial_error, mean_of_defined, ratio
from miops_collector.statistics._statistic import statistic
from miops_collector.statistics.performance._outcomes import outcomes
from miops_collector.summary import Confusion

__all__ = ["precision", "standard_error"]


@statistic(
    bounds=(0.0, 1.0),
    higher="better",
    undefined="no labelled rows were predicted as the class",
    rests_on="labelled",
)
def precision(confusion: Confusion) -> float:
    """How often the model is right when it names the class.

    ::

        precision = TP / (TP + FP)

    0 … 1; higher is better. Binary: of the positive class; multiclass: mean over classes (macro).

    Parameters
    ----------
    confusion
        Truth by prediction.

    Returns
    -------
    float
        ``nan`` if the class was never predicted; such classes are left out of the macro mean, so a class the model
        has stopped naming shows in ``recall`` and ``f1`` (scikit-learn with ``zero_division=nan``).

    Notes
    -----
    The price of acting on a prediction; prefer ``recall`` for the price of missing one. It falls when the class becomes
    rarer even if the model is unchanged; ``recall`` and ``specificity`` do not.

    Examples
    --------
    >>> confusion = Confusion(("no", "yes"), 1, np.array([[50.0, 10.0], [5.0, 35.0]]))
    >>> round(precision(confusion), 4), round(standard_error(confusion), 4)
    (0.7778, 0.062)

    References
    ----------
    M. Sokolova, G. Lapalme, "A systematic analysis of performance measures for classification tasks", Information
    Processing & Management 45(4), 2009, doi:10.1016/j.ipm.2009.03.002.
    """
    found = outcomes(confusion)
    return mean_of_defined(ratio(found.tp, found.tp + found.fp))


def standard_error(confusion: Confusion) -> float:
    """Binomial, given the number of predictions of the positive class; ``nan`` for a macro mean."""
    found = outcomes(confusion)
    if found.tp.size != 1:
        return nan
    return binomial_error(precision(confusion), float(np.sum(found.tp + found.fp)))
