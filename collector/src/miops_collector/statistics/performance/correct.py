"""Number of right predictions."""

from __future__ import annotations

from math import inf

import numpy as np

from miops_collector.statistics._statistic import statistic
from miops_collector.summary import Confusion

__all__ = ["correct"]


@statistic(
    bounds=(0.0, inf),
    higher="neither",
    undefined="never",
    rests_on="labelled",
    unit="{row}",
    scale_free=False,
)
def correct(confusion: Confusion) -> float:
    """Labelled rows that were predicted right, as a count that a dashboard can add up over windows and models.

    ::

        correct = Σ cells[i, i]

    0 … ``labelled``; means nothing without it.

    Parameters
    ----------
    confusion
        Truth by prediction, any number of classes.

    Returns
    -------
    float
        0 without labelled rows; never ``nan``.

    Notes
    -----
    Rates cannot be averaged over windows of different size; sums can: ``sum(correct) / sum(labelled)``. Prefer
    ``accuracy`` for one window.

    Examples
    --------
    >>> correct(Confusion(("no", "yes"), 1, np.array([[50.0, 10.0], [5.0, 35.0]])))
    85.0

    References
    ----------
    M. Sokolova, G. Lapalme, "A systematic analysis of performance measures for classification tasks", Information
    Processing & Management 45(4), 2009, doi:10.1016/j.ipm.2009.03.002.
    """
    return float(np.trace(confusion.cells))
