"""A realistic history of three models, made by formula: what exporters, pages and dashboards are shown in tests."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cache

from miops import semconv
from miops_collector.report import AlarmPlan, Alert, ModelKey, Observation, Report, Status
from miops_collector.window import NANOS, Window

DAY = 86_400 * NANOS
HOUR = 3_600 * NANOS
NOW = 1_767_225_600 * NANOS  # 2026-01-01
DAYS = 60
FAULT_DAYS = 6
EMPLOYMENT = ModelKey("employment", "2015-12")
HOSTILE = ModelKey("\"><script>alert('x')</script>'; DROP TABLE models; --", 'v"1\\{}\n')
HOUSES = ModelKey("house-prices", "unversioned")
COLUMNS = ("age", "education", "marital", "sex", "race", "citizen", "disability", "ancestry", "hours", "region",
           "prediction", "score")  # fmt: skip
GROUPS = {"sex": {"F": 4100, "M": 3900}, "race": {"white": 6200, "black": 1100, "asian": 680, "other": 12}}
_DRIFT = {"psi": 1.0, "jensen_shannon": 0.8, "hellinger": 0.7, "wasserstein": 2.0, "kolmogorov_smirnov": 0.5,
          "chi_square": 40.0, "l_infinity": 0.4}  # fmt: skip
_PERFORMANCE = {
    "accuracy": 0.81,
    "balanced_accuracy": 0.79,
    "f1": 0.78,
    "precision": 0.77,
    "recall": 0.8,
    "roc_auc": 0.88,
}


_SHARES = {"drift": 0.5, "performance": 0.3, "estimated_performance": 0.1, "quality": 0.1}


def day(index: int) -> Window:
    """Window ``index`` of the history; the last is the newest."""
    return Window(NOW - (DAYS - index) * DAY, NOW - (DAYS - index - 1) * DAY)


def share_labelled(index: int) -> float:
    """Truth comes ten days late."""
    return min(0.9, max(0.0, (DAYS - 2 - index) * 0.1))


@cache
def history(model: ModelKey = EMPLOYMENT) -> tuple[Observation, ...]:
    """Every observation of a model's one-day windows."""
    return tuple(o for index in range(DAYS) for o in of_day(index, model))


@cache
def report() -> Report:
    """The newest state: trailing windows of a day and an hour, and two alarms."""
    newest = DAYS - 1
    hour = Window(NOW - HOUR, NOW)
    return Report(
        computed_at=NOW + 3 * NANOS,
        observations=(
            *of_day(newest, EMPLOYMENT),
            *_drift(newest, hour, EMPLOYMENT),
            *_volume(newest, hour, EMPLOYMENT, 340),
            *of_day(newest - FAULT_DAYS, HOSTILE),
            *_volume(newest, day(newest), HOUSES, 12),
        ),
        alerts=alerts(),
        plans=(
            AlarmPlan(EMPLOYMENT, 1.0, _SHARES, window="1h", learned=168, to_learn=168),
            AlarmPlan(HOSTILE, 1.0, _SHARES, window="1h", learned=34, to_learn=168),
        ),
    )


@cache
def alerts() -> tuple[Alert, ...]:
    window = day(DAYS - 1)
    since = day(DAYS - FAULT_DAYS).end
    return (
        Alert("drift", "miops.drift.p_value", EMPLOYMENT, "firing", since, 0.93, 0.2, "critical", window,
              column="age",
              what="age moved far above its reference: 38 % of rows lie above 95, the largest age seen before; most of "
                   "them in region = west.",
              evidence={"effect": 0.93, "n": 8000.0, "n_reference": 20000.0, "p_value": 1e-12, "look_back": "1d"},
              examples=tuple(f"0190163d-8694-739b-aea5-966c26f8ad{i:02x}" for i in range(5))),
        Alert("accuracy_low", "miops.performance.accuracy", EMPLOYMENT, "pending", window.start, 0.72, 0.75, "warning",
              window),
        Alert("drift", "miops.drift.p_value", HOSTILE, "firing", since, 0.4, 0.2, "critical", window,
              column="<img src=x onerror=alert(2)>", what="<b>bold</b> & wrong", examples=("a/../b?x=\"'><i>",)),
    )  # fmt: skip


def of_day(index: int, model: ModelKey) -> Iterator[Observation]:
    window = day(index)
    yield from _volume(index, window, model, 8000)
    yield from _drift(index, window, model)
    yield from _performance(index, window, model)
    yield from _fairness(index, window, model)
    yield from _quality(index, window, model)
    yield from _speed(index, window, model)
    if model == EMPLOYMENT:
        yield from _segments(index, window, model)
        yield from _estimates(index, window, model)
        yield from _verdicts(index, window, model)
        yield from _together(index, window, model)


def _observation(metric: str, model: ModelKey, window: Window, value: float, n: float, **more: object) -> Observation:
    status: Status = "insufficient_data" if n < 30 else "ok"
    given = {"status": status, "computed_at": window.end + 5 * NANOS, "complete": True, "n_reference": 20_000.0, **more}
    return Observation(metric, model, window, value, n, **given)  # type: ignore[arg-type]


def _volume(index: int, window: Window, model: ModelKey, rows: int) -> Iterator[Observation]:
    yield _observation(semconv.METRIC_WINDOW_ROWS, model, window, float(rows), float(rows))
    share = share_labelled(index)
    yield _observation(semconv.METRIC_WINDOW_LABELLED_SHARE, model, window, share, float(rows))


def _drift(index: int, window: Window, model: ModelKey) -> Iterator[Observation]:
    for place, column in enumerate(COLUMNS):
        faulty = column == "age" and index >= DAYS - FAULT_DAYS and model == EMPLOYMENT
        base = 0.004 + 0.003 * (1 + math.sin(index / 5 + place)) + 0.0006 * place * index / DAYS
        size = 0.9 if faulty else base + (0.12 if column == "score" and index >= DAYS - FAULT_DAYS else 0.0)
        for name, scale in _DRIFT.items():
            p_value = 1e-9 if faulty else 0.2 + 0.05 * place
            yield _observation(
                f"miops.drift.{name}", model, window, size * scale, 8000.0, column=column,
                status="alert" if faulty else "warning" if size > 0.1 else "ok",
                p_value=p_value if name in {"chi_square", "kolmogorov_smirnov"} else math.nan,
            )  # fmt: skip


def _performance(index: int, window: Window, model: ModelKey) -> Iterator[Observation]:
    labelled = 8000 * share_labelled(index)
    drop = 0.08 if index >= DAYS - FAULT_DAYS else 0.0
    restated = window.end + (DAY * 11 if share_labelled(index) > 0.85 else DAY)
    for name, level in _PERFORMANCE.items():
        value = level - drop + 0.01 * math.sin(index / 3) if labelled else math.nan
        yield _observation(
            f"miops.performance.{name}", model, window, value, labelled, reference=level, computed_at=restated,
            standard_error=0.5 / math.sqrt(labelled) if labelled else math.nan,
            reason="" if labelled else "no ground truth yet",
        )  # fmt: skip


def _fairness(index: int, window: Window, model: ModelKey) -> Iterator[Observation]:
    for feature, groups in GROUPS.items():
        for name in ("demographic_parity_difference", "equal_opportunity_difference", "equalized_odds_difference"):
            value = 0.06 + 0.02 * math.sin(index / 7) + (0.05 if feature == "race" else 0.0)
            ends = {"low": value - 0.03, "high": value + 0.03}
            yield _observation(
                f"miops.fairness.{name}", model, window, value, 8000.0, sensitive_feature=feature, **ends
            )
        for place, (group, count) in enumerate(groups.items()):
            yield _observation(
                "miops.fairness.group_rows", model, window, float(count), 8000.0, sensitive_feature=feature, group=group
            )
            yield _observation(
                "miops.fairness.exposure", model, window, 1.1 - 0.1 * place, float(count), reference=1.0,
                sensitive_feature=feature, group=group,
            )  # fmt: skip
            yield _observation(
                "miops.fairness.selection_rate", model, window, 0.42 + 0.05 * place, float(count),
                low=0.42 + 0.05 * place - 1 / math.sqrt(count), high=0.42 + 0.05 * place + 1 / math.sqrt(count),
                p_value=0.4 if feature == "sex" else 0.01, reference=0.44, sensitive_feature=feature, group=group,
                reason="" if count >= 30 else "fewer than 30 rows",
            )  # fmt: skip


def _segments(index: int, window: Window, model: ModelKey) -> Iterator[Observation]:
    """The drop of the last days is of the old; those of few hours are always hard."""
    found = {"hours=1-20": (0.0, 0.012)} | ({"age=70-95 & sex=F": (0.055, 0.05)} if index >= DAYS - FAULT_DAYS else {})
    for segment, (added, excess) in found.items():
        more = {"segment": segment, "standard_error": 0.004}
        yield _observation("miops.segments.excess_loss", model, window, excess, 900.0, low=excess - 0.008, **more)
        if added:
            yield _observation("miops.segments.added_loss", model, window, added, 900.0, low=added - 0.008, **more)
        yield _observation(
            "miops.segments.loss", model, window, 0.3 + added, 900.0, reference=0.3, low=0.27, high=0.39, **more
        )


def _estimates(index: int, window: Window, model: ModelKey) -> Iterator[Observation]:
    """Known for every window; how far truth is from it only where there is truth."""
    labelled = 8000 * share_labelled(index)
    for name in ("accuracy", "roc_auc"):
        level = _PERFORMANCE[name]
        metric = f"miops.estimated_performance.{name}"
        error = {"standard_error": 0.006, "low": level - 0.016, "high": level + 0.008}
        yield _observation(metric, model, window, level - 0.004, 8000.0, reference=level, **error)
        if labelled:
            gap = 0.01 * math.sin(index / 3) + 0.004
            yield _observation(f"{metric}_gap", model, window, gap, labelled, standard_error=0.008)
    if labelled:
        honesty = "miops.estimated_performance.brier_gap"
        yield _observation(honesty, model, window, 0.002 * math.cos(index / 3), labelled, standard_error=0.003)
        share = "miops.estimated_performance.prevalence_gap"
        yield _observation(share, model, window, 0.004 * math.cos(index / 4), labelled, standard_error=0.008)
        powered = _PERFORMANCE["accuracy"] - 0.002
        both = {"low": powered - 0.01, "high": powered + 0.01, "reason": f"{labelled:g} labels and 8000 predictions"}
        yield _observation("miops.prediction_powered.accuracy", model, window, powered, labelled, **both)
        yield _observation("miops.prediction_powered.labelled_difference", model, window, 0.02, labelled, p_value=0.6)


def _together(index: int, window: Window, model: ModelKey) -> Iterator[Observation]:
    """Of sampled rows: all columns at once."""
    drifted = index >= DAYS - FAULT_DAYS
    for metric, quiet, loud in (
        (semconv.METRIC_DOMAIN_CLASSIFIER, 0.51, 0.74),
        (semconv.METRIC_RECONSTRUCTION_SHIFT, 0.4, 9.0),
        (semconv.METRIC_CHANGED_CORRELATIONS, 0.0, 3.0),
    ):
        p_value = 1e-9 if drifted else 0.4
        yield _observation(metric, model, window, loud if drifted else quiet, 2000.0, p_value=p_value)


def _verdicts(index: int, window: Window, model: ModelKey) -> Iterator[Observation]:
    drifted = index >= DAYS - FAULT_DAYS
    for metric, value, where in (
        (semconv.METRIC_VERDICT_PREDICTION_DRIFT, 1.0, "score"),
        (semconv.METRIC_VERDICT_COVARIATE_DRIFT, 2.0, "age"),
    ):
        found = {"value": value, "reason": where, "p_value": 1e-9} if drifted else {"value": 0.0}
        status = ("ok", "warning", "alert")[int(found["value"])] if drifted else "ok"
        yield _observation(metric, model, window, n=8000.0, status=status, **found)  # type: ignore[arg-type]
    unknown = {"reason": "no ground truth yet"}
    yield _observation(semconv.METRIC_VERDICT_CONCEPT_DRIFT, model, window, 0.0 if share_labelled(index) else math.nan,
                       8000.0, **({} if share_labelled(index) else unknown))  # fmt: skip


def _quality(index: int, window: Window, model: ModelKey) -> Iterator[Observation]:
    for place, column in enumerate(COLUMNS[:-2]):
        faulty = column == "age" and index >= DAYS - FAULT_DAYS
        for name, value in (
            ("missing_share", 0.002 * place),
            ("out_of_range_share", 0.38 if faulty else 0.0),
            ("unseen_share", 0.001 * (place % 3)),
        ):
            yield _observation(f"miops.quality.{name}", model, window, value, 8000.0, column=column, reference=0.001)


def _speed(index: int, window: Window, model: ModelKey) -> Iterator[Observation]:
    for name, value in (("p50", 0.004), ("p95", 0.009), ("p99", 0.021)):
        yield _observation(f"miops.latency.{name}", model, window, value * (1 + 0.1 * math.sin(index)), 8000.0)
    yield _observation("miops.confidence.mean", model, window, 0.81, 8000.0, reference=0.82)
