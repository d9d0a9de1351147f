"""True and false positives and negatives of the classes a statistic is about."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from miops_collector.summary import Confusion, FloatArray

__all__ = ["Outcomes", "outcomes"]


class Outcomes(NamedTuple):
    """Each ``(c,)``: one element for the positive class of a binary classifier, else one for every class."""

    tp: FloatArray
    fp: FloatArray
    fn: FloatArray
    tn: FloatArray


def outcomes(confusion: Confusion) -> Outcomes:
    """One class against the rest, for each class of interest.

    Examples
    --------
    >>> binary = Confusion(("no", "yes"), 1, np.array([[50.0, 10.0], [5.0, 35.0]]))
    >>> [float(x[0]) for x in outcomes(binary)]
    [35.0, 10.0, 5.0, 50.0]
    """
    cells, positive = confusion.cells, confusion.positive
    of_interest = slice(None) if positive < 0 else slice(positive, positive + 1)
    tp = np.diagonal(cells)[of_interest]
    fp = cells.sum(axis=0)[of_interest] - tp
    fn = cells.sum(axis=1)[of_interest] - tp
    return Outcomes(tp, fp, fn, cells.sum() - tp - fp - fn)
