"""Matthews correlation coefficient."""

from __future__ import annotations

from math import sqrt

import numpy as np

from miops_collector.statistics._ratio import quotient
from miops_collector.statistics._statistic import statistic
from miops_collector.summary import Confusion, FloatArray

__all__ = ["matthews"]


@statistic(
    bounds=(-1.0, 1.0),
    higher="better",
    undefined="truth or prediction has only one class among the labelled rows",
    rests_on="labelled",
)
def matthews(confusion: Confusion) -> float:
    """Correlation of prediction and truth.

    ::

        MCC = (c s - Σ tₖ pₖ) / √( (s² - Σ pₖ²) (s² - Σ tₖ²) )

    with s rows, c of them right, tₖ true and pₖ predicted rows of class k. Two classes:
    ``(TP TN - FP FN) / √((TP+FP)(TP+FN)(TN+FP)(TN+FN))``.
    1 = always right, 0 = no better than chance, -1 (two classes) = always wrong; higher is better.

    Parameters
    ----------
    confusion
        Truth by prediction, any number of classes.

    Returns
    -------
    float
        ``nan`` if only one class occurs or only one is predicted: nothing can correlate (scikit-learn says 0).

    Notes
    -----
    The one number to read for unequal classes: it is high only if all four cells are good, and does not depend on which
    class is positive. Prefer ``roc_auc`` to judge the scores rather than the decisions.

    Examples
    --------
    >>> confusion = Confusion(("no", "yes"), 1, np.array([[50.0, 10.0], [5.0, 35.0]]))
    >>> round(matthews(confusion), 4)
    0.6975

    References
    ----------
    B. W. Matthews, "Comparison of the predicted and observed secondary structure of T4 phage lysozyme", Biochimica et
    Biophysica Acta 405(2), 1975, doi:10.1016/0005-2795(75)90109-9.
    J. Gorodkin, "Comparing two K-category assignments by a K-category correlation coefficient", Computational Biology
    and Chemistry 28(5-6), 2004, doi:10.1016/j.compbiolchem.2004.09.006.
    """
    cells = confusion.cells
    true, predicted, rows = cells.sum(axis=1), cells.sum(axis=0), float(cells.sum())
    agreement = float(np.trace(cells)) * rows - float(true @ predicted)
    spread = (rows * rows - float(predicted @ predicted)) * (rows * rows - float(true @ true))
    if _single(true) or _single(predicted):
        return float("nan")
    return min(max(quotient(agreement, sqrt(max(spread, 0.0))), -1.0), 1.0)


def _single(counts: FloatArray) -> bool:
    return int(np.count_nonzero(counts)) < 2
