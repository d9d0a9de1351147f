"""Gaps between groups made of every statistic that has one number per group, so that none has to be written twice.

Of ``accuracy`` it makes ``accuracy_difference`` (largest less smallest), ``accuracy_ratio`` (smallest over largest,
where it is never negative) and ``accuracy_worst`` (the worst group's, where one direction is worse). Where a gap has a
name of its own, such as ``demographic_parity_difference``, that is it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple

from miops_collector.statistics._statistic import About, Statistic
from miops_collector.statistics.fairness import _intervals as intervals
from miops_collector.statistics.fairness._by_group import interval_at
from miops_collector.statistics.fairness._gap import Gap, difference, proportion, worst
from miops_collector.summary import FloatArray

__all__ = ["Said", "compared"]

NAMED: Final = {
    "selection_rate_difference": "demographic_parity_difference",
    "selection_rate_ratio": "demographic_parity_ratio",
    "true_positive_rate_difference": "equal_opportunity_difference",
    "precision_difference": "predictive_parity_difference",
}
"""Gaps whose usual name is another."""
FEWER: Final = "fewer than two groups are large enough"
TEXT: Final = """{first}

    ::

        {formula}

    {ranges}

    Parameters
    ----------
    groups
        Sums by group.
    minimum_rows
        Groups with fewer rows in the denominator are left out.

    Returns
    -------
    float
        ``nan`` if {undefined}.

    Notes
    -----
    The interval holds for all pairs of groups at once (Bonferroni), so that it may be read although the pair was chosen
    for being extreme{notes} Prefer ``{of}`` by group to see which groups it is about.

    Examples
    --------
    >>> largest, smallest = 0.5, 0.25
    >>> {example}

    References
    ----------
    H. Weerts, M. Dudík, R. Edgar, A. Jalali, R. Lutz, M. Madaio, "Fairlearn: assessing and improving fairness of AI
    systems", Journal of Machine Learning Research 24(257), 2023, doi:10.48550/arXiv.2303.16626.
    """
"""What a gap says of itself."""


class Said(NamedTuple):
    """How a gap speaks of its numbers: whether they are or probably are, and what its notes say of the interval."""

    verb: str
    notes: str


KNOWN: Final = Said(
    "is",
    """: Newcombe's for shares, the delta method for the rest. Fairlearn's ``MetricFrame`` has the same
    value where every group is large enough and none is 0/0, which it takes as 0; Aequitas has the same numbers by group
    and compares them with those of one group instead.""",
)


def compared(statistics: Sequence[Statistic], *, said: Said = KNOWN) -> tuple[Statistic, ...]:
    """These statistics with intervals, and the gaps that can be made of them, by name."""
    own = {
        s.name: replace(s, interval=_of_groups(s)) if s.per_group and not s.about.is_count else s for s in statistics
    }
    for s in tuple(own.values()):
        if not s.per_group or s.about.is_count:
            continue
        for made in _made_of(s, said):
            name = NAMED.get(made.name, made.name)
            known = own.get(name)
            own[name] = (
                made if known is None else replace(known, interval=made.interval, standard_error=made.standard_error)
            )
    return tuple(own[name] for name in sorted(own))


def _made_of(s: Statistic, said: Said) -> Iterator[Statistic]:
    of, low, high = s.name.replace("_", " "), *s.about.bounds
    yield _gap(
        s, "difference", difference(s), About((0.0, high - low), "worse", FEWER, s.about.rests_on, s.about.unit),
        first=f"How much larger the {of} {said.verb} in the group where it is largest than where it is smallest.",
        formula=f"max over groups of {of} - min over groups of {of}",
        ranges="0 = all groups alike; higher is worse.", notes=said.notes, example="largest - smallest\n    0.25",
    )  # fmt: skip
    if low >= 0:
        yield _gap(
            s, "ratio", proportion(s),
            About((0.0, 1.0), "better", f"{FEWER}, or it is 0 in all of them", s.about.rests_on),
            first=f"What the smallest {of} of any group {said.verb}, relative to the largest.",
            formula=f"min over groups of {of} / max over groups of {of}",
            ranges="1 = all groups alike, 0 = none in one of them; lower is worse.", notes=said.notes,
            example="smallest / largest\n    0.5",
        )  # fmt: skip
    if s.about.higher != "neither":
        which, example = ("min", "smallest\n    0.25") if s.about.higher == "better" else ("max", "largest\n    0.5")
        yield _gap(
            s, "worst", worst(s), replace(s.about, undefined=FEWER),
            first=f"What the {of} {said.verb} in the group where it is worst.", formula=f"{which} over groups of {of}",
            ranges="As good as the model is for those it serves worst.", notes=said.notes, example=example,
        )  # fmt: skip


def _gap(s: Statistic, suffix: str, made: Gap, about: About, **text: str) -> Statistic:
    def function(groups: Any, *, minimum_rows: float) -> float:
        return made.value(groups, minimum_rows=minimum_rows)

    function.__name__ = function.__qualname__ = f"{s.name}_{suffix}"
    function.__doc__ = TEXT.format(of=s.name, undefined=about.undefined, **text)
    return replace(
        s, name=function.__name__, about=about, function=function, per_group=False, options=("minimum_rows",),
        standard_error=made.error, interval=made.interval, support=None, counts=None,
    )  # fmt: skip


def _of_groups(s: Statistic) -> Callable[[Any], tuple[FloatArray, FloatArray]]:
    def interval(groups: Any) -> tuple[FloatArray, FloatArray]:
        _, low, high = interval_at(groups, s, intervals.quantile())
        return low, high

    return interval
