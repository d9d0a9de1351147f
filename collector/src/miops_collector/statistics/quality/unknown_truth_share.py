"""Share of truths that are classes the model does not know."""

from __future__ import annotations

from miops_collector.statistics._ratio import binomial_error, quotient
from miops_collector.statistics._statistic import statistic
from miops_collector.summary import Confusion

__all__ = ["standard_error", "unknown_truth_share"]


@statistic(bounds=(0.0, 1.0), higher="worse", undefined="no labelled rows", rests_on="labelled")
def unknown_truth_share(confusion: Confusion) -> float:
    """Share of labelled rows whose truth is none of the classes that the model may predict.

    ::

        unknown truth share = unknown / labelled

    0 = every truth could have been predicted, 1 = none; higher is worse.

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
    The classes are those of the reference, its truth among them, or those that the model said. A new class, or another
    spelling of an old one, makes every such prediction wrong: all of them together count as one class of their own in
    the performance statistics, as in scikit-learn, which none of the predictions names. So they lower accuracy, and
    balanced accuracy by the recall of one class, 0; they are false positives of the class that was predicted. They are
    left out where the truth's own score is needed (log loss, Brier, ROC AUC, average precision), of fairness, and of
    estimates. Prefer ``accuracy`` for what it costs.

    Examples
    --------
    >>> import numpy as np
    >>> cells, unknown = np.array([[50.0, 10.0], [5.0, 25.0]]), np.array([4.0, 6.0])
    >>> confusion = Confusion.with_unknown(("no", "yes"), 1, cells, unknown)
    >>> unknown_truth_share(confusion), round(standard_error(confusion), 4)
    (0.1, 0.03)

    References
    ----------
    W. J. Scheirer, A. de Rezende Rocha, A. Sapkota, T. E. Boult, "Toward open set recognition", IEEE Transactions on
    Pattern Analysis and Machine Intelligence 35(7), 2013, doi:10.1109/TPAMI.2012.256.
    """
    return quotient(confusion.unknown, float(confusion.cells.sum()))


def standard_error(confusion: Confusion) -> float:
    """Binomial, for independent rows; ``nan`` without labelled rows."""
    return binomial_error(unknown_truth_share(confusion), float(confusion.cells.sum()))
