"""The default alarm on estimates: truth is not what calibrated scores had said, so concept drift is likely."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, isfinite, log
from typing import Final

from miops import semconv
from miops_collector.alerts.budget import Budget, evaluations_per_month
from miops_collector.alerts.finding import INDEPENDENT, Finding, Severity
from miops_collector.alerts.lifecycle import Lifecycle, Verdict
from miops_collector.report import Observation
from miops_collector.statistics.sequential.normal_mixture import critical_z, log_running_p_value

__all__ = ["ESTIMATE", "GAPS", "Gap", "estimate_findings", "is_gap", "parts_of"]

ESTIMATE: Final = "estimated_performance"
"""Name of the rule."""
ESTIMATED: Final = f"{semconv.METRIC_PREFIX}estimated_performance."
REALISED: Final = f"{semconv.METRIC_PREFIX}performance."
GAP: Final = "_gap"
MINIMUM_LABELLED: Final = 50.0
STAY: Final = log(10.0)
LIFE: Final = Lifecycle(close_after=3, rejoin_within=24)
SIDES: Final = 2
SCORES: Final = "scores no longer mean what they meant"


@dataclass(frozen=True, slots=True)
class Gap:
    """How one gap is judged: gaps up to ``tolerance`` are ignored, ``worse`` is +1 if a positive gap is for the worse.

    It is 0 where neither direction is. The tolerance is a part of what realised statistic ``of`` is in the reference.
    ``per_class``: of several classes it is the largest of as many gaps, and pays for their number.
    """

    worse: int
    tolerance: float
    of: str = ""
    per_class: bool = False


GAPS: Final[Mapping[str, Gap]] = {
    f"{ESTIMATED}accuracy{GAP}": Gap(-1, 0.01),
    f"{ESTIMATED}brier{GAP}": Gap(1, 0.005),
    f"{ESTIMATED}prevalence{GAP}": Gap(0, 0.01, per_class=True),
    f"{ESTIMATED}mae{GAP}": Gap(1, 0.02, of="mae"),
    f"{ESTIMATED}bias{GAP}": Gap(0, 0.05, of="mae"),
}
"""Few on purpose, because each one more costs the others power: three of a classifier, decisions that are wrong more
often than expected, probabilities that are less honest, and more or fewer positives than scores say, which leaves the
other two nearly as they were when chances fall everywhere; two of a regression, errors that are larger and a target
that has shifted, which leaves the size of errors nearly as it was while it is small. The gaps of other statistics move
with these, later (precision, recall, F1, both areas) or on fewer and larger rows (RMSE, MAPE, log loss)."""


@dataclass(frozen=True, slots=True)
class _Test:
    tolerance: float
    z: float
    rows: float
    log_p: float


def is_gap(observation: Observation) -> bool:
    """Whether this is one of :data:`GAPS` of all rows, with a value to judge."""
    o = observation
    known = o.status != "insufficient_data" and isfinite(o.value) and o.standard_error > 0.0
    return o.metric in GAPS and known and not (o.segment or o.group)


def parts_of(observation: Observation, classes: int) -> int:
    """How many gaps this is the largest of, where ``classes`` are not one against the other."""
    return max(classes, 1) if GAPS[observation.metric].per_class else 1


def estimate_findings(
    observations: Sequence[Observation], budget: Budget, *, lengths: int = 1, classes: int = 1
) -> tuple[Finding, ...]:
    """Findings about the gaps of complete windows between what was estimated and what turned out, on the same rows.

    While scores mean what they meant in the reference, a gap is chance: of each truth given its score, and of a
    calibration learnt from so many rows. With ``s`` the standard error of both, the test is
    ``z = (abs(gap) - tolerance) / s`` in either direction, through a p-value that may be looked at as often as truth
    arrives (:mod:`~miops_collector.statistics.sequential.normal_mixture`), at the level that the budget's share leaves
    to one of these gaps in one window. Short windows find a large gap soon, long ones a small gap that stays.

    Assumes
        truth whose arrival does not depend on the outcome, given the score; independent rows.
    Fails
        where positives are reported first: that looks like concept drift until the rest has come.

    Parameters
    ----------
    observations
        Any; those of other metrics, segments, groups and incomplete windows are passed over. Realised performance of
        the same window, if it is among them, is told with the alarm: how much of its change covariate shift explains.
    lengths
        How many lengths of windows are evaluated; they share the level.
    classes
        How many there are, and 1 where one of two is positive.
    """
    chosen = [o for o in observations if o.metric in GAPS and o.complete and not (o.segment or o.group)]
    tests = SIDES * len({o.metric for o in chosen}) * lengths
    realised = {
        (o.metric, o.window): o for o in observations if o.metric.startswith(REALISED) and not (o.segment or o.group)
    }
    return tuple(
        _finding(
            o, budget, tests, parts_of(o, classes), realised.get((REALISED + _name(o), o.window)),
            realised.get((REALISED + GAPS[o.metric].of, o.window)),
        )
        for o in chosen
    )  # fmt: skip


def _name(o: Observation) -> str:
    return o.metric.removeprefix(ESTIMATED).removesuffix(GAP)


def _finding(
    o: Observation, budget: Budget, tests: int, parts: int, realised: Observation | None, scale: Observation | None
) -> Finding:
    alpha = budget.level(ESTIMATE, evaluations=evaluations_per_month(o.window), tests=tests * parts)
    test = _test(o, scale)
    worse = _is_worse(o, realised)
    severity: Severity = "critical" if worse else "warning"
    return Finding(
        rule=ESTIMATE, metric=o.metric, model=o.model, window=o.window, verdict=_verdict(test, alpha), value=o.value,
        threshold=_bound(o, test, alpha) if test else float("nan"), severity=severity, lifecycle=LIFE, support=o.n,
        what=_what(o, realised, parts, worse=worse), evidence=_evidence(o, test, alpha, realised) if test else {},
    )  # fmt: skip


def _is_worse(o: Observation, realised: Observation | None) -> bool:
    """Where neither direction is: unless the realised value is nearer to 0 than the reference's."""
    direction = GAPS[o.metric].worse
    if direction:
        return o.value * direction > 0
    return realised is None or not abs(realised.value) < abs(realised.reference)


def _test(o: Observation, scale: Observation | None) -> _Test | None:
    """``None`` when the window or the reference cannot bear a test. Without a known scale nothing is tolerated."""
    if not is_gap(o) or not min(o.n, o.n_reference) >= MINIMUM_LABELLED:
        return None
    gap = GAPS[o.metric]
    tolerance = gap.tolerance * _scale(gap, scale)
    z, rows = (abs(o.value) - tolerance) / o.standard_error, 1.0 / (1.0 / o.n + 1.0 / o.n_reference)
    return _Test(tolerance, z, rows, log_running_p_value(z, rows))


def _scale(gap: Gap, scale: Observation | None) -> float:
    if not gap.of:
        return 1.0
    return abs(scale.reference) if scale is not None and isfinite(scale.reference) else 0.0


def _bound(o: Observation, test: _Test, alpha: float) -> float:
    """The gap at which the alarm would have opened."""
    bound = test.tolerance + critical_z(alpha, test.rows) * o.standard_error
    return bound if o.value > 0 else -bound


def _verdict(test: _Test | None, alpha: float) -> Verdict:
    if test is None:
        return "unknown"
    if test.log_p <= log(alpha):
        return "breach"
    return "hold" if test.log_p <= log(alpha) + STAY else "quiet"


def _evidence(o: Observation, test: _Test, alpha: float, realised: Observation | None) -> dict[str, float | str]:
    found: dict[str, float | str] = {
        "statistic": o.metric.removeprefix(ESTIMATED), "look_back": 1, "effect": o.value,
        "effect_low": o.value - 2.0 * o.standard_error, "effect_high": o.value + 2.0 * o.standard_error, "n": o.n,
        "n_reference": o.n_reference, "tolerance": test.tolerance, "dispersion": INDEPENDENT,
        "p_value": exp(test.log_p), "log_p_value": test.log_p, "level": alpha,
    }  # fmt: skip
    if realised is not None and isfinite(realised.value - realised.reference):
        change = realised.value - realised.reference
        found |= {"realised": realised.value, "reference": realised.reference, "change": change}
        found |= {"explained_by_covariate_shift": change - o.value, "not_explained": o.value}
    return found


def _what(o: Observation, realised: Observation | None, parts: int, *, worse: bool) -> str:
    sides = ("worse", "better") if GAPS[o.metric].worse else ("higher", "lower")
    side = sides[not (worse if GAPS[o.metric].worse else o.value > 0)]
    meaning = "errors of such predictions are not what they were" if GAPS[o.metric].of else SCORES
    share = "the share of positives" if parts == 1 else f"the share of one of {parts} classes"
    name = share if GAPS[o.metric].per_class else _name(o)
    said = f"truth of {o.n:,.0f} rows shows {name} {abs(o.value):.4g} {side} than estimated: {meaning}"
    said += ", concept drift is likely"
    if realised is None or not isfinite(realised.value - realised.reference):
        return said
    change = realised.value - realised.reference
    return f"{said} (of its change by {change:+.4g}, {change - o.value:+.4g} is explained by covariate shift)"
