"""The default warning on fairness: one group is selected less than four fifths as often as another, beyond chance."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import isfinite
from typing import Final

from scipy.special import ndtr, ndtri

from miops import semconv
from miops_collector.alerts.budget import Budget, evaluations_per_month
from miops_collector.alerts.finding import INDEPENDENT, Finding
from miops_collector.alerts.lifecycle import Lifecycle, Verdict
from miops_collector.report import Observation

__all__ = ["FOUR_FIFTHS", "four_fifths_findings"]

FOUR_FIFTHS: Final = "four_fifths"
"""Name of the rule: 29 CFR 1607.4 D, the US Uniform Guidelines on Employee Selection Procedures."""
RATIO: Final = f"{semconv.METRIC_PREFIX}fairness.demographic_parity_ratio"
RATE: Final = f"{semconv.METRIC_PREFIX}fairness.selection_rate"
LIMIT: Final = 0.8
MINIMUM_ROWS: Final = 100.0
STAY: Final = 10.0
LIFE: Final = Lifecycle(close_after=3, rejoin_within=24)


def four_fifths_findings(
    observations: Iterable[Observation], budget: Budget, *, lengths: int = 1
) -> tuple[Finding, ...]:
    """Findings about the ratio of selection rates of every sensitive feature and intersection in complete windows.

    With ``r`` the ratio and ``u`` the upper end of its interval, which holds for all pairs of groups at once at the
    quantile ``q``, the test that the true ratio is 0.8 or more is ``z = (r - 0.8) / ((u - r) / q)``, at the level that
    the share of the quality alarms leaves to one pair of groups. So a small group that is selected seldom by chance
    raises nothing, and many groups do not add up to an alarm.

    Assumes
        independent rows. Fails where the ratio is under four fifths for good: it then says so, once, and stays open.

    Rankings are not watched by default: the error of ``exposure_ratio`` counts lists, and how often it would be under
    0.8 by chance at so small a level was not measured. A rule of the user's own can watch it.

    Parameters
    ----------
    observations
        Any; those of other metrics, segments and incomplete windows are passed over.
    lengths
        How many lengths of windows are evaluated; they share the level.
    """
    known = [o for o in observations if o.complete and not o.segment]
    ratios = [o for o in known if o.metric == RATIO]
    rates = {id(o): _rates(o, known) for o in ratios}
    tests = {
        window: lengths * sum(_pairs(rates[id(o)]) for o in ratios if o.window == window)
        for window in {o.window for o in ratios}
    }
    return tuple(_finding(o, rates[id(o)], budget, tests[o.window]) for o in ratios)


def _rates(ratio: Observation, observations: Sequence[Observation]) -> list[Observation]:
    """Selection rates of the groups that are compared, the least favoured first."""
    found = (
        o for o in observations
        if o.metric == RATE and isfinite(o.value)
        and (o.model, o.window, o.sensitive_feature) == (ratio.model, ratio.window, ratio.sensitive_feature)
    )  # fmt: skip
    return sorted(found, key=lambda o: o.value)


def _pairs(rates: Sequence[Observation]) -> int:
    return max(len(rates) * (len(rates) - 1) // 2, 1)


def _finding(o: Observation, rates: Sequence[Observation], budget: Budget, tests: int) -> Finding:
    level = budget.level("quality", evaluations=evaluations_per_month(o.window), tests=tests)
    p = _p_value(o, _pairs(rates))
    return Finding(
        rule=FOUR_FIFTHS, metric=o.metric, model=o.model, window=o.window, verdict=_verdict(p, level), value=o.value,
        threshold=LIMIT, severity="warning", lifecycle=LIFE, sensitive_feature=o.sensitive_feature,
        what=_what(o, rates), evidence=_evidence(o, rates, p, level) if isfinite(p) else {},
    )  # fmt: skip


def _p_value(o: Observation, pairs: int) -> float:
    """``nan`` where there is too little to judge."""
    if o.status == "insufficient_data" or o.n < MINIMUM_ROWS or not (isfinite(o.value) and isfinite(o.high)):
        return float("nan")
    error = (o.high - o.value) / -float(ndtri(0.025 / pairs))
    return float(ndtr((o.value - LIMIT) / error)) if error > 0 else float(o.value >= LIMIT)


def _verdict(p: float, level: float) -> Verdict:
    if not isfinite(p):
        return "unknown"
    if p <= level:
        return "breach"
    return "hold" if p <= STAY * level else "quiet"


def _evidence(o: Observation, rates: Sequence[Observation], p: float, level: float) -> dict[str, float | str]:
    evidence: dict[str, float | str] = {
        "statistic": "demographic_parity_ratio", "look_back": 1, "effect": o.value - 1.0, "effect_low": o.low - 1.0,
        "effect_high": o.high - 1.0, "n": o.n, "dispersion": INDEPENDENT, "p_value": p, "level": level,
    }  # fmt: skip
    if rates:
        evidence |= {"least_favoured": rates[0].group, "most_favoured": rates[-1].group}
    known = {"reference": o.reference, "n_reference": o.n_reference}
    return evidence | {name: value for name, value in known.items() if isfinite(value)}


def _what(o: Observation, rates: Sequence[Observation]) -> str:
    if len(rates) < 2:
        return (
            f"the least favoured group of {o.sensitive_feature} is selected {o.value:.0%} as often as the most favoured"
        )
    least, most = rates[0], rates[-1]
    return (
        f"{o.sensitive_feature} {least.group} is selected {least.value:.1%} of the time, {o.value:.0%} as often as "
        f"{most.group} ({most.value:.1%}): under four fifths by more than chance"
    )
