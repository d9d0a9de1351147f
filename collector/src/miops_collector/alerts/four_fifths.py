"""The default warning on fairness: one group is selected less than four fifths as often as another, beyond chance."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import isfinite
from typing import Final

import numpy as np

from miops import semconv
from miops_collector.alerts.budget import Budget, evaluations_per_month
from miops_collector.alerts.finding import INDEPENDENT, Finding
from miops_collector.alerts.lifecycle import Lifecycle, Verdict
from miops_collector.report import Observation
from miops_collector.statistics.fairness import LeastFavoured, least_favoured

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
    observations: Iterable[Observation], budget: Budget, *, lengths: int = 1, adverse: bool = False
) -> tuple[Finding, ...]:
    """Findings about the selection rates of every sensitive feature and intersection in complete windows.

    Any two groups that are large enough are held to "the one is selected at least four fifths as often as the other",
    with the p-value of :func:`~miops_collector.statistics.fairness.least_favoured`, which is exact in the far tail, at
    the level that the share of the quality alarms leaves to one pair of groups. So a small group that is selected
    seldom by chance raises nothing, and many groups do not add up to an alarm.

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
    adverse
        The positive class is what nobody wants, such as a refusal: then who does *not* get it is selected.
    """
    known = [o for o in observations if o.complete and not o.segment]
    ratios = [o for o in known if o.metric == RATIO]
    rates = {id(o): _rates(o, known) for o in ratios}
    tests = {
        window: lengths * sum(_pairs(rates[id(o)]) for o in ratios if o.window == window)
        for window in {o.window for o in ratios}
    }
    return tuple(_finding(o, rates[id(o)], budget, tests[o.window], adverse=adverse) for o in ratios)


def _rates(ratio: Observation, observations: Sequence[Observation]) -> list[Observation]:
    """Selection rates of the groups that are large enough to be compared."""
    return [
        o for o in observations
        if o.metric == RATE and isfinite(o.value)
        and (o.model, o.window, o.sensitive_feature) == (ratio.model, ratio.window, ratio.sensitive_feature)
    ]  # fmt: skip


def _pairs(rates: Sequence[Observation]) -> int:
    return max(len(rates) * (len(rates) - 1) // 2, 1)


def _finding(o: Observation, rates: Sequence[Observation], budget: Budget, tests: int, *, adverse: bool) -> Finding:
    level = budget.level("quality", evaluations=evaluations_per_month(o.window), tests=tests)
    found = _worst(o, rates, adverse=adverse)
    return Finding(
        rule=FOUR_FIFTHS, metric=o.metric, model=o.model, window=o.window, verdict=_verdict(found, level),
        value=found.ratio if found else o.value, threshold=LIMIT, severity="warning", lifecycle=LIFE,
        sensitive_feature=o.sensitive_feature, what=_what(o, rates, found, adverse=adverse) if found else "",
        evidence=_evidence(o, rates, found, level, adverse=adverse) if found else {},
    )  # fmt: skip


def _worst(o: Observation, rates: Sequence[Observation], *, adverse: bool) -> LeastFavoured | None:
    """``None`` where there is too little to judge."""
    if o.status == "insufficient_data" or o.n < MINIMUM_ROWS:
        return None
    rows = np.array([r.n for r in rates])
    return least_favoured(np.array([_favoured(r, adverse=adverse) for r in rates]) * rows, rows, LIMIT)


def _favoured(rate: Observation, *, adverse: bool) -> float:
    return 1.0 - rate.value if adverse else rate.value


def _verdict(found: LeastFavoured | None, level: float) -> Verdict:
    if found is None:
        return "unknown"
    if found.p_value <= level:
        return "breach"
    return "hold" if found.p_value <= STAY * level else "quiet"


def _evidence(
    o: Observation, rates: Sequence[Observation], found: LeastFavoured, level: float, *, adverse: bool
) -> dict[str, float | str]:
    evidence: dict[str, float | str] = {
        "statistic": "demographic_parity_ratio", "look_back": 1, "effect": found.ratio - 1.0,
        "effect_low": found.low - 1.0, "effect_high": found.high - 1.0,
        "n": rates[found.least].n + rates[found.most].n, "dispersion": INDEPENDENT, "p_value": found.p_value,
        "level": level, "least_favoured": rates[found.least].group, "most_favoured": rates[found.most].group,
    }  # fmt: skip
    if adverse:
        return evidence | {"favoured": "the class that is not the positive one"}
    known = {"reference": o.reference, "n_reference": o.n_reference}
    return evidence | {name: value for name, value in known.items() if isfinite(value)}


def _what(o: Observation, rates: Sequence[Observation], found: LeastFavoured, *, adverse: bool) -> str:
    least, most = rates[found.least], rates[found.most]
    shares = (_favoured(rate, adverse=adverse) for rate in (least, most))
    low, high = (f"{share:.1%}" for share in shares)
    how = "gets the favourable class" if adverse else "is selected"
    return (
        f"{o.sensitive_feature} {least.group} {how} {low} of the time, {found.ratio:.0%} as often as {most.group} "
        f"({high}): under four fifths by more than chance"
    )
