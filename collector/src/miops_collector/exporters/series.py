"""A report as metrics: the attributes and companions of every series, and which of them a model may afford."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from miops import semconv
from miops_collector.exporters.descriptions import describe
from miops_collector.metric import Metric, Point
from miops_collector.report import AlarmPlan, Alert, ModelKey, Observation, Report

__all__ = ["BANDS", "DEFAULT_BUDGET", "metrics_of"]

DEFAULT_BUDGET = 500
"""Series per model version."""

BANDS = frozenset(
    semconv.METRIC_PREFIX + name
    for name in (
        "estimated_performance.accuracy", "estimated_performance.mae", "estimated_performance.rmse",
        "estimated_performance.roc_auc", "fairness.demographic_parity_difference", "prediction_powered.accuracy",
        "prediction_powered.mae",
    )
)  # fmt: skip
"""Metrics whose intervals are series too: those a panel of the dashboard draws. The API has every interval."""

STATES: Mapping[str, int] = {"inactive": 0, "resolved": 0, "pending": 1, "firing": 2}
_DRIFT = f"{semconv.METRIC_PREFIX}drift."
_TESTS = (_DRIFT, f"{semconv.METRIC_PREFIX}multivariate.")
_PERFORMANCE = f"{semconv.METRIC_PREFIX}performance."
_SEVERITY: Mapping[str, int] = {"alert": 2, "warning": 3, "ok": 4}
_COMPANION, _ALARM, _DETAIL = 0, 1, 5


@dataclass(frozen=True, slots=True)
class _Series:
    """One series with its rank: ``tier`` first, then how extreme it is among its own metric."""

    metric: str
    model: ModelKey
    attributes: tuple[tuple[str, str], ...]
    value: float
    tier: int
    extremity: float


def metrics_of(report: Report, *, budget: int = DEFAULT_BUDGET) -> tuple[Metric, ...]:
    """Metrics of a report, by name.

    An observation that is undefined or rests on too little data gives no point: its series disappears instead of
    repeating an old value. Of each model version at most ``budget`` series are given: companions and alarms, then
    alerting series, warnings, whole-model statistics, and the columns and groups with the largest values of each
    metric; ``miops.series.suppressed`` counts the rest. The metrics in :data:`BANDS` have two more series, the ends of
    their interval.
    """
    by_model: defaultdict[ModelKey, list[_Series]] = defaultdict(list)
    companions = chain(_companions(report.observations), _plans(report.plans))
    for one in _distinct(chain(companions, _alarms(report.alerts), _values(report.observations))):
        by_model[one.model].append(one)
    kept: list[_Series] = []
    for model, series in sorted(by_model.items()):
        chosen = _affordable(series, budget)
        kept += chosen
        kept.append(_suppressed(model, len(series) - len(chosen)))
    return tuple(_grouped(kept))


def _grouped(series: Iterable[_Series]) -> Iterator[Metric]:
    points: defaultdict[str, list[Point]] = defaultdict(list)
    for one in series:
        points[one.metric].append(Point(one.value, dict(one.attributes)))
    for name in sorted(points):
        described = describe(name)
        yield Metric(name, "gauge", described.unit, described.brief, tuple(points[name]))


def _distinct(series: Iterable[_Series]) -> Iterable[_Series]:
    """One value per metric and attributes; of several the highest, so that no alarm hides behind another."""
    found: dict[tuple[str, tuple[tuple[str, str], ...]], _Series] = {}
    for one in series:
        key = (one.metric, one.attributes)
        if key not in found or one.value > found[key].value:
            found[key] = one
    return found.values()


def _affordable(series: Sequence[_Series], budget: int) -> Sequence[_Series]:
    """The first ``budget`` series by tier, then in turns the most extreme of each metric."""
    if len(series) <= budget:
        return series
    turn: Counter[tuple[str, int]] = Counter()
    ranked: list[tuple[int, int, str, tuple[tuple[str, str], ...], _Series]] = []
    for one in sorted(series, key=lambda s: -s.extremity):
        ranked.append((one.tier, turn[one.metric, one.tier], one.metric, one.attributes, one))
        turn[one.metric, one.tier] += 1
    return [entry[-1] for entry in sorted(ranked, key=lambda entry: entry[:-1])[:budget]]


def _suppressed(model: ModelKey, count: int) -> _Series:
    return _Series(semconv.METRIC_SERIES_SUPPRESSED, model, _attributes(model), float(count), _COMPANION, 0.0)


def _values(observations: Iterable[Observation]) -> Iterator[_Series]:
    for o in observations:
        if math.isnan(o.value) or o.status == "insufficient_data":
            continue
        attributes = _attributes_of(o)
        whole = not (o.column or o.segment or o.group or o.sensitive_feature)
        tier = _SEVERITY[o.status] if whole or o.status != "ok" else _DETAIL
        yield _Series(o.metric, o.model, attributes, o.value, tier, abs(o.value))
        if not math.isnan(o.p_value) and o.metric.startswith(_TESTS):
            test = (semconv.TEST, o.metric.rpartition(".")[2])
            of_test = tuple(sorted((*attributes, test)))
            yield _Series(semconv.METRIC_DRIFT_P_VALUE, o.model, of_test, o.p_value, tier, -o.p_value)
        if whole and o.metric.startswith(_PERFORMANCE) and not math.isnan(o.reference):
            name = semconv.METRIC_REFERENCE_PREFIX + o.metric.removeprefix(semconv.METRIC_PREFIX)
            yield _Series(name, o.model, attributes, o.reference, tier, abs(o.reference))
        if o.metric in BANDS:
            yield from _ends(o, attributes, tier)


def _ends(o: Observation, attributes: tuple[tuple[str, str], ...], tier: int) -> Iterator[_Series]:
    """Both ends of its interval, ranked like the value so that a budget keeps them together; none if one is unknown."""
    if not (math.isfinite(o.low) and math.isfinite(o.high)):
        return
    rest = o.metric.removeprefix(semconv.METRIC_PREFIX)
    yield _Series(semconv.METRIC_INTERVAL_LOW_PREFIX + rest, o.model, attributes, o.low, tier, abs(o.value))
    yield _Series(semconv.METRIC_INTERVAL_HIGH_PREFIX + rest, o.model, attributes, o.high, tier, abs(o.value))


def _companions(observations: Sequence[Observation]) -> Iterator[_Series]:
    """End and rows of each model's newest window of each length, known even where there is too little data."""
    ends: dict[tuple[ModelKey, str], int] = {}
    rows: dict[tuple[ModelKey, str], float] = {}
    for o in observations:
        key = (o.model, o.window.label)
        ends[key] = max(o.window.end, ends.get(key, o.window.end))
        rows[key] = max(o.n, rows.get(key, 0.0))
    said = {(o.model, o.window.label) for o in observations if o.metric == semconv.METRIC_WINDOW_ROWS}
    for (model, length), end in ends.items():
        attributes = _attributes(model, **{semconv.WINDOW: length})
        yield _Series(semconv.METRIC_WINDOW_END, model, attributes, end / 1e9, _COMPANION, 0.0)
        if (model, length) not in said:
            yield _Series(semconv.METRIC_WINDOW_ROWS, model, attributes, rows[model, length], _COMPANION, 0.0)


def _plans(plans: Iterable[AlarmPlan]) -> Iterator[_Series]:
    for plan in plans:
        share = plan.learned / plan.to_learn if plan.to_learn else 1.0
        name = semconv.METRIC_ALERT_LEARNED_SHARE
        yield _Series(name, plan.model, _attributes(plan.model), share, _COMPANION, 0.0)


def _alarms(alerts: Iterable[Alert]) -> Iterator[_Series]:
    for a in alerts:
        attributes = _attributes(
            a.model,
            **{
                semconv.RULE: a.rule,
                semconv.ALERT_SEVERITY: a.severity,
                semconv.COLUMN: a.column,
                semconv.SEGMENT: a.segment,
                semconv.SENSITIVE_FEATURE: a.sensitive_feature,
                semconv.GROUP: a.group,
            },
        )
        state = STATES[a.state]
        yield _Series(semconv.METRIC_ALERT_STATE, a.model, attributes, float(state), _ALARM, float(state))


def _attributes_of(o: Observation) -> tuple[tuple[str, str], ...]:
    return _attributes(
        o.model,
        **{
            semconv.COLUMN: o.column,
            semconv.SEGMENT: o.segment,
            semconv.SENSITIVE_FEATURE: o.sensitive_feature,
            semconv.GROUP: o.group,
            semconv.WINDOW: o.window.label,
            semconv.DEFINITION: o.definition,
        },
    )


def _attributes(model: ModelKey, **more: str) -> tuple[tuple[str, str], ...]:
    """Sorted, without empty ones; text that is no Unicode (a lone surrogate) is made printable."""
    given = {semconv.MODEL_NAME: model.name, semconv.MODEL_VERSION: model.version, **more}
    return tuple(sorted((k, v.encode("utf-8", "replace").decode()) for k, v in given.items() if v))
