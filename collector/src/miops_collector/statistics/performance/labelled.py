"""Number of rows with truth."""

from __future__ import annotations

from math import inf

from miops_collector.statistics._statistic import statistic
from miops_collector.summary import Confusion, Residuals

__all__ = ["labelled"]


@statistic(
    bounds=(0.0, inf),
    higher="neither",
    undefined="never",
    rests_on="labelled",
    unit="{row}",
    scale_free=False,
)
def labelled(truth: Confusion | Residuals) -> float:
    """Rows of the window whose truth is known and that every other number of this family rests on.

    ::

        labelled = Σ cells   (classifier),   Σ weight   (regression)

    0 … rows of the window; it grows while late truth comes in.

    Parameters
    ----------
    truth
        Truth by prediction of a classifier, or errors of a regression.

    Returns
    -------
    float
        0 without labelled rows; never ``nan``.

    Notes
    -----
    The weight with which rates of several windows add up. Prefer ``miops.window.labelled_share`` to see how complete
    the truth of a window is.

    Examples
    --------
    >>> import numpy as np
    >>> labelled(Confusion(("no", "yes"), 1, np.array([[50.0, 10.0], [5.0, 35.0]])))
    100.0

    References
    ----------
    M. Sokolova, G. Lapalme, "A systematic analysis of performance measures for classification tasks", Information
    Processing & Management 45(4), 2009, doi:10.1016/j.ipm.2009.03.002.
    """
    return float(truth.cells.sum()) if isinstance(truth, Confusion) else float(truth.sums[0])
