"""Mean absolute error, from few labels and many predictions."""

from __future__ import annotations

from math import inf

from miops_collector.statistics._statistic import statistic
from miops_collector.statistics.estimated_performance import ExpectedErrors
from miops_collector.statistics.prediction_powered._losses import mean_error
from miops_collector.statistics.prediction_powered._tuned import Powered
from miops_collector.summary import ErrorSum

__all__ = ["estimate", "mae"]


@statistic(bounds=(0.0, inf), higher="worse", undefined="no labelled rows", rests_on="labelled")
def mae(errors: ExpectedErrors) -> float:
    """How far off predictions are, from the rows whose truth came and how far off the others are expected to be.

    ::

        MAE = ȳ labelled + λ (f̄ others - f̄ labelled)
        y = |e|;  f: mean |e| among rows of such predictions in the reference;  λ: power tuning, as of ``accuracy``

    In the unit of the target; 0 = exact; lower is better.

    Parameters
    ----------
    errors
        Predictions of the window, the errors of those whose truth came, and how large errors were in the reference.

    Returns
    -------
    float
        ``nan`` without labelled rows.

    Notes
    -----
    Holds while truth comes to any row of the window alike, which ``labelled_difference`` watches as far as it shows.
    Errors may have grown since the reference: concept drift does not bias it. It gains where errors differ much among
    predictions. Prefer ``rmse`` where large errors count more.

    Examples
    --------
    >>> import numpy as np
    >>> from miops_collector.statistics.estimated_performance import loss_model
    >>> from miops_collector.summary import ErrorProfile, ErrorSum
    >>> sums = [ErrorSum.WEIGHT, ErrorSum.SIZE, ErrorSum.SQUARE, ErrorSum.FOURTH]
    >>> labelled, came = np.zeros((4, 14)), np.zeros((4, 14))
    >>> labelled[1:3, sums] = [[60, 60, 90, 200], [70, 210, 700, 9000]]
    >>> learnt = loss_model(ErrorProfile(labelled[:, 0], labelled))
    >>> came[1:3, sums] = [[20, 24, 40, 120], [10, 40, 180, 3900]]
    >>> window = ExpectedErrors(ErrorProfile(np.array([0.0, 150, 150, 0]), came), learnt)
    >>> found = estimate(window)
    >>> round(found.value, 4), round(found.standard_error, 4), round(found.tuning, 2)
    (2.5037, 0.2143, 1.0)

    References
    ----------
    A. N. Angelopoulos, S. Bates, C. Fannjiang, M. I. Jordan, T. Zrnic, "Prediction-powered inference", Science 382,
    2023, doi:10.1126/science.adi6000.
    A. N. Angelopoulos, J. C. Duchi, T. Zrnic, "PPI++: efficient prediction-powered inference", 2023,
    doi:10.48550/arXiv.2311.01453.
    """
    return max(estimate(errors).value, 0.0)


def estimate(errors: ExpectedErrors) -> Powered:
    """With its standard error and how far predictions are trusted."""
    return mean_error(errors, ErrorSum.SIZE)
