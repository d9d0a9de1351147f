"""Everything the page of one model version shows, gathered from the newest report and the store."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from miops import semconv
from miops_collector.accepting import SMALL
from miops_collector.alerts import DRIFT
from miops_collector.compared_with import serving_reference
from miops_collector.exporters.descriptions import describe
from miops_collector.report import ModelKey, Observation, Report
from miops_collector.stores._store import ModelInfo, ObservationQuery, Store
from miops_collector.web.alarm_cards import AlarmCard, alarm_cards
from miops_collector.web.alarm_plan import PlanLines, plan_lines, plan_of
from miops_collector.web.format import count_text, name_text, number_text, percent_text, window_text
from miops_collector.web.groups import GroupTable, group_tables
from miops_collector.web.heat_map import HeatMap, heat_map
from miops_collector.web.joint_table import JointTable, joint_table
from miops_collector.web.line_chart import Chart, line_chart
from miops_collector.web.quality_table import QualityTable, quality_table
from miops_collector.web.segment_table import SegmentTable, segment_table
from miops_collector.web.status import status_of
from miops_collector.web.verdict_lines import VerdictLine, verdict_lines
from miops_collector.window import parse_length

__all__ = ["Choice", "ModelPage", "Shown", "model_page"]

_DRIFT, _PERFORMANCE, _ESTIMATED = "miops.drift.", "miops.performance.", "miops.estimated_performance."
_COUNTS = frozenset({"correct", "labelled"})
_FIRST_DRIFT = ("psi", "jensen_shannon")
_FIRST_PERFORMANCE = ("roc_auc", "accuracy", "rmse", "mae")
_POWERED = "miops.prediction_powered."
_MOST_POWERED_WINDOWS = 24
_MOST_HEAT_WINDOWS = 60
_MOST_CHART_WINDOWS = 180
_MOST_OBSERVATIONS = 10_000


@dataclass(frozen=True, slots=True)
class Shown:
    """What the visitor asked to see; empty means the default."""

    window: str = ""
    drift: str = ""
    performance: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """A drop-down: its values and the one that is chosen, with what that means."""

    values: tuple[str, ...]
    chosen: str
    means: str = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """One number that matters, in words."""

    name: str
    value: str
    beside: str


@dataclass(frozen=True, slots=True)
class ModelPage:
    """The page; parts that do not apply are ``None`` or empty."""

    info: ModelInfo
    status: str | None
    reference: str
    figures: tuple[Figure, ...]
    causes: tuple[AlarmCard, ...]
    consequences: tuple[AlarmCard, ...]
    accepts: bool
    """Whether what drifted can be accepted as the reference: a drift alarm fires."""
    plan: PlanLines | None
    resolved: tuple[AlarmCard, ...]
    windows: Choice
    drifts: Choice
    heat: HeatMap | None
    performances: Choice
    chart: Chart | None
    no_chart: str
    segments: SegmentTable | None
    groups: tuple[GroupTable, ...]
    quality: QualityTable | None
    verdicts: tuple[VerdictLine, ...]
    joint: JointTable | None


def model_page(store: Store, report: Report, info: ModelInfo, shown: Shown) -> ModelPage:
    """Gather it. The history is read only of the statistics that are looked at."""
    newest = [o for o in report.observations if o.model == info.key]
    lengths = sorted({o.window.label for o in newest}, key=parse_length, reverse=True)
    windows = _choose(lengths, shown.window)
    of_length = [o for o in newest if o.window.label == windows.chosen]
    drifts = _choose(_names(of_length, _DRIFT), shown.drift, _FIRST_DRIFT, _DRIFT)
    performances = _choose(_names(of_length, _PERFORMANCE), shown.performance, _FIRST_PERFORMANCE, _PERFORMANCE)
    history = _History(store, info.key, windows.chosen)
    performance = history.read(_PERFORMANCE + performances.chosen, _MOST_CHART_WINDOWS) if performances.chosen else []
    chart, no_chart = _chart(history, performance, of_length)
    open_, plan = alarm_cards(report, info.key, "firing", "pending"), plan_of(report, info.key)
    return ModelPage(
        info=info,
        status=status_of(report, info.key),
        reference=_reference(store, info.key),
        figures=(*_figures(of_length), *_newest_known(performance), *_powered(history, performances.chosen)),
        causes=tuple(card for card in open_ if not card.follows),
        consequences=tuple(card for card in open_ if card.follows),
        accepts=any(card.alert.rule == DRIFT and card.alert.state == "firing" for card in open_),
        plan=plan_lines(plan) if plan else None,
        resolved=alarm_cards(report, info.key, "resolved"),
        windows=windows,
        drifts=drifts,
        heat=_heat(history, drifts.chosen, of_length),
        performances=performances,
        chart=chart,
        no_chart=no_chart,
        segments=segment_table(of_length),
        groups=tuple(group_tables(of_length)),
        quality=quality_table(of_length),
        verdicts=verdict_lines(of_length),
        joint=joint_table(of_length),
    )


@dataclass(frozen=True, slots=True)
class _History:
    store: Store
    model: ModelKey
    window: str

    def read(self, metric: str, limit: int) -> list[Observation]:
        query = ObservationQuery(
            model=self.model.name, version=self.model.version, metric=metric, window=self.window, limit=limit
        )
        return self.store.observations(query)[0]


def _heat(history: _History, statistic: str, newest: Sequence[Observation]) -> HeatMap | None:
    if not statistic:
        return None
    columns = max(len({o.column for o in newest if o.metric == _DRIFT + statistic}), 1)
    limit = min(columns * _MOST_HEAT_WINDOWS, _MOST_OBSERVATIONS)
    found = history.read(_DRIFT + statistic, limit)
    return heat_map(found, most_windows=_MOST_HEAT_WINDOWS) if found else None


def _chart(
    history: _History, performance: Sequence[Observation], newest: Sequence[Observation]
) -> tuple[Chart | None, str]:
    """The drawing, or why there is none."""
    if not performance:
        return None, "No statistic of performance applies to this model yet."
    labelled = history.read(semconv.METRIC_WINDOW_LABELLED_SHARE, _MOST_CHART_WINDOWS)
    metric = performance[0].metric
    estimates = history.read(_ESTIMATED + metric.removeprefix(_PERFORMANCE), _MOST_CHART_WINDOWS)
    chart = line_chart(performance, {o.window: o.value for o in labelled}, estimates)
    why = next((o.reason for o in newest if o.metric == metric and o.reason), "no ground truth yet")
    return chart, "" if chart else f"Nothing to draw: {why}."


def _newest_known(performance: Sequence[Observation]) -> Iterator[Figure]:
    """The newest window whose truth is known well enough for a value."""
    known = [o for o in performance if math.isfinite(o.value)]
    if known:
        o = max(known, key=lambda one: one.window)
        name = name_text(o.metric.removeprefix(_PERFORMANCE))
        beside = f"{window_text(o.window.start, o.window.end)}, reference {number_text(o.reference)}"
        yield Figure(f"{name}, newest known", number_text(o.value), beside)


def _powered(history: _History, statistic: str) -> Iterator[Figure]:
    """The newest window whose truth is coming in, by few labels and many predictions."""
    found = history.read(_POWERED + statistic, _MOST_POWERED_WINDOWS) if statistic else []
    known = [o for o in found if math.isfinite(o.value) and not o.segment]
    if known:
        o = max(known, key=lambda one: one.window)
        beside = (
            f"{window_text(o.window.start, o.window.end)}, {number_text(o.low)} to {number_text(o.high)}: {o.reason}"
        )
        yield Figure(f"{name_text(statistic)}, while truth comes in", number_text(o.value), beside)


def _figures(newest: Sequence[Observation]) -> tuple[Figure, ...]:
    by_metric = {o.metric: o for o in newest if not (o.column or o.group or o.sensitive_feature or o.segment)}
    figures = []
    rows = by_metric.get(semconv.METRIC_WINDOW_ROWS)
    if rows is not None:
        beside = window_text(rows.window.start, rows.window.end)
        figures.append(Figure("rows in the newest window", count_text(rows.value), beside))
    share = by_metric.get(semconv.METRIC_WINDOW_LABELLED_SHARE)
    if share is not None:
        figures.append(Figure("of them with ground truth", percent_text(share.value), "more may still come"))
    for metric, name, unit in _FIGURES:
        o = by_metric.get(metric)
        if o is not None and math.isfinite(o.value):
            beside = f"reference {number_text(o.reference)}" if math.isfinite(o.reference) else ""
            figures.append(Figure(name, f"{number_text(o.value * (1000 if unit else 1))}{unit}", beside))
    return tuple(figures)


_FIGURES = (
    ("miops.confidence.mean", "mean confidence", ""),
    ("miops.latency.p95", "95th percentile of latency", " ms"),
)


def _reference(store: Store, model: ModelKey) -> str:
    serving = serving_reference(store, model)
    if serving is None:
        return "none yet"
    owner, found = serving
    rows = f"{count_text(found.rows)} rows"
    said = f"its own first {rows}, taken automatically" if found.origin == "auto" else f"a reference of {rows}"
    said += "" if owner == model else ", given for every version"
    return f"{said}, which hide drift under 0.2 σ (better {count_text(SMALL)})" if found.rows < SMALL else said


def _names(newest: Iterable[Observation], family: str) -> list[str]:
    names = {o.metric.removeprefix(family) for o in newest if o.metric.startswith(family)}
    return sorted(n for n in names - _COUNTS if "." not in n)


def _choose(values: Sequence[str], asked: str, preferred: Sequence[str] = (), family: str = "") -> Choice:
    usual = next((name for name in (*preferred, *values) if name in values), "")
    chosen = asked if asked in values else usual
    return Choice(tuple(values), chosen, describe(family + chosen).brief if family and chosen else "")
