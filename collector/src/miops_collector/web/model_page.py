"""Everything the page of one model version shows, gathered from the newest report and the store."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from miops import semconv
from miops_collector.alerts import blamed
from miops_collector.report import Alert, AlertState, ModelKey, Observation, Report
from miops_collector.stores._store import ModelInfo, ObservationQuery, Store
from miops_collector.web.format import count_text, number_text, percent_text, window_text
from miops_collector.web.groups import GroupTable, group_tables
from miops_collector.web.heat_map import HeatMap, heat_map
from miops_collector.web.line_chart import Chart, line_chart
from miops_collector.web.quality_table import QualityTable, quality_table
from miops_collector.web.segment_table import SegmentTable, blamed_segments, segment_table
from miops_collector.web.status import status_of
from miops_collector.web.verdict_lines import VerdictLine, verdict_lines
from miops_collector.window import parse_length

__all__ = ["Choice", "ModelPage", "Shown", "model_page"]

_DRIFT, _PERFORMANCE = "miops.drift.", "miops.performance."
_COUNTS = frozenset({"correct", "labelled"})
_FIRST_DRIFT = ("psi", "jensen_shannon")
_FIRST_PERFORMANCE = ("roc_auc", "accuracy", "rmse", "mae")
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
    """A drop-down: its values and the one that is chosen."""

    values: tuple[str, ...]
    chosen: str


@dataclass(frozen=True, slots=True)
class Figure:
    """One number that matters, in words."""

    name: str
    value: str
    beside: str


@dataclass(frozen=True, slots=True)
class AlarmCard:
    """One alarm with the sentence for a person and the columns that are to blame."""

    alert: Alert
    sentence: str
    blamed: tuple[str, ...]
    """Columns, then segments."""
    evidence: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ModelPage:
    """The page; parts that do not apply are ``None`` or empty."""

    info: ModelInfo
    status: str | None
    reference: str
    figures: tuple[Figure, ...]
    alarms: tuple[AlarmCard, ...]
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


def model_page(store: Store, report: Report, info: ModelInfo, shown: Shown) -> ModelPage:
    """Gather it. The history is read for two statistics only: those that are looked at."""
    newest = [o for o in report.observations if o.model == info.key]
    lengths = sorted({o.window.label for o in newest}, key=parse_length, reverse=True)
    windows = _choose(lengths, shown.window)
    of_length = [o for o in newest if o.window.label == windows.chosen]
    drifts = _choose(_names(of_length, _DRIFT), shown.drift, _FIRST_DRIFT)
    performances = _choose(_names(of_length, _PERFORMANCE), shown.performance, _FIRST_PERFORMANCE)
    history = _History(store, info.key, windows.chosen)
    performance = history.read(_PERFORMANCE + performances.chosen, _MOST_CHART_WINDOWS) if performances.chosen else []
    chart, no_chart = _chart(history, performance, of_length)
    return ModelPage(
        info=info,
        status=status_of(report, info.key),
        reference=_reference(store, info.key),
        figures=(*_figures(of_length), *_newest_known(performance)),
        alarms=_alarms(report, info.key, "firing", "pending"),
        resolved=_alarms(report, info.key, "resolved"),
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
    chart = line_chart(performance, {o.window: o.value for o in labelled})
    metric = performance[0].metric
    why = next((o.reason for o in newest if o.metric == metric and o.reason), "no ground truth yet")
    return chart, "" if chart else f"Nothing to draw: {why}."


def _newest_known(performance: Sequence[Observation]) -> Iterator[Figure]:
    """The newest window whose truth is known well enough for a value."""
    known = [o for o in performance if math.isfinite(o.value)]
    if known:
        o = max(known, key=lambda one: one.window)
        name = o.metric.removeprefix(_PERFORMANCE).replace("_", " ")
        beside = f"{window_text(o.window.start, o.window.end)}, reference {number_text(o.reference)}"
        yield Figure(f"{name}, newest known", number_text(o.value), beside)


def _figures(newest: Sequence[Observation]) -> tuple[Figure, ...]:
    by_metric = {o.metric: o for o in newest if not (o.column or o.group or o.sensitive_feature or o.segment)}
    figures = []
    rows = by_metric.get(semconv.METRIC_WINDOW_ROWS)
    if rows is not None:
        beside = window_text(rows.window.start, rows.window.end)
        figures.append(Figure("rows in the newest window", count_text(rows.value), beside))
    share = by_metric.get(semconv.METRIC_WINDOW_LABELLED_SHARE)
    if share is not None:
        figures.append(Figure("of them with ground truth", percent_text(share.value), "truth may still come"))
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


def _alarms(report: Report, model: ModelKey, *states: AlertState) -> tuple[AlarmCard, ...]:
    """In the order of the report: the one to look at first in front."""
    of_model = [a for a in report.alerts if a.model == model]
    return tuple(
        AlarmCard(
            a,
            a.what or _sentence(a),
            (*blamed(a, of_model), *blamed_segments(a, report.observations)),
            _evidence(a.evidence),
        )
        for state in states
        for a in of_model
        if a.state == state
    )


def _sentence(a: Alert) -> str:
    where = f" of {a.column}" if a.column else f" of {a.group or a.sensitive_feature}" if a.sensitive_feature else ""
    name = a.metric.rpartition(".")[2].replace("_", " ")
    return f"{name}{where} is {number_text(a.value)}; the threshold is {number_text(a.threshold)}"


def _evidence(evidence: Mapping[str, float | str]) -> tuple[tuple[str, str], ...]:
    return tuple(
        (name.replace("_", " "), value if isinstance(value, str) else number_text(value))
        for name, value in evidence.items()
    )


def _reference(store: Store, model: ModelKey) -> str:
    found = store.reference(model) or store.reference(ModelKey(model.name, ""))
    if found is None:
        return "none yet"
    rows = f"{count_text(found.rows)} rows"
    return f"its own first {rows}, taken automatically" if found.origin == "auto" else f"a reference of {rows}"


def _names(newest: Iterable[Observation], family: str) -> list[str]:
    names = {o.metric.removeprefix(family) for o in newest if o.metric.startswith(family)}
    return sorted(n for n in names - _COUNTS if "." not in n)


def _choose(values: Sequence[str], asked: str, preferred: Sequence[str] = ()) -> Choice:
    usual = next((name for name in (*preferred, *values) if name in values), "")
    return Choice(tuple(values), asked if asked in values else usual)
