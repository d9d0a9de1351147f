"""Loss of a segment above that of the rest, times its share."""

from __future__ import annotations

from math import inf

import numpy as np

from miops_collector.statistics._ratio import ratio
from miops_collector.statistics._statistic import statistic
from miops_collector.statistics.segments._means import inside, outside
from miops_collector.summary import FloatArray, Segments

__all__ = ["excess_loss", "standard_error"]


@statistic(
    bounds=(-inf, inf),
    higher="worse",
    undefined="the segment or the rest of its column has no labelled rows",
    rests_on="labelled",
)
def excess_loss(segments: Segments) -> FloatArray:
    """How much of the model's loss would go if it were as good about this segment as about all others.

    ::

        excess = share of rows × (loss of the segment - loss of all other rows)

    0 = like the others, positive = worse, negative = better; the larger the more there is to gain by looking here.

    Parameters
    ----------
    segments
        Sums of losses by segment.

    Returns
    -------
    FloatArray
        ``(g,)`` one number per segment, ``nan`` where there are no rows on one side.

    Notes
    -----
    In units of the loss of all rows: 0.02 is two points of accuracy. Rows that miss the column are in no segment. Some
    segments are hard for every model: prefer ``added_loss`` to see what is worse than it was.

    Examples
    --------
    >>> segments = Segments(("age",), (2,), ("18-34", "35-90"), np.array([[40.0, 12, 12], [160, 16, 16]]))
    >>> excess_loss(segments).round(3).tolist()
    [0.04, -0.16]

    References
    ----------
    Y. Chung, T. Kraska, N. Polyzotis, K. H. Tae, S. E. Whang, "Slice Finder: automated data slicing for model
    validation", IEEE International Conference on Data Engineering, 2019, doi:10.1109/ICDE.2019.00139.
    """
    here, others = inside(segments), outside(segments)
    return ratio(here.rows, here.rows + others.rows) * (here.mean - others.mean)


def standard_error(segments: Segments) -> FloatArray:
    """``(g,)`` for independent rows, the share taken as given; ``nan`` for fewer than two rows on a side."""
    here, others = inside(segments), outside(segments)
    share = ratio(here.rows, here.rows + others.rows)
    return np.asarray(share * np.sqrt(here.variance + others.variance))
