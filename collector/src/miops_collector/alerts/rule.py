"""Rules with a fixed threshold: the user's own."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from math import isfinite, isnan
from typing import Final, Literal, TypeAlias

from miops_collector.alerts.finding import Finding, Severity
from miops_collector.alerts.lifecycle import Lifecycle, Verdict
from miops_collector.report import Observation

__all__ = ["COMPARISONS", "MATCHED", "Comparison", "Rule", "rule_findings"]

Comparison: TypeAlias = Literal[">", ">=", "<", "<=", "abs>"]
COMPARISONS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "abs>": lambda value, threshold: abs(value) > threshold,
}
MATCHED: Final[Mapping[str, Callable[[Observation], str]]] = {
    "model": lambda o: o.model.name,
    "version": lambda o: o.model.version,
    "column": lambda o: o.column,
    "segment": lambda o: o.segment,
    "sensitive_feature": lambda o: o.sensitive_feature,
    "group": lambda o: o.group,
    "window": lambda o: o.window.label,
}
"""What a rule may be restricted by."""


@dataclass(frozen=True, slots=True)
class Rule:
    """``metric comparison threshold`` on every series that matches.

    Like a Prometheus alerting rule it closes at the first window that does not meet the condition, unless the
    lifecycle says otherwise. It knows nothing of chance: a fixed threshold on small windows alarms on noise.

    Attributes
    ----------
    metric
        Full name, or a glob: ``miops.drift.*``.
    match
        By a name of :data:`MATCHED`: exact value or glob. What is not named matches everything.
    margin
        How many standard errors the value must be beyond the threshold, where its standard error is known.
    minimum_rows
        Below this a window is not judged.
    complete_only
        Judge only windows behind the watermark.
    """

    name: str
    metric: str
    comparison: Comparison
    threshold: float
    match: Mapping[str, str] = field(default_factory=dict)
    severity: Severity = "critical"
    margin: float = 0.0
    minimum_rows: float = 0.0
    complete_only: bool = True
    lifecycle: Lifecycle = Lifecycle(close_after=1, rejoin_within=0)

    def applies(self, observation: Observation) -> bool:
        """Whether the rule is about this series and this kind of window."""
        return (
            (observation.complete or not self.complete_only)
            and _alike(observation.metric, self.metric)
            and all(_alike(MATCHED[name](observation), wanted) for name, wanted in self.match.items())
        )

    def verdict(self, observation: Observation) -> Verdict:
        """``unknown`` for undefined values and too few rows, whatever the threshold."""
        value = observation.value
        if observation.status == "insufficient_data" or isnan(value) or observation.n < self.minimum_rows:
            return "unknown"
        error = observation.standard_error
        slack = self.margin * error if isfinite(error) else 0.0
        towards = value + slack if self.comparison in ("<", "<=") else value - slack
        if self.comparison == "abs>":
            towards = max(abs(value) - slack, 0.0)
        return "breach" if COMPARISONS[self.comparison](towards, self.threshold) else "quiet"


def rule_findings(rules: Sequence[Rule], observations: Iterable[Observation]) -> tuple[Finding, ...]:
    """What the rules say about the observations they apply to."""
    return tuple(_finding(rule, o) for o in observations for rule in rules if rule.applies(o))


def _alike(given: str, wanted: str) -> bool:
    return given == wanted or fnmatchcase(given, wanted)


def _finding(rule: Rule, o: Observation) -> Finding:
    evidence: dict[str, float | str] = {"comparison": rule.comparison, "n": o.n}
    known = {"reference": o.reference, "n_reference": o.n_reference, "standard_error": o.standard_error}
    evidence |= {name: value for name, value in known.items() if isfinite(value)}
    return Finding(
        rule=rule.name, metric=o.metric, model=o.model, window=o.window, verdict=rule.verdict(o), value=o.value,
        threshold=rule.threshold, severity=rule.severity, lifecycle=rule.lifecycle, column=o.column,
        segment=o.segment, sensitive_feature=o.sensitive_feature, group=o.group, what=_what(rule, o),
        evidence=evidence,
    )  # fmt: skip


def _what(rule: Rule, o: Observation) -> str:
    about = " & ".join(part for part in (o.column, o.segment, o.sensitive_feature, o.group) if part)
    of = f" of {about}" if about else ""
    return f"{o.metric}{of} is {o.value:.4g}, the rule {rule.name!r} says {rule.comparison} {rule.threshold:g}"
