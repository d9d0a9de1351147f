"""The default alarm on performance: worse than the reference by more than a little and more than chance allows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from math import exp, isfinite, log, sqrt
from typing import Final

import numpy as np

from miops import semconv
from miops_collector.alerts.budget import Budget, evaluations_per_month
from miops_collector.alerts.finding import INDEPENDENT, Finding
from miops_collector.alerts.lifecycle import Lifecycle, Verdict
from miops_collector.report import Observation
from miops_collector.statistics.scan.proportion import root_likelihood_ratio
from miops_collector.statistics.sequential.normal_mixture import critical_z, log_running_p_value

__all__ = ["PERFORMANCE", "ROC_AUC", "WATCHED", "Watched", "performance_findings"]

PERFORMANCE: Final = "performance"
"""Name of the rule."""
MINIMUM_LABELLED: Final = 50.0
STAY: Final = log(10.0)
LIFE: Final = Lifecycle(close_after=3, rejoin_within=24)


@dataclass(frozen=True, slots=True)
class Watched:
    """How one statistic is judged.

    ``worse`` is +1 if larger values are worse, else -1. ``tolerance`` is the change that is ignored, a part of the
    reference's value if ``relative``. A ``share`` of rows is compared by its likelihood, which holds for rare errors.
    """

    worse: int
    tolerance: float
    relative: bool = False
    share: bool = False


ROC_AUC: Final = f"{semconv.METRIC_PREFIX}performance.roc_auc"
"""No mean of losses, so that windows have to be compared."""
WATCHED: Final[Mapping[str, Watched]] = {
    f"{semconv.METRIC_PREFIX}performance.accuracy": Watched(-1, 0.01, share=True),
    ROC_AUC: Watched(-1, 0.01),
    f"{semconv.METRIC_PREFIX}performance.mae": Watched(1, 0.02, relative=True),
    f"{semconv.METRIC_PREFIX}performance.rmse": Watched(1, 0.02, relative=True),
}
"""Few on purpose: each one more costs the others power."""


@dataclass(frozen=True, slots=True)
class _Test:
    """Excess over the tolerated change, its standard error, standardised, and the effective rows behind it."""

    excess: float
    error: float
    z: float
    rows: float


def performance_findings(
    observations: Iterable[Observation], budget: Budget, *, lengths: int = 1, metrics: Collection[str] = tuple(WATCHED)
) -> tuple[Finding, ...]:
    """Findings about the whole-model values of :data:`WATCHED` in complete windows.

    With ``d`` the change for the worse less the tolerance, ``s`` the standard deviation of one row and ``n``, ``m``
    labelled rows of window and reference the test is ``z = d / (s sqrt(1 / n + 1 / m))`` through a p-value that may be
    looked at as often as truth arrives (:mod:`~miops_collector.statistics.sequential.normal_mixture`), at the level
    that the budget's share leaves to one of these statistics in one window.

    Assumes
        labels that arrive independently of whether the prediction was right; independent rows; a reference that the
        model was not fitted on.
    Fails
        where the first labels are the bad ones (defaults before repayments), and on errors with so heavy tails that
        their variance cannot be estimated: watch ``mae`` instead of ``rmse`` there.

    Parameters
    ----------
    observations
        Any; those of other metrics, segments, groups and incomplete windows are passed over.
    lengths
        How many lengths of windows are evaluated; they share the level.
    metrics
        Those of :data:`WATCHED` that are not left to another test.
    """
    chosen = [o for o in observations if o.metric in metrics and o.complete and not (o.segment or o.group)]
    tests = len({o.metric for o in chosen}) * lengths
    return tuple(_finding(o, WATCHED[o.metric], budget, tests) for o in chosen)


def _finding(o: Observation, watched: Watched, budget: Budget, tests: int) -> Finding:
    alpha = budget.level(PERFORMANCE, evaluations=evaluations_per_month(o.window), tests=tests)
    test = _test(o, watched)
    log_p = log_running_p_value(test.z, test.rows) if test else float("nan")
    bound = _bound(o, watched, test, alpha) if test else float("nan")
    return Finding(
        rule=PERFORMANCE, metric=o.metric, model=o.model, window=o.window, verdict=_verdict(log_p, alpha),
        value=o.value, threshold=bound, severity="critical", lifecycle=LIFE, support=o.n, what=_what(o),
        evidence=_evidence(o, watched, test, log_p, alpha) if test else {},
    )  # fmt: skip


def _test(o: Observation, watched: Watched) -> _Test | None:
    """``None`` when the window or the reference cannot bear a test."""
    n, m = o.n, o.n_reference
    if o.status == "insufficient_data" or not min(n, m) >= MINIMUM_LABELLED:
        return None
    excess = watched.worse * (o.value - o.reference) - _tolerance(o, watched)
    rows = 1.0 / (1.0 / n + 1.0 / m)
    if watched.share:
        return _share_test(o, watched, excess, rows)
    error = o.standard_error * sqrt(1.0 + n / m)
    return _Test(excess, error, excess / error, rows) if isfinite(excess) and error > 0.0 else None


def _share_test(o: Observation, watched: Watched, excess: float, rows: float) -> _Test | None:
    if not isfinite(excess):
        return None
    n, m = o.n, o.n_reference
    x, y = n * o.value - n * watched.worse * _tolerance(o, watched), m * o.reference
    z = root_likelihood_ratio(*(np.array(v) for v in (min(max(x, 0.0), n), n, y, m)))
    pooled = min(max((x + y) / (n + m), 0.0), 1.0)
    error = sqrt(pooled * (1.0 - pooled) / rows)
    return _Test(excess, error, float(z) if excess > 0.0 else -float(z), rows)


def _tolerance(o: Observation, watched: Watched) -> float:
    return watched.tolerance * (abs(o.reference) if watched.relative else 1.0)


def _bound(o: Observation, watched: Watched, test: _Test, alpha: float) -> float:
    """The value of the statistic at which the alarm would have opened."""
    return o.reference + watched.worse * (_tolerance(o, watched) + critical_z(alpha, test.rows) * test.error)


def _verdict(log_p: float, alpha: float) -> Verdict:
    if not isfinite(log_p):
        return "unknown"
    if log_p <= log(alpha):
        return "breach"
    return "hold" if log_p <= log(alpha) + STAY else "quiet"


def _evidence(o: Observation, watched: Watched, test: _Test, log_p: float, alpha: float) -> dict[str, float | str]:
    effect = o.value - o.reference
    return {
        "statistic": o.metric.rpartition(".")[2], "look_back": 1, "reference": o.reference, "effect": effect,
        "effect_low": effect - 2.0 * test.error, "effect_high": effect + 2.0 * test.error, "n": o.n,
        "n_reference": o.n_reference, "tolerance": _tolerance(o, watched), "dispersion": INDEPENDENT,
        "p_value": exp(log_p), "log_p_value": log_p, "level": alpha,
    }  # fmt: skip


def _what(o: Observation) -> str:
    name = o.metric.rpartition(".")[2]
    return f"{name} went from {o.reference:.4g} in the reference to {o.value:.4g} over {o.n:,.0f} labelled rows"
