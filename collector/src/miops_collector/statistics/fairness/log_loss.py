"""Log loss by group."""

from __future__ import annotations

from math import inf

from miops_collector.statistics._ratio import ratio
from miops_collector.statistics._statistic import statistic
from miops_collector.statistics.fairness._means import errors_of_means
from miops_collector.summary import FloatArray, GroupLosses

__all__ = ["log_loss", "standard_error", "support"]


@statistic(
    bounds=(0.0, inf),
    higher="worse",
    undefined="the group has no labelled rows with a probability",
    rests_on="labelled",
)
def log_loss(groups: GroupLosses) -> FloatArray:
    """How surprised a group's probabilities are by what happened, on average, in nats.

    ::

        log loss = - Σ ln p(truth) / n

    0 = certain and right, no upper bound; lower is better.

    Parameters
    ----------
    groups
        Sums of losses by group.

    Returns
    -------
    FloatArray
        ``(g,)`` one number per group, ``nan`` where it is 0/0.

    Notes
    -----
    Probabilities are clipped at 1e-15. One confident mistake makes it large: prefer ``brier`` for small groups.

    Examples
    --------
    >>> import numpy as np
    >>> sums = np.array([[4.0, 1.6, 0.8, 0.4, 0.06, 0.2, 0.38], [2, 1.0, 0.6, 0.3, 0.05, -0.4, 0.26]])
    >>> log_loss(GroupLosses(("sex",), ("F", "M"), 1, sums)).tolist()
    [0.4, 0.5]

    References
    ----------
    I. J. Good, "Rational decisions", Journal of the Royal Statistical Society B 14(1), 1952,
    doi:10.1111/j.2517-6161.1952.tb00104.x.
    """
    return ratio(groups.sums[:, 1], groups.sums[:, 0])


def standard_error(groups: GroupLosses) -> FloatArray:
    """``(g,)`` of a mean of independent rows; ``nan`` for fewer than two."""
    return errors_of_means(groups.sums[:, 0], groups.sums[:, 1], groups.sums[:, 2])


def support(groups: GroupLosses) -> FloatArray:
    """``(g,)`` labelled rows whose score is a probability."""
    return groups.sums[:, 0]
