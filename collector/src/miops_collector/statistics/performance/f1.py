"""F1 score."""

from __future__ import annotations

from math import nan

import numpy as np

from miops_collector.statistics._ratio import binomial_error, mean_of_defined, quotient, ratio
from miops_collector.statistics._statistic import statistic
from miops_collector.statistics.performance._outcomes import outcomes
from miops_collector.summary import Confusion

__all__ = ["f1", "standard_error"]


@statistic(
    bounds=(0.0, 1.0),
    higher="better",
    undefined="no labelled rows are of the class or were predicted as it",
    rests_on="labelled",
)
def f1(confusion: Confusion) -> float:
    """Harmonic mean of precision and recall: high only if the class is both found and not cried in vain.

    ::

        F1 = 2 TP / (2 TP + FP + FN)

    0 … 1; higher is better. Binary: of the positive class; multiclass: mean over classes (macro).

    Parameters
    ----------
    confusion
        Truth by prediction.

    Returns
    -------
    float
        ``nan`` if the class neither occurs nor is predicted; such classes are left out of the macro mean. 0 if it
        occurs and is never predicted.

    Notes
    -----
    Ignores true negatives and depends on which class is called positive; prefer ``matthews`` when both classes matter.

    Examples
    --------
    >>> confusion = Confusion(("no", "yes"), 1, np.array([[50.0, 10.0], [5.0, 35.0]]))
    >>> round(f1(confusion), 4), round(standard_error(confusion), 4)
    (0.8235, 0.0448)

    References
    ----------
    K. Takahashi, K. Yamamoto, A. Kuchiba, T. Koyama, "Confidence interval for micro-averaged F1 and macro-averaged F1
    scores", Applied Intelligence 52, 2022, doi:10.1007/s10489-021-02635-5.
    """
    found = outcomes(confusion)
    return mean_of_defined(ratio(2 * found.tp, 2 * found.tp + found.fp + found.fn))


def standard_error(confusion: Confusion) -> float:
    """By the delta method; ``nan`` for a macro mean.

    With θ the share of hits among the ``s = TP + FP + FN`` rows that count, ``F1 = 2θ / (1 + θ)`` and θ is binomial.
    """
    found = outcomes(confusion)
    if found.tp.size != 1:
        return nan
    counting = float(np.sum(found.tp + found.fp + found.fn))
    theta = quotient(float(found.tp[0]), counting)
    return 2 / (1 + theta) ** 2 * binomial_error(theta, counting)
