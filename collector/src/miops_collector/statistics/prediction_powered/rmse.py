"""Root mean squared error, from few labels and many predictions."""

from __future__ import annotations

from math import inf, sqrt

from miops_collector.statistics._statistic import statistic
from miops_collector.statistics.estimated_performance import ExpectedErrors
from miops_collector.statistics.prediction_powered._losses import mean_error, root_mean_square
from miops_collector.statistics.prediction_powered._tuned import Powered, loss_interval
from miops_collector.summary import ErrorSum

__all__ = ["estimate", "interval", "rmse"]


@statistic(bounds=(0.0, inf), higher="worse", undefined="no labelled rows", rests_on="labelled")
def rmse(errors: ExpectedErrors) -> float:
    """Typical size of an error, from the rows whose truth came and how large the others' are expected to be.

    ::

        RMSE = √( ȳ labelled + λ (f̄ others - f̄ labelled) )
        y = e²;  f: mean e² among rows of such predictions in the reference;  λ: power tuning, as of ``accuracy``

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
    predictions. Heavy tails of the errors make an interval from few
    labels too short; prefer ``mae`` there.

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
    >>> round(rmse(window), 4), round(estimate(window).standard_error, 4), [round(end, 4) for end in interval(window)]
    (2.9845, 0.1944, [2.6268, 3.3909])

    References
    ----------
    A. N. Angelopoulos, S. Bates, C. Fannjiang, M. I. Jordan, T. Zrnic, "Prediction-powered inference", Science 382,
    2023, doi:10.1126/science.adi6000.
    A. N. Angelopoulos, J. C. Duchi, T. Zrnic, "PPI++: efficient prediction-powered inference", 2023,
    doi:10.48550/arXiv.2311.01453.
    """
    return estimate(errors).value


def estimate(errors: ExpectedErrors) -> Powered:
    """With its standard error and how far predictions are trusted."""
    return root_mean_square(errors)


def interval(errors: ExpectedErrors) -> tuple[float, float]:
    """Of 95 %: the square roots of the ends of that of the mean squared error."""
    low, high = loss_interval(mean_error(errors, ErrorSum.SQUARE))
    return sqrt(low), sqrt(high)
