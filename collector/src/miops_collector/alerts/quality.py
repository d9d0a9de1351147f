"""The default alarms on data quality: values of the wrong type, predictions that were sent again, calls that failed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import exp, isfinite, log
from typing import Final

import numpy as np
from scipy.special import betainc

from miops import semconv
from miops_collector.alerts.budget import Budget, evaluations_per_month
from miops_collector.alerts.finding import INDEPENDENT, Finding
from miops_collector.alerts.lifecycle import Lifecycle, Verdict
from miops_collector.report import Observation
from miops_collector.statistics.scan.proportion import log_tolerant_difference, newcombe

__all__ = ["QUALITY", "TOLERATED", "quality_findings"]

QUALITY: Final = "quality"
"""Name of the rule."""
ERRORS: Final = f"{semconv.METRIC_PREFIX}quality.error_rate"
TOLERATED: Final[Mapping[str, float]] = {
    f"{semconv.METRIC_PREFIX}quality.type_fault_share": 0.005,
    f"{semconv.METRIC_PREFIX}quality.duplicate_share": 0.05,
    ERRORS: 0.01,
}
"""Share of rows above the reference's that is ignored: some repeats are normal, exporters retry. Missing, unseen and
out-of-range values are columns' drift and belong to the scan."""
KNOWN_EXACTLY: Final = 1e9
SMALLEST: Final = 1e-300
"""A p-value that has a logarithm."""
MINIMUM_ROWS: Final = 30.0
STAY: Final = log(10.0)
LIFE: Final = Lifecycle(close_after=3, rejoin_within=24)


def quality_findings(observations: Iterable[Observation], budget: Budget, *, lengths: int = 1) -> tuple[Finding, ...]:
    """Findings about the shares in :data:`TOLERATED` in complete windows, each against the reference's share.

    Two tests must agree: that the share is larger than the reference's by more than is tolerated, by the likelihood
    ratio of two shares (:func:`~miops_collector.statistics.scan.proportion.log_tolerant_difference`), which knows the
    reference's error; and that chance does not make so many of what is tolerated, by the binomial distribution, which
    is exact however few they are. Where the reference has no such share it is 0: no reference holds calls that failed.
    One client that is wrong for a while is a true alarm, not a false one.

    Parameters
    ----------
    observations
        Any; those of other metrics, segments, groups and incomplete windows are passed over.
    lengths
        How many lengths of windows are evaluated; they share the level.
    """
    chosen = [o for o in observations if o.metric in TOLERATED and o.complete and not (o.segment or o.group)]
    tests = len({(o.metric, o.column) for o in chosen}) * lengths
    return tuple(_finding(o, budget, tests) for o in chosen)


def _finding(o: Observation, budget: Budget, tests: int) -> Finding:
    alpha = budget.level(QUALITY, evaluations=evaluations_per_month(o.window), tests=tests)
    log_p = _log_p(o)
    return Finding(
        rule=QUALITY, metric=o.metric, model=o.model, window=o.window, verdict=_verdict(log_p, alpha), value=o.value,
        threshold=_reference(o)[0] + TOLERATED[o.metric], severity="critical", lifecycle=LIFE, column=o.column,
        what=_what(o), evidence=_evidence(o, log_p, alpha) if isfinite(log_p) else {},
    )  # fmt: skip


def _reference(o: Observation) -> tuple[float, float]:
    if o.metric != ERRORS and isfinite(o.reference) and o.n_reference >= MINIMUM_ROWS:
        return o.reference, o.n_reference
    return 0.0, KNOWN_EXACTLY


def _log_p(o: Observation) -> float:
    if o.status == "insufficient_data" or not isfinite(o.value) or o.n < MINIMUM_ROWS:
        return float("nan")
    share, m = _reference(o)
    if o.value <= share:
        return 0.0
    tolerance = TOLERATED[o.metric]
    x, n, y, rows = (np.array(v) for v in (o.value * o.n, o.n, share * m, m))
    differs = float(log_tolerant_difference(x, n, y, rows, tolerance=tolerance))
    return max(differs, _log_exceeding(o.value * o.n, o.n, min(share + tolerance, 1.0)))


def _log_exceeding(x: float, n: float, share: float) -> float:
    """Log of the chance of at least ``x`` of ``n`` independent rows where each is one with this chance; 0 below it."""
    return log(max(float(betainc(x, n - x + 1.0, share)), SMALLEST)) if x > share * n else 0.0


def _verdict(log_p: float, alpha: float) -> Verdict:
    if not isfinite(log_p):
        return "unknown"
    if log_p <= log(alpha):
        return "breach"
    return "hold" if log_p <= log(alpha) + STAY else "quiet"


def _evidence(o: Observation, log_p: float, alpha: float) -> dict[str, float | str]:
    share, rows = _reference(o)
    low, high = newcombe(*(np.array(v) for v in (o.value * o.n, o.n, share * rows, rows)))
    return {
        "statistic": o.metric.rpartition(".")[2], "look_back": 1, "reference": share, "effect": o.value - share,
        "effect_low": float(low), "effect_high": float(high), "n": o.n, "n_reference": rows,
        "tolerance": TOLERATED[o.metric], "dispersion": INDEPENDENT, "p_value": exp(log_p), "log_p_value": log_p,
        "level": alpha,
    }  # fmt: skip


def _what(o: Observation) -> str:
    name = o.metric.rpartition(".")[2].replace("_", " ")
    of = f" of {o.column}" if o.column else ""
    return f"{name}{of} is {o.value:.1%} of {o.n:,.0f} rows, {_reference(o)[0]:.1%} in the reference"
