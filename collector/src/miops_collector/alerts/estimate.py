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

__all__ = ["ESTIMATE", "GAPS", "Gap", "estimate_findings", "is_gap"]

ESTIMATE: Final = "estimated_performance"
"""Name of the rule."""
ESTIMATED: Final = f"{semconv.METRIC_PREFIX}estimated_performance."
REALISED: Final = f"{semconv.METRIC_PREFIX}performance."
GAP: Final = "_gap"
MINIMUM_LABELLED: Final = 50.0
STAY: Final = log(10.0)
LIFE: Final = Lifecycle(close_after=3, rejoin_within=24)
SIDES: Final = 2


@dataclass(frozen=True, slots=True)
class Gap:
    """How one gap is judged: gaps up to ``tolerance`` are ignored, ``worse`` is +1 if a positive gap is for the worse.

    The tolerance is a part of the reference's value of the statistic if ``relative``.
    """

    worse: int
    tolerance: float
    relative: bool = False


GAPS: Final[Mapping[str, Gap]] = {
    f"{ESTIMATED}accuracy{GAP}": Gap(-1, 0.01),
    f"{ESTIMATED}brier{GAP}": Gap(1, 0.005),
    f"{ESTIMATED}mae{GAP}": Gap(1, 0.02, relative=True),
}
"""Few on purpose: decisions that are wrong more often than expected, probabilities that are less honest, errors that
are larger. Each one more costs the others power."""


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


def estimate_findings(observations: Sequence[Observation], budget: Budget, *, lengths: int = 1) -> tuple[Finding, ...]:
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
    """
    chosen = [o for o in observations if o.metric in GAPS and o.complete and not (o.segment or o.group)]
    tests = SIDES * len({o.metric for o in chosen}) * lengths
    realised = {(o.metric, o.window): o for o in observations if o.metric.startswith(REALISED) and not o.group}
    return tuple(_finding(o, budget, tests, realised.get((_realised_of(o.metric), o.window))) for o in chosen)


def _realised_of(metric: str) -> str:
    return REALISED + metric.removeprefix(ESTIMATED).removesuffix(GAP)


def _finding(o: Observation, budget: Budget, tests: int, realised: Observation | None) -> Finding:
    alpha = budget.level(ESTIMATE, evaluations=evaluations_per_month(o.window), tests=tests)
    test = _test(o)
    worse = o.value * GAPS[o.metric].worse > 0
    severity: Severity = "critical" if worse else "warning"
    return Finding(
        rule=ESTIMATE, metric=o.metric, model=o.model, window=o.window, verdict=_verdict(test, alpha), value=o.value,
        threshold=_bound(o, test, alpha) if test else float("nan"), severity=severity, lifecycle=LIFE, support=o.n,
        what=_what(o, realised, worse=worse), evidence=_evidence(o, test, alpha, realised) if test else {},
    )  # fmt: skip


def _test(o: Observation) -> _Test | None:
    """``None`` when the window or the reference cannot bear a test."""
    if not is_gap(o) or not min(o.n, o.n_reference) >= MINIMUM_LABELLED:
        return None
    gap = GAPS[o.metric]
    tolerance = gap.tolerance * (abs(o.reference) if gap.relative and isfinite(o.reference) else 1.0)
    z, rows = (abs(o.value) - tolerance) / o.standard_error, 1.0 / (1.0 / o.n + 1.0 / o.n_reference)
    return _Test(tolerance, z, rows, log_running_p_value(z, rows))


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


def _what(o: Observation, realised: Observation | None, *, worse: bool) -> str:
    name = o.metric.removeprefix(ESTIMATED).removesuffix(GAP)
    side = "worse" if worse else "better"
    said = f"truth of {o.n:,.0f} rows shows {name} {abs(o.value):.4g} {side} than estimated: scores no longer mean what"
    said += " they meant, concept drift is likely"
    if realised is None or not isfinite(realised.value - realised.reference):
        return said
    change = realised.value - realised.reference
    return f"{said} (of its change by {change:+.4g}, {change - o.value:+.4g} is explained by covariate shift)"
