from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from miops import semconv
from miops_collector.exporters.descriptions import describe, descriptions
from miops_collector.exporters.series import BANDS, metrics_of
from miops_collector.metric import Metric, Point
from miops_collector.report import AlarmPlan, Alert, ModelKey, Observation, Report, Status
from miops_collector.window import Window
from tests.collector import sample_report as sample

MODEL = ModelKey("m", "1")
WINDOW = Window(0, 3_600_000_000_000)


def observation(metric: str = "miops.drift.psi", value: float = 0.5, **more: object) -> Observation:
    given = {"n": 500.0, "status": "ok", "computed_at": 0, **more}
    return Observation(metric, MODEL, WINDOW, value, **given)  # type: ignore[arg-type]


def alert(**more: object) -> Alert:
    given = {"rule": "r", "metric": "miops.drift.psi", "state": "firing", "severity": "critical", **more}
    return Alert(model=MODEL, since=0, value=1.0, threshold=0.5, window=WINDOW, **given)  # type: ignore[arg-type]


def points(metrics: tuple[Metric, ...], name: str) -> list[Point]:
    return [p for m in metrics if m.name == name for p in m.points]


def test_attributes_that_do_not_apply_are_left_out() -> None:
    metrics = metrics_of(Report(0, (observation(column="age"),)))

    assert points(metrics, "miops.drift.psi") == [
        Point(0.5, {semconv.MODEL_NAME: "m", semconv.MODEL_VERSION: "1", semconv.COLUMN: "age", semconv.WINDOW: "1h"})
    ]


@pytest.mark.parametrize("gone", [{"value": math.nan}, {"status": "insufficient_data"}])
def test_undefined_and_insufficient_give_no_point_but_keep_their_companions(gone: dict[str, object]) -> None:
    metrics = metrics_of(Report(0, (observation(**gone),)))  # type: ignore[arg-type]

    assert points(metrics, "miops.drift.psi") == []
    assert [p.value for p in points(metrics, semconv.METRIC_WINDOW_END)] == [3600.0]
    assert [p.value for p in points(metrics, semconv.METRIC_WINDOW_ROWS)] == [500.0]


def test_rows_that_are_observed_are_not_guessed() -> None:
    rows = observation(semconv.METRIC_WINDOW_ROWS, 7.0, n=7.0)

    metrics = metrics_of(Report(0, (rows, observation(n=500.0))))

    assert [p.value for p in points(metrics, semconv.METRIC_WINDOW_ROWS)] == [7.0]


def test_p_value_names_its_test() -> None:
    metrics = metrics_of(Report(0, (observation("miops.drift.chi_square", 9.0, p_value=0.01, column="age"),)))

    (found,) = points(metrics, semconv.METRIC_DRIFT_P_VALUE)
    assert found.value == 0.01
    assert found.attributes[semconv.TEST] == "chi_square"
    assert found.attributes[semconv.COLUMN] == "age"


def test_performance_carries_its_reference() -> None:
    metrics = metrics_of(Report(0, (observation("miops.performance.f1", 0.7, reference=0.8),)))

    assert [p.value for p in points(metrics, "miops.reference.performance.f1")] == [0.8]


@pytest.mark.parametrize(("column", "value"), [("low", 0.7), ("high", 0.9)])
@pytest.mark.parametrize("metric", sorted(BANDS))
def test_ends_of_an_interval_are_series_beside_the_value(metric: str, column: str, value: float) -> None:
    of = {"sensitive_feature": "sex"} if ".fairness." in metric else {}
    metrics = metrics_of(Report(0, (observation(metric, 0.8, low=0.7, high=0.9, **of),)))

    (found,) = points(metrics, f"miops.interval.{column}.{metric.removeprefix('miops.')}")
    assert found == Point(value, points(metrics, metric)[0].attributes)


@pytest.mark.parametrize(
    "gone",
    [{"low": math.nan}, {"high": math.inf}, {"value": math.nan}, {"status": "insufficient_data"},
     {"metric": "miops.prediction_powered.f1"}],
)  # fmt: skip
def test_no_ends_without_both_of_them_a_value_and_a_panel(gone: dict[str, object]) -> None:
    given = {"metric": "miops.prediction_powered.accuracy", "value": 0.8, "low": 0.7, "high": 0.9, **gone}
    metrics = metrics_of(Report(0, (observation(**given),)))  # type: ignore[arg-type]

    assert [m.name for m in metrics if m.name.startswith("miops.interval.")] == []


@pytest.mark.parametrize(("state", "value"), [("pending", 1.0), ("firing", 2.0), ("resolved", 0.0)])
def test_alarm_state_is_a_number(state: str, value: float) -> None:
    metrics = metrics_of(Report(0, (), (alert(state=state, column="age"),)))

    (found,) = points(metrics, semconv.METRIC_ALERT_STATE)
    assert found.value == value
    assert found.attributes[semconv.RULE] == "r"


def test_alarm_says_whether_it_is_worth_waking_somebody() -> None:
    alerts = (alert(column="age"), alert(column="age", severity="warning", metric="miops.drift.hellinger"))

    found = points(metrics_of(Report(0, (), alerts)), semconv.METRIC_ALERT_STATE)

    assert [p.attributes[semconv.ALERT_SEVERITY] for p in found] == ["critical", "warning"]


@pytest.mark.parametrize(("learned", "to_learn", "share"), [(42, 168, 0.25), (168, 168, 1.0), (0, 0, 1.0)])
def test_share_of_what_is_learned_is_one_where_there_is_nothing_to_learn(
    learned: int, to_learn: int, share: float
) -> None:
    plan = AlarmPlan(MODEL, 1.0, {"drift": 1.0}, learned=learned, to_learn=to_learn)

    (found,) = points(metrics_of(Report(0, plans=(plan,))), semconv.METRIC_ALERT_LEARNED_SHARE)

    assert found.value == share


def test_of_two_alarms_with_the_same_attributes_the_worse_is_shown() -> None:
    quiet = alert(state="resolved", metric="miops.drift.hellinger")

    metrics = metrics_of(Report(0, (), (alert(), quiet)))

    assert [p.value for p in points(metrics, semconv.METRIC_ALERT_STATE)] == [2.0]


def budgeted() -> Report:
    """100 columns of two statistics on different scales; column 3 alerts although its value is small."""
    observations = [
        observation(f"miops.drift.{name}", scale * i, column=f"c{i}", status="alert" if i == 3 else "ok")
        for name, scale in (("psi", 0.001), ("wasserstein", 1000.0))
        for i in range(100)
    ]
    return Report(0, (*observations, observation("miops.performance.f1", 0.001)), (alert(column="c3"),))


def test_budget_keeps_alarms_alerting_columns_and_the_largest_of_every_statistic() -> None:
    metrics = metrics_of(budgeted(), budget=20)

    kept = {(m.name, p.attributes.get(semconv.COLUMN, "")) for m in metrics for p in m.points}
    assert ("miops.drift.psi", "c3") in kept
    assert ("miops.performance.f1", "") in kept
    assert (semconv.METRIC_ALERT_STATE, "c3") in kept
    assert {("miops.drift.psi", "c99"), ("miops.drift.wasserstein", "c99")} <= kept
    assert ("miops.drift.wasserstein", "c10") not in kept


def test_what_the_budget_leaves_out_is_counted() -> None:
    everything = sum(len(m.points) for m in metrics_of(budgeted(), budget=10_000)) - 1
    metrics = metrics_of(budgeted(), budget=20)

    assert [p.value for p in points(metrics, semconv.METRIC_SERIES_SUPPRESSED)] == [everything - 20]
    assert sum(len(m.points) for m in metrics) == 21


def test_budget_is_for_each_model_version() -> None:
    report = budgeted()
    other = tuple(replace(o, model=ModelKey("m", "2")) for o in report.observations)

    metrics = metrics_of(Report(0, (*report.observations, *other)), budget=20)

    assert len(points(metrics, semconv.METRIC_SERIES_SUPPRESSED)) == 2
    assert sum(len(m.points) for m in metrics) == 42


def test_everything_is_described() -> None:
    for metric in metrics_of(sample.report()):
        assert metric.name in descriptions()
        assert metric.description


def test_a_statistic_the_registry_does_not_know_is_described_by_its_name() -> None:
    assert describe("miops.drift.my_own").brief == "miops drift my own"


def test_half_a_surrogate_pair_in_a_name_is_made_printable() -> None:
    metrics = metrics_of(Report(0, (observation(column="\ud800x"),)))

    assert points(metrics, "miops.drift.psi")[0].attributes[semconv.COLUMN] == "?x"


@given(
    st.lists(
        st.builds(
            observation,
            value=st.floats(allow_nan=True),
            column=st.sampled_from(["", "a", "b"]),
            group=st.sampled_from(["", "g"]),
            status=st.sampled_from(["ok", "warning", "alert", "insufficient_data"]),
        )
    ),
    st.integers(1, 8),
)
@settings(deadline=None, max_examples=60)
def test_series_are_unique_finite_in_number_and_never_nan(found: list[Observation], budget: int) -> None:
    metrics = metrics_of(Report(0, tuple(found)), budget=budget)

    series = [(m.name, tuple(sorted(p.attributes.items()))) for m in metrics for p in m.points]
    assert len(series) == len(set(series))
    assert len(series) <= budget + 1
    assert not any(math.isnan(p.value) for m in metrics for p in m.points)


def test_statuses_are_those_of_the_report() -> None:
    assert set(Status.__args__) == {"ok", "warning", "alert", "insufficient_data"}  # type: ignore[attr-defined]
