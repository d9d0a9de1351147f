"""Findings of the default drift alarm, from the evidence of the scan."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from miops import semconv
from miops_collector.alerts.finding import Finding
from miops_collector.alerts.lifecycle import Lifecycle, Verdict
from miops_collector.report import ModelKey
from miops_collector.statistics.scan import ColumnEvidence
from miops_collector.window import Window

__all__ = ["DRIFT", "DRIFT_P_VALUE", "drift_findings"]

DRIFT: Final = "drift"
"""Name of the rule."""
DRIFT_P_VALUE: Final = f"{semconv.METRIC_PREFIX}drift.p_value"
LIFE: Final = Lifecycle(close_after=3, rejoin_within=24)


def drift_findings(evidence: Iterable[ColumnEvidence], *, model: ModelKey, window: Window) -> tuple[Finding, ...]:
    """One finding per column for the tick that ended with ``window``, the newest of the smallest windows.

    A rejected column opens an alarm at once: persistence over windows is no substitute for a level, because all windows
    share the error of the reference. Once open it stays while its p-value is below ten times its threshold.
    """
    return tuple(_finding(e, model, window) for e in evidence)


def _verdict(evidence: ColumnEvidence) -> Verdict:
    if evidence.status == "insufficient_data":
        return "unknown"
    return "breach" if evidence.rejected else "hold" if evidence.stays else "quiet"


def _finding(e: ColumnEvidence, model: ModelKey, window: Window) -> Finding:
    return Finding(
        rule=DRIFT, metric=DRIFT_P_VALUE, model=model, window=window, verdict=_verdict(e), value=e.p_value,
        threshold=e.threshold, severity="critical", lifecycle=LIFE, column=e.column, what=e.what,
        evidence={
            "role": e.role, "kind": e.kind, "statistic": e.statistic, "look_back": e.look_back, "effect": e.effect,
            "effect_low": e.effect_low, "effect_high": e.effect_high, "n": e.n, "n_reference": e.n_reference,
            "dispersion": e.dispersion, "p_value": e.p_value, "log_p_value": e.log_p_value,
            "threshold": e.threshold, "cause": e.cause,
        },
    )  # fmt: skip
