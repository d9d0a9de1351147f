"""Findings of the alarm on truth: more errors, or larger ones, than the reference's bound allows."""

from __future__ import annotations

from math import exp, log, sqrt
from typing import Final

from miops import semconv
from miops_collector.alerts.finding import Finding
from miops_collector.alerts.lifecycle import Lifecycle
from miops_collector.alerts.performance import PERFORMANCE
from miops_collector.report import ModelKey
from miops_collector.window import Window, parse_length

__all__ = ["loss_finding"]

TRUTH_WITHIN: Final = parse_length("45d")
"""Windows of which no truth is known for so long are no news: it may still come."""
LARGEST_LOG: Final = 700.0


def loss_finding(
    model: ModelKey, window: Window, *, is_share: bool, alarmed: bool, rows: float, loss: float, bound: float,
    rows_reference: float, loss_reference: float, deviation: float, dispersion: float, log_value: float,
    threshold: float,
) -> Finding:  # fmt: skip
    """About one window's labels; once an alarm is open it stays while their loss is above the bound.

    Parameters
    ----------
    is_share
        The loss is an error rate and is told as accuracy; else it is a mean absolute error.
    alarmed
        The evidence reached the threshold in this window.
    rows, loss
        Labels that count now, and their mean loss.
    bound
        Mean loss that is no worse than the reference's.
    deviation
        Of one row's loss in the reference.
    log_value, threshold
        Logarithm of the largest e-value in this window, and what it was held to.
    """
    name = "accuracy" if is_share else "mae"
    sign = -1.0 if is_share else 1.0
    error = deviation * sqrt(dispersion / max(rows, 1.0) + 1.0 / max(rows_reference, 1.0))
    effect = sign * (loss - loss_reference)
    value, reference, allowed = (1.0 - x if is_share else x for x in (loss, loss_reference, bound))
    return Finding(
        rule=PERFORMANCE, metric=f"{semconv.METRIC_PREFIX}performance.{name}", model=model, window=window,
        verdict="breach" if alarmed else "hold" if loss > bound else "quiet", value=value, threshold=allowed,
        severity="critical", lifecycle=_life(window), support=rows,
        what=f"{name} went from {reference:.4g} in the reference to {value:.4g} over {rows:,.0f} labelled rows",
        evidence={
            "statistic": name, "look_back": 1, "reference": reference, "effect": effect,
            "effect_low": effect - 2.0 * error, "effect_high": effect + 2.0 * error, "n": rows,
            "n_reference": rows_reference, "dispersion": dispersion, "e_value": exp(min(log_value, LARGEST_LOG)),
            "log_e_value": max(log_value, -LARGEST_LOG), "e_threshold": threshold, "log_e_threshold": log(threshold),
        },
    )  # fmt: skip


def _life(window: Window) -> Lifecycle:
    return Lifecycle(absent_after=max(TRUTH_WITHIN // window.length, 24), keep_resolved=TRUTH_WITHIN)
