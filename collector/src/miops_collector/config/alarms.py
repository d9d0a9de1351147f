"""How many false alarms are acceptable, and rules of the user's own."""

from __future__ import annotations

from fnmatch import filter as matching
from typing import Any, Literal

from pydantic import ConfigDict, Field, field_validator, model_validator

from miops import semconv
from miops_collector.config.section import Length, Section
from miops_collector.errors import did_you_mean

__all__ = ["AlarmConfig", "RuleConfig", "ShareConfig"]

ROUNDING = 1e-6


class RuleConfig(Section):
    """One alarm rule of the user's own."""

    name: str
    metric: str = Field(description="full metric name, or a glob: miops.drift.psi, miops.fairness.*_difference")
    comparison: Literal[">", ">=", "<", "<=", "abs>"] = ">"
    threshold: float
    match: dict[str, str] = Field(default={}, description="model, version, column, segment, group … as a glob")
    hold: Length | None = Field(default=None, alias="for", description="event time the condition must last")
    severity: Literal["warning", "critical"] = "critical"
    margin: float = Field(default=0.0, ge=0, description="standard errors beyond the threshold, where they are known")
    minimum_rows: float = Field(default=0.0, ge=0, description="windows with fewer rows are not judged")

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    @field_validator("name")
    @classmethod
    def _own_name(cls, name: str) -> str:
        if not name or name in _alerts().DEFAULT_RULES:
            msg = f"{name!r} is the name of a default rule, or none: give your rule another"
            raise ValueError(msg)
        return name

    @field_validator("metric")
    @classmethod
    def _known_metric(cls, metric: str) -> str:
        known = _observed()
        if not matching(known, metric):
            msg = f"{metric!r} is no metric that rules can watch{did_you_mean(metric, known)}"
            raise ValueError(msg)
        return metric

    @field_validator("match")
    @classmethod
    def _known_matchers(cls, match: dict[str, str]) -> dict[str, str]:
        known = _alerts().MATCHED
        for name in match:
            if name not in known:
                msg = f"{name!r} is nothing to match{did_you_mean(name, known)}"
                raise ValueError(msg)
        return match


class ShareConfig(Section):
    """How the families of default rules share the budget."""

    drift: float = Field(default=0.5, ge=0, le=1)
    performance: float = Field(default=0.3, ge=0, le=1)
    estimated_performance: float = Field(default=0.1, ge=0, le=1)
    quality: float = Field(default=0.1, ge=0, le=1)

    @model_validator(mode="after")
    def _sum_to_one(self) -> ShareConfig:
        total = self.drift + self.performance + self.estimated_performance + self.quality
        if abs(total - 1.0) > ROUNDING:
            msg = f"the shares sum to {total:g}, not to 1: the budget would not hold, or part of it would be lost"
            raise ValueError(msg)
        return self


class AlarmConfig(Section):
    """How many false alarms are acceptable, and rules of the user's own."""

    budget_per_month: float = Field(
        default=1.0, gt=0, description="false alarms per model and 30 days, all defaults together"
    )
    warnings_per_month: float = Field(
        default=30.0, gt=0, description="the same for warnings, which are shown and open no alarm"
    )
    shares: ShareConfig = ShareConfig()
    ignore_shifts_below: float = Field(
        default=0.01, ge=0, lt=1, description="shifts smaller than this many σ are no drift"
    )
    dependence: Literal["learn", "none"] = Field(
        default="learn", description="whether rows resemble their neighbours in time: learn it from history, or none do"
    )
    truth_within: Length = Field(
        default="7d", description="how long a window waits for nine of ten labels before those it has count"
    )
    silence: bool = Field(
        default=True, description="alarm when a model has no rows for twice as long as ever in its last month"
    )
    defaults: bool = True
    rules: tuple[RuleConfig, ...] = ()

    @field_validator("rules")
    @classmethod
    def _different_names(cls, rules: tuple[RuleConfig, ...]) -> tuple[RuleConfig, ...]:
        names = [rule.name for rule in rules]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            msg = f"two rules have the name {twice!r}: an alarm is known by the name of its rule"
            raise ValueError(msg)
        return rules


def _alerts() -> Any:
    """Imported only where there is a rule to check: its statistics bring SciPy, and a command line should be quick."""
    from miops_collector import alerts

    return alerts


def _observed() -> list[str]:
    """Names of everything that is observed of a window."""
    from miops_collector.signals.multivariate import METRICS
    from miops_collector.statistics import families, statistics_of

    window = (semconv.METRIC_WINDOW_ROWS, semconv.METRIC_WINDOW_LABELLED_SHARE)
    return sorted([*window, *METRICS, *(s.metric for family in families() for s in statistics_of(family))])
