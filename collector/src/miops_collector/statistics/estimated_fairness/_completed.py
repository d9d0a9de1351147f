"""The statistics of groups and gaps that follow from what is expected of groups, so that none is written twice.

Of every measure of :mod:`_measures` and :mod:`_class_groups` a statistic by group, and of every statistic by group its
gaps, as :mod:`~miops_collector.statistics.fairness` makes them of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import isinf
from typing import Any, Final

import numpy as np

from miops_collector.statistics._statistic import Statistic, statistics_of
from miops_collector.statistics.estimated_fairness._calibrated_groups import CalibratedGroups
from miops_collector.statistics.estimated_fairness._class_groups import ClassGroups
from miops_collector.statistics.estimated_fairness._measures import MEASURES
from miops_collector.statistics.fairness import Said
from miops_collector.statistics.fairness import complete as compared
from miops_collector.summary import FloatArray

__all__ = ["completed"]

OF_GROUP: Final = """{whole} by group, estimated without truth.

    ::

        {formula}

    {ranges}

    Parameters
    ----------
    groups
        Scores of every group, and what they mean in that group: of the positive class, or of every class.

    Returns
    -------
    FloatArray
        ``(g,)`` one number per group, ``nan`` where it is undefined or the group's scores mean nothing.

    Notes
    -----
    {notes}

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
AS_WHOLE: Final = (
    "as miops.estimated_performance.{name}, of the rows of each group and with the chances that scores mean there"
)
GROWN: Final = "log loss of the group in the reference · expected by bins of the score now / expected by bins then"
BINS: Final = """Holds while rows of one score and group are as often of a class as in the reference. From {bins}.
    Its error is that of what turns out of these very rows about it. Prefer {prefer}."""
OF_TWO: Final = "fifty bins of the score"
OF_SEVERAL: Final = "32 bins of the scores of each class"
TIES: Final = """ Rows of one bin count as ties,
    which took 0.007 to 0.016 off on three simulated models of 3 and 10 classes."""
SURPRISE: Final = """Holds while rows of one score and group are as often of a class as in the reference. Bins of the
    score, fifty or of several classes 32, do not say how near to 0 and 1 a score is: by how much losses grow is taken
    from them, and how large they were from the rows of the reference themselves, so that of the reference it is exact.
    On seven simulated models, some far too sure of themselves, whose scores shifted strongly, it was off by at most
    5 %, but for one that had hardly seen scores near 0 and 1 (14 %); exact sums of losses within each bin did not come
    nearer. Its error assumes that losses vary as they did. Prefer ``brier``, which is bounded."""
EXPECTED: Final = Said(
    "probably is",
    """. It is an interval of what truth will show, by the standard errors of the groups, while rows of one
    score or prediction and group turn out as in the reference: concept drift of one group is not seen before truth.""",
)


def completed(found: Sequence[Statistic]) -> tuple[Statistic, ...]:
    """These, and what follows from them, by name."""
    measured = [_by_group(s, kinds) for s in statistics_of("estimated_performance") if (kinds := _kinds(s.name))]
    every = [replace(s, support=_rows) if s.per_group else s for s in (*found, *measured)]
    return compared(every, said=EXPECTED)


def _kinds(name: str) -> tuple[type, ...]:
    """What it is made of by group; nothing where a file of its own says it, or nobody does."""
    if name in (*MEASURES, "log_loss"):
        return (CalibratedGroups,) if name == "matthews" else (CalibratedGroups, ClassGroups)
    return (ClassGroups,) if name in ("recall", "specificity") else ()


def _rows(groups: Any) -> FloatArray:
    """``(g,)`` rows of the window that the estimate of each group is about."""
    return np.asarray(groups.rows, np.float64)


def _by_group(whole: Statistic, kinds: tuple[type, ...]) -> Statistic:
    def function(groups: CalibratedGroups | ClassGroups) -> FloatArray:
        return groups.measures[whole.name].value

    def standard_error(groups: CalibratedGroups | ClassGroups) -> FloatArray:
        return groups.measures[whole.name].error

    low, high = whole.about.bounds
    function.__name__ = function.__qualname__ = whole.name
    upper = "no upper bound" if isinf(high) else f"up to {high:g}"
    function.__doc__ = OF_GROUP.format(
        whole=whole.name.replace("_", " ").capitalize(), name=whole.name,
        ranges=f"From {low:g}, {upper}; higher is {whole.about.higher}, unequal is worse.",
        formula=GROWN if whole.name == "log_loss" else AS_WHOLE.format(name=whole.name),
        notes=SURPRISE if whole.name == "log_loss" else _notes(whole.name, kinds),
    )  # fmt: skip
    undefined = f"{whole.about.undefined}, or the reference has too little truth of the group"
    return replace(
        whole, family="estimated_fairness", about=replace(whole.about, undefined=undefined), function=function,
        takes=kinds, per_group=True, standard_error=standard_error,
    )  # fmt: skip


def _notes(name: str, kinds: tuple[type, ...]) -> str:
    bins = OF_TWO if ClassGroups not in kinds else OF_SEVERAL if len(kinds) == 1 else f"{OF_TWO}, or {OF_SEVERAL}"
    realised = f"``miops.fairness.{name}`` as soon as truth is there"
    if name not in ("balanced_accuracy", "brier"):
        realised += " and if one class is positive"
    of_one = {
        "recall": "``true_positive_rate`` if one class is positive",
        "specificity": "``false_positive_rate`` there",
    }
    notes = BINS.format(bins=bins, prefer=of_one.get(name, realised))
    return notes + TIES if name == "average_precision" else notes
