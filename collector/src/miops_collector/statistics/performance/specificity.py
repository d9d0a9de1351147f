"""Specificity."""

from __future__ import annotations

from math import nan

import numpy as np

from miops_collector.statistics._ratio import binomial_error, mean_of_defined, ratio
from miops_collector.statistics._statistic import statistic
from miops_collector.statistics.performance._outcomes import outcomes
from miops_collector.summary import Confusion

__all__ = ["specificity", "standard_error"]


@statistic(
    bounds=(0.0, 1.0),
    higher="better",
    undefined="all labelled rows are of the class",
    rests_on="labelled",
)
def specificity(confusion: Confusion) -> float:
    """Share of the rows not of the class that the model leaves alone (true-negative rate).

    ::

        specificity = TN / (TN + FP) = 1 - false-positive rate

    0 … 1; higher is better. Binary: of the positive class; multiclass: mean over classes (macro), each against the
    rest.

    Parameters
    ----------
    confusion
        Truth by prediction.

    Returns
    -------
    float
        ``nan`` if every labelled row is of the class, or there are none; such classes are left out of the macro mean.

    Notes
    -----
    Close to 1 whenever the class is rare, even for a useless model; prefer ``precision`` there.

    Examples
    --------
    >>> confusion = Confusion(("no", "yes"), 1, np.array([[50.0, 10.0], [5.0, 35.0]]))
    >>> round(specificity(confusion), 4), round(standard_error(confusion), 4)
    (0.8333, 0.0481)

    References
    ----------
    J. Yerushalmy, "Statistical problems in assessing methods of medical diagnosis, with special reference to X-ray
    techniques", Public Health Reports 62(40), 1947, doi:10.2307/4586294.
    """
    found = outcomes(confusion)
    return mean_of_defined(ratio(found.tn, found.tn + found.fp))


def standard_error(confusion: Confusion) -> float:
    """Binomial, given the number of rows not of the positive class; ``nan`` for a macro mean."""
    found = outcomes(confusion)
    if found.tn.size != 1:
        return nan
    return binomial_error(specificity(confusion), float(np.sum(found.tn + found.fp)))
