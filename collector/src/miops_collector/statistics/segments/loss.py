"""Loss by segment."""

from __future__ import annotations

from math import inf

import numpy as np

from miops_collector.statistics._statistic import statistic
from miops_collector.statistics.segments._means import inside
from miops_collector.summary import FloatArray, Segments

__all__ = ["loss", "standard_error"]


@statistic(bounds=(0.0, inf), higher="worse", undefined="the segment has no labelled rows", rests_on="labelled")
def loss(segments: Segments) -> FloatArray:
    """How wrong the model is about a segment, on average.

    ::

        loss = Σ loss / n        0 or 1 for a classifier, |prediction - truth| for a number

    0 = never wrong; for a classifier 1 = always; lower is better.

    Parameters
    ----------
    segments
        Sums of losses by segment.

    Returns
    -------
    FloatArray
        ``(g,)`` one number per segment, ``nan`` where it is 0/0.

    Notes
    -----
    One less ``accuracy`` of a classifier, the ``mae`` of a regression. Prefer ``excess_loss`` to rank segments: the
    smallest ones have the most extreme means.

    Examples
    --------
    >>> segments = Segments(("age",), (2,), ("18-34", "35-90"), np.array([[40.0, 12, 12], [160, 16, 16]]))
    >>> loss(segments).tolist()
    [0.3, 0.1]

    References
    ----------
    Y. Chung, T. Kraska, N. Polyzotis, K. H. Tae, S. E. Whang, "Slice Finder: automated data slicing for model
    validation", IEEE International Conference on Data Engineering, 2019, doi:10.1109/ICDE.2019.00139.
    """
    return inside(segments).mean


def standard_error(segments: Segments) -> FloatArray:
    """``(g,)`` of a mean of independent rows; ``nan`` for fewer than two."""
    return np.asarray(np.sqrt(inside(segments).variance))
