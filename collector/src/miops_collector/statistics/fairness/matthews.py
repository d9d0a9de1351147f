"""Matthews correlation coefficient by group."""

from __future__ import annotations

import numpy as np

from miops_collector.statistics._ratio import ratio
from miops_collector.statistics._statistic import statistic
from miops_collector.summary import FloatArray, Groups

__all__ = ["matthews", "standard_error", "support"]

SMOOTHING = 0.5


@statistic(
    bounds=(-1.0, 1.0),
    higher="better",
    undefined="truth or prediction has only one class among the labelled rows of the group",
    rests_on="labelled",
)
def matthews(groups: Groups) -> FloatArray:
    """Correlation of prediction and truth in a group.

    ::

        MCC = (c s - Σ tₖ pₖ) / √( (s² - Σ pₖ²) (s² - Σ tₖ²) )

    with s rows, c of them right, tₖ true and pₖ predicted rows of class k. 1 = always right, 0 = no better than chance,
    -1 (two classes) = always wrong; higher is better.

    Parameters
    ----------
    groups
        Decisions by group.

    Returns
    -------
    FloatArray
        ``(g,)`` one number per group, ``nan`` where only one class occurs or only one is predicted: nothing can
        correlate (scikit-learn, and so Fairlearn, says 0).

    Notes
    -----
    High only if all cells of the group are good, whichever class is positive; prefer ``true_positive_rate`` and
    ``false_positive_rate`` to see which of them are not.

    Examples
    --------
    >>> rows, confusion = np.array([[60.0, 40.0], [80, 20]]), np.array([[[50.0, 10], [10, 30]], [[70, 5], [10, 15]]])
    >>> matthews(Groups(("sex",), ("F", "M"), ("no", "yes"), 1, rows, confusion)).round(4).tolist()
    [0.5833, 0.5774]

    References
    ----------
    J. Gorodkin, "Comparing two K-category assignments by a K-category correlation coefficient", Computational Biology
    and Chemistry 28(5-6), 2004, doi:10.1016/j.compbiolchem.2004.09.006.
    """
    agreement, predicted, true = _parts(groups.confusion)
    return ratio(agreement, np.sqrt(np.maximum(predicted * true, 0.0)))


def standard_error(groups: Groups) -> FloatArray:
    """``(g,)`` by the delta method, for independent rows; ``nan`` where the number is.

    Each cell has half a row more, so that a group without errors is not taken as certain.
    """
    cells = groups.confusion + SMOOTHING
    rows, right = cells.sum(axis=(1, 2))[:, None, None], np.trace(cells, axis1=1, axis2=2)[:, None, None]
    of_class, decided = cells.sum(axis=2)[:, :, None], cells.sum(axis=1)[:, None, :]
    agreement, predicted, true = (part[:, None, None] for part in _parts(cells))
    root = np.sqrt(predicted * true)
    moves = np.eye(cells.shape[1]) * rows + right - decided.swapaxes(1, 2) - of_class.swapaxes(1, 2)
    slope = moves / root - agreement / root * ((rows - decided) / predicted + (rows - of_class) / true)
    error = np.sqrt((cells * slope**2).sum(axis=(1, 2)))
    return np.where(np.isnan(matthews(groups)), np.nan, error)


def support(groups: Groups) -> FloatArray:
    """``(g,)`` labelled rows."""
    return np.asarray(groups.confusion.sum(axis=(1, 2)))


def _parts(cells: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """``(g,)`` each: ``c s - Σ t p``, ``s² - Σ p²`` and ``s² - Σ t²``."""
    rows, true, predicted = cells.sum(axis=(1, 2)), cells.sum(axis=2), cells.sum(axis=1)
    agreement = np.trace(cells, axis1=1, axis2=2) * rows - (true * predicted).sum(axis=1)
    return agreement, rows**2 - (predicted**2).sum(axis=1), rows**2 - (true**2).sum(axis=1)
