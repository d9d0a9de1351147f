"""What is known after a tick: observations, alerts, and the report of both; all that exporters and pages see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from miops_collector.window import Window

__all__ = ["AlarmPlan", "Alert", "AlertState", "Latest", "ModelKey", "Observation", "Report", "Status"]

Status: TypeAlias = Literal["ok", "warning", "alert", "insufficient_data"]
AlertState: TypeAlias = Literal["inactive", "pending", "firing", "resolved"]


@dataclass(frozen=True, slots=True, order=True)
class ModelKey:
    """One version of one model: everything is kept and computed by it."""

    name: str
    version: str


@dataclass(frozen=True, slots=True)
class Observation:
    """One number about one window of one model version.

    Attributes
    ----------
    metric
        Full name on the wire: ``miops.drift.psi``.
    value
        ``nan`` when undefined; then ``reason`` says why.
    reference
        The same statistic of the reference, where it has one (performance, fairness, quality …); else ``nan``.
    n, n_reference
        Rows (or labelled rows) the value rests on.
    column, segment, sensitive_feature, group
        Empty when they do not apply. ``column`` is a feature or context name, ``prediction`` or ``score``.
    p_value
        Of the test that goes with the statistic, ``nan`` if there is none. Of a group it is adjusted for all groups.
    standard_error
        ``nan`` if unknown.
    definition
        Whose definition, and its version, where it is not ours: ``evidently 0.7.23``.
    low, high
        Ends of an interval of 95 %, where the statistic has one of its own; else ``nan``.
    reason
        Why there is no value; of a verdict what it rests on, the columns or gaps.
    complete
        Whether the window lay behind the watermark when this was computed.
    computed_at
        Wall-clock time, nanoseconds since 1970. Later than the window's end by more than the lateness: restated.
    """

    metric: str
    model: ModelKey
    window: Window
    value: float
    n: float
    status: Status
    computed_at: int
    n_reference: float = float("nan")
    reference: float = float("nan")
    column: str = ""
    segment: str = ""
    sensitive_feature: str = ""
    group: str = ""
    p_value: float = float("nan")
    standard_error: float = float("nan")
    low: float = float("nan")
    high: float = float("nan")
    complete: bool = False
    reason: str = ""
    definition: str = ""

    @property
    def identity(self) -> tuple[str, ...]:
        """What makes a series: the same identity and window is the same number, computed again."""
        return (
            self.model.name, self.model.version, self.metric, self.column, self.segment,
            self.sensitive_feature, self.group, self.window.label,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Latest:
    """What the newest window with a verdict says of an alarm's series; ``hold`` keeps it open without raising it."""

    window: Window
    verdict: str
    value: float
    threshold: float
    what: str
    evidence: Mapping[str, float | str]


@dataclass(frozen=True, slots=True)
class Alert:
    """One alarm of one rule on one series.

    ``window``, ``value``, ``threshold``, ``what`` and ``evidence`` are of the last window that raised it, ``latest`` of
    the newest one.

    ``evidence`` is what an auditor needs to recompute it: statistic, look_back, effect, effect_low, effect_high, n,
    n_reference, p_value, threshold …, JSON values only. ``examples`` are prediction ids, ``traces`` the trace id of
    each, empty where it has none. ``since`` and ``until`` are event time, nanoseconds; ``until`` is 0 while it is open.
    ``what`` is one sentence for a person.
    """

    rule: str
    metric: str
    model: ModelKey
    state: AlertState
    since: int
    value: float
    threshold: float
    severity: Literal["warning", "critical"]
    window: Window
    column: str = ""
    segment: str = ""
    sensitive_feature: str = ""
    group: str = ""
    until: int = 0
    what: str = ""
    evidence: Mapping[str, float | str] = field(default_factory=dict)
    examples: tuple[str, ...] = ()
    traces: tuple[str, ...] = ()
    latest: Latest | None = None

    @property
    def identity(self) -> tuple[str, ...]:
        """What makes an alarm: one rule watches a series at every length of window, and each has a life of its own."""
        return (
            self.rule, self.model.name, self.model.version, self.metric, self.column, self.segment,
            self.sensitive_feature, self.group, self.window.label,
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class AlarmPlan:
    """What the default alarms of one model version may spend, and how far they have learned.

    Attributes
    ----------
    per_month
        False alarms of this version per 30 days: its part of what the model may raise.
    shares
        How families of alarms divide it; they sum to 1.
    versions
        Versions of the model that are in use and divide its budget.
    window
        Length of the windows that are learned from: ``1h``.
    learned, to_learn
        Windows seen, and windows until it is known how rows depend on one another. Equal when it is known; both 0 where
        there is nothing to learn. Until then drift shows as a warning.
    dispersion
        By column what was learned of it: at look-backs of so many windows, how many times more its location or spread
        varies than that of independent rows. Empty where nothing has been learned.
    unwatched
        By family why its alarm cannot say anything: the reference has no truth, or no error to compare with.
    """

    model: ModelKey
    per_month: float
    shares: Mapping[str, float]
    versions: int = 1
    window: str = ""
    learned: int = 0
    to_learn: int = 0
    dispersion: Mapping[str, Mapping[int, float]] = field(default_factory=dict)
    unwatched: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Report:
    """The newest state of every series of every model, at one moment.

    ``observations`` hold the trailing window of every configured length for each model (what ``/metrics`` shows);
    a series whose window has no data is not in it. ``alerts`` hold every alert that is not inactive, ``plans`` what
    every model version may spend on its default alarms.
    """

    computed_at: int
    observations: tuple[Observation, ...] = ()
    alerts: tuple[Alert, ...] = ()
    plans: tuple[AlarmPlan, ...] = ()
