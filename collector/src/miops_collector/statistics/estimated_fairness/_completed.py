"""The statistics of groups and gaps that follow from what is expected of groups, so that none is written twice.

Of every measure of :mod:`_measures` a statistic by group, and of every statistic by group how much it differs between
groups, unless that has a file of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Final

from miops_collector.statistics._statistic import About, Statistic, statistics_of
from miops_collector.statistics.estimated_fairness._calibrated_groups import CalibratedGroups, error_of_gap, gap
from miops_collector.statistics.estimated_fairness._measures import MEASURES
from miops_collector.summary import FloatArray

__all__ = ["completed"]

NAMED: Final = ("false_positive_rate", "precision", "true_positive_rate")
"""Their gaps have files and names of their own."""
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
OF_GAP: Final = """How much larger the {of} probably is in the group where it is largest than where it is smallest.

    ::

        max over groups of {of} - min over groups of {of}

    of the numbers that are expected before truth comes. 0 = all groups alike; higher is worse.

    Parameters
    ----------
    groups
        What is expected of every group.
    minimum_rows
        Groups with fewer rows are left out.

    Returns
    -------
    float
        ``nan`` if fewer than two groups can be compared.

    Notes
    -----
    The largest of many differences is large by chance, the more groups the larger, and its standard error does not know
    that it was chosen. Prefer ``{name}`` by group to see which groups it is about.

    Examples
    --------
    >>> largest, smallest = 0.5, 0.25
    >>> largest - smallest
    0.25

    References
    ----------
    M. Hardt, E. Price, N. Srebro, "Equality of opportunity in supervised learning", Advances in Neural Information
    Processing Systems 29, 2016, doi:10.48550/arXiv.1610.02413.
    """
TOO_FEW: Final = "fewer than two groups have enough rows and a reference with enough truth"


def completed(found: Sequence[Statistic]) -> tuple[Statistic, ...]:
    """These, and what follows from them, by name."""
    measured = [_by_group(s) for s in statistics_of("estimated_performance") if s.name in MEASURES]
    every = [*found, *measured, *_gaps([s for s in (*found, *measured) if s.per_group])]
    return tuple(sorted(every, key=lambda s: s.name))


def _by_group(whole: Statistic) -> Statistic:
    def function(groups: CalibratedGroups) -> FloatArray:
        return groups.measures[whole.name].value

    def standard_error(groups: CalibratedGroups) -> FloatArray:
        return groups.measures[whole.name].error

    undefined = f"{whole.about.undefined}, or the reference has too little truth of the group"
    return _made(
        whole, whole.name, replace(whole.about, higher="neither", undefined=undefined), function, standard_error,
        OF_GROUP.format(whole=whole.name.replace("_", " ").capitalize(), name=whole.name, ranges=_ranges(whole.about)),
        takes=(CalibratedGroups,), per_group=True,
    )  # fmt: skip


def _ranges(about: About) -> str:
    low, high = about.bounds
    return f"{low:g} to {high:g}; neither is better in itself, unequal is worse."


def _gaps(of_groups: Sequence[Statistic]) -> Iterator[Statistic]:
    for s in of_groups:
        if s.name not in NAMED:
            low, high = s.about.bounds
            about = About((0.0, high - low), "worse", TOO_FEW, s.about.rests_on, s.about.unit)
            text = OF_GAP.format(of=s.name.replace("_", " "), name=s.name)
            yield _made(
                s, f"{s.name}_difference", about, *_between(s), text, takes=s.takes, per_group=False,
                options=("minimum_rows",),
            )  # fmt: skip


def _between(s: Statistic) -> tuple[Callable[..., float], Callable[..., float]]:
    of_errors = s.standard_error
    assert of_errors is not None, f"{s.metric}: its module says no standard_error"

    def function(groups: Any, *, minimum_rows: float) -> float:
        return gap(s.function(groups), groups, minimum_rows)

    def standard_error(groups: Any, *, minimum_rows: float) -> float:
        return error_of_gap(s.function(groups), of_errors(groups), groups, minimum_rows)

    return function, standard_error


def _made(
    like: Statistic, name: str, about: About, function: Callable[..., Any], error: Callable[..., Any], text: str,
    *, takes: tuple[type, ...], per_group: bool, options: tuple[str, ...] = (),
) -> Statistic:  # fmt: skip
    function.__name__ = function.__qualname__ = name
    function.__doc__ = text
    return replace(
        like, family="estimated_fairness", name=name, about=about, function=function, takes=takes, compares=False,
        per_group=per_group, options=options, p_value=None, standard_error=error, interval=None, counts=None,
        support=None, estimate=None,
    )  # fmt: skip
