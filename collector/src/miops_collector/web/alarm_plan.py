"""What the default alarms of a model version may spend and have learned, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from miops_collector.report import AlarmPlan, ModelKey, Report
from miops_collector.web.format import number_text, percent_text

__all__ = ["PlanLines", "plan_lines", "plan_of"]

MONTH_DAYS = 30
DEPENDENT, TREND = 1.5, 20.0
"""Dispersion that is told, and dispersion at long look-backs that more likely is a trend in what was learned."""
LONG = 24
MOST_TOLD = 10
_FAMILIES = {
    "drift": "drift of columns, score and prediction",
    "performance": "performance, once truth is known",
    "estimated_performance": "truth that contradicts estimates",
    "quality": "quality of the data and fairness",
}


@dataclass(frozen=True, slots=True)
class PlanLines:
    """A sentence on the budget, its parts, and how far it has been learned; ``to_learn`` is 0 once it is known."""

    budget: str
    parts: tuple[tuple[str, str], ...]
    learned: int
    to_learn: int
    window: str
    dependent: tuple[tuple[str, str], ...]
    """Columns that vary by more than chance while nothing is wrong, the worst first, and by how much."""


def plan_of(report: Report, model: ModelKey) -> AlarmPlan | None:
    """The plan of this model version; ``None`` before its first evaluation and without default alarms."""
    return next((plan for plan in report.plans if plan.model == model), None)


def plan_lines(plan: AlarmPlan) -> PlanLines:
    """For the page of its model version."""
    learning = plan.learned < plan.to_learn
    shared = f", its part of what {plan.versions} versions in use may raise together" if plan.versions > 1 else ""
    return PlanLines(
        budget=f"{_rate(plan.per_month)}{shared}",
        parts=tuple(
            (_FAMILIES.get(family, family.replace("_", " ")), _part(plan, family, share))
            for family, share in plan.shares.items()
        ),
        learned=plan.learned if learning else 0,
        to_learn=plan.to_learn if learning else 0,
        window=plan.window,
        dependent=_dependent(plan.dispersion),
    )


def _part(plan: AlarmPlan, family: str, share: float) -> str:
    why = plan.unwatched.get(family, "")
    return f"{percent_text(share)}, {_rate(plan.per_month * share)}" + (
        f"; losses are not watched: {why}" if why else ""
    )


def _dependent(dispersion: Mapping[str, Mapping[int, float]]) -> tuple[tuple[str, str], ...]:
    worst = {name: max(of.values(), default=1.0) for name, of in dispersion.items()}
    told = sorted((n for n, factor in worst.items() if factor >= DEPENDENT), key=lambda n: (-worst[n], n))
    more = ((f"and {len(told) - MOST_TOLD} more", ""),) if len(told) > MOST_TOLD else ()
    return (*((name, _factors(dispersion[name])) for name in told[:MOST_TOLD]), *more)


def _factors(of: Mapping[int, float]) -> str:
    """Variance over look-backs of so many windows, in times of what independent rows would have.

    Examples
    --------
    >>> _factors({1: 1.0, 24: 31.4})
    '1× at 1, 31.4× at 24: a trend, or a season longer than was learned, hides drift'
    """
    said = ", ".join(f"{number_text(round(factor, 1))}× at {count}" for count, factor in of.items())
    trend = any(count >= LONG and factor > TREND for count, factor in of.items())
    return f"{said}: a trend, or a season longer than was learned, hides drift" if trend else said


def _rate(per_month: float) -> str:
    """False alarms as often as people count them.

    Examples
    --------
    >>> [_rate(v) for v in (4.0, 1.0, 0.5, 1 / 12)]
    ['4 in 30 days', '1 in 30 days', '1 in 60 days', '1 in 360 days']
    """
    if per_month >= 1:
        return f"{number_text(per_month)} in {MONTH_DAYS} days"
    return f"1 in {number_text(MONTH_DAYS / per_month)} days"
