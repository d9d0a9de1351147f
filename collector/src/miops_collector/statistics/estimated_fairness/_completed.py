"""The statistics of groups and gaps that follow from what is expected of groups, so that none is written twice.

Of every measure of :mod:`_measures` a statistic by group, and of every statistic by group its gaps, as
:mod:`~miops_collector.statistics.fairness` makes them of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import numpy as np

from miops_collector.statistics._statistic import Statistic, statistics_of
from miops_collector.statistics.estimated_fairness._calibrated_groups import CalibratedGroups
from miops_collector.statistics.estimated_fairness._measures import MEASURES
from miops_collector.statistics.fairness import Said
from miops_collector.statistics.fairness import complete as compared
from miops_collector.summary import FloatArray

__all__ = ["completed"]

OF_GROUP: Final = """{whole} by group, estimated without truth.

    ::

        as miops.estimated_performance.{name}, of the rows of each group and with the chances that scores mean there

    {ranges}

    Parameters
    ----------
    groups
        Scores of every group, and what they mean in that group.

    Returns
    -------
    FloatArray
        ``(g,)`` one number per group, ``nan`` where it is undefined or the group's scores mean nothing.

    Notes
    -----
    Holds while rows of one score and group are as often positive as in the reference. From fifty bins of the score. Its
    error is that of what turns out of these very rows about it. Prefer ``miops.fairness.{name}`` as soon as truth is
    there.

    Examples
    --------
    >>> from miops_collector.statistics import statistics_of
    >>> "{name}_difference" in {{s.name for s in statistics_of("estimated_fairness")}}
    True

    References
    ----------
    J. Białek, J. Kivimäki, W. Kuberski, N. Perrakis, "Estimating model performance under covariate shift without
    labels", Advances in Neural Information Processing Systems 38, 2025, doi:10.48550/arXiv.2401.08348.
    """
EXPECTED: Final = Said(
    "probably is",
    """. It is an interval of what truth will show, by the standard errors of the groups, while rows of one
    score or prediction and group turn out as in the reference: concept drift of one group is not seen before truth.""",
)


def completed(found: Sequence[Statistic]) -> tuple[Statistic, ...]:
    """These, and what follows from them, by name."""
    measured = [_by_group(s) for s in statistics_of("estimated_performance") if s.name in MEASURES]
    every = [replace(s, support=_rows) if s.per_group else s for s in (*found, *measured)]
    return compared(every, said=EXPECTED)


def _rows(groups: Any) -> FloatArray:
    """``(g,)`` rows of the window that the estimate of each group is about."""
    return np.asarray(groups.rows, np.float64)


def _by_group(whole: Statistic) -> Statistic:
    def function(groups: CalibratedGroups) -> FloatArray:
        return groups.measures[whole.name].value

    def standard_error(groups: CalibratedGroups) -> FloatArray:
        return groups.measures[whole.name].error

    low, high = whole.about.bounds
    function.__name__ = function.__qualname__ = whole.name
    function.__doc__ = OF_GROUP.format(
        whole=whole.name.replace("_", " ").capitalize(), name=whole.name,
        ranges=f"{low:g} to {high:g}; higher is {whole.about.higher}, unequal is worse.",
    )  # fmt: skip
    undefined = f"{whole.about.undefined}, or the reference has too little truth of the group"
    return replace(
        whole, family="estimated_fairness", about=replace(whole.about, undefined=undefined), function=function,
        takes=(CalibratedGroups,), per_group=True, standard_error=standard_error,
    )  # fmt: skip
