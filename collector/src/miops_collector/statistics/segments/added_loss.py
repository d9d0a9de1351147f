"""Loss that a segment has added since the reference."""

from __future__ import annotations

from math import inf

import numpy as np

from miops_collector.statistics._statistic import statistic
from miops_collector.statistics.segments._means import inside, share
from miops_collector.summary import FloatArray, Segments

__all__ = ["added_loss", "standard_error"]


@statistic(
    bounds=(-inf, inf),
    higher="worse",
    undefined="the segment has no labelled rows in the window or in the reference",
    rests_on="labelled",
)
def added_loss(reference: Segments, current: Segments) -> FloatArray:
    """How much of the change of the model's loss since the reference comes from being worse about this segment.

    ::

        added = share of rows × (loss of the segment - loss of the same segment in the reference)

    0 = as before, positive = worse than before; over the segments of a column they sum to the change of the loss that
    is not a change of the mix.

    Parameters
    ----------
    reference, current
        Sums of losses by segment.

    Returns
    -------
    FloatArray
        ``(g,)`` one number per segment, ``nan`` where there are no rows on one side.

    Notes
    -----
    The root of a drop in performance is where this is large. It needs truth in the reference: prefer ``excess_loss``
    where there is none.

    Examples
    --------
    >>> then = Segments(("age",), (2,), ("18-34", "35-90"), np.array([[100.0, 10, 10], [100, 10, 10]]))
    >>> now = Segments(("age",), (2,), ("18-34", "35-90"), np.array([[40.0, 12, 12], [160, 16, 16]]))
    >>> added_loss(then, now).round(3).tolist()
    [0.04, 0.0]

    References
    ----------
    K. Budhathoki, D. Janzing, P. Bloebaum, H. Ng, "Why did the distribution change?", Proceedings of the 24th
    International Conference on Artificial Intelligence and Statistics, 2021, doi:10.48550/arXiv.2102.13384.
    """
    return share(current) * (inside(current).mean - inside(reference).mean)


def standard_error(reference: Segments, current: Segments) -> FloatArray:
    """``(g,)`` for independent rows, the share taken as given; ``nan`` for fewer than two rows on a side."""
    return np.asarray(share(current) * np.sqrt(inside(current).variance + inside(reference).variance))
