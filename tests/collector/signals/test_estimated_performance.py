"""The estimated-performance signal."""

from __future__ import annotations

from dataclasses import replace
from math import isnan

import numpy as np
import pytest

from miops_collector.layout import ColumnLayout
from miops_collector.signals.estimated_performance import estimated_performance
from miops_collector.statistics import statistics_of
from miops_collector.statistics.estimated_performance import CalibratedScores, ExpectedErrors
from tests.collector.signals.models import CONTEXT, MULTICLASS, REGRESSION, binary, named, summaries
from tests.collector.statistics.rows import losses_by_bin

NAMES = {s.name for s in statistics_of("estimated_performance") if CalibratedScores in s.takes}
OF_NUMBERS = {s.name for s in statistics_of("estimated_performance") if ExpectedErrors in s.takes}


def test_a_binary_classifier_has_every_estimate_and_gap() -> None:
    found = {
        o.metric.removeprefix("miops.estimated_performance.")
        for o in estimated_performance(CONTEXT, binary(9), binary())
    }

    assert found == NAMES
    assert {"roc_auc", "accuracy", "precision", "recall", "f1", "specificity", "accuracy_gap"} <= found


def test_an_estimate_needs_no_truth_in_the_window() -> None:
    observations = tuple(estimated_performance(CONTEXT, binary(10), binary(labelled=0.0)))

    found = named(observations, "estimated_performance.accuracy")
    assert found.value == pytest.approx(0.85, abs=0.01)  # as in the reference, whose rows are the same ten times
    assert (found.n, found.n_reference, found.status, found.reason) == (100, 1000, "ok", "")
    assert found.reference == pytest.approx(found.value)
    assert 0.03 < found.standard_error < 0.06
    assert (found.low, found.high) == pytest.approx((found.value - 1.96 * found.standard_error,
                                                     found.value + 1.96 * found.standard_error))  # fmt: skip
    gap = named(observations, "estimated_performance.accuracy_gap")
    assert (gap.n, gap.status) == (0, "insufficient_data")
    assert gap.reason == "the window has 0 labelled rows, fewer than 30"
    assert isnan(gap.value)


def test_an_interval_ends_where_the_statistic_can_go_no_further() -> None:
    observations = tuple(estimated_performance(CONTEXT, binary(10), binary(0.3, labelled=0.0)))

    high = {o.metric: o.high for o in observations if not isnan(o.value) and o.value + 1.96 * o.standard_error > 1.0}
    assert high
    assert set(high.values()) == {1.0}


def test_a_gap_is_realised_minus_estimated() -> None:
    now = binary()
    turned = now.layout.blocks["labelled.scores"].of(now.vector)
    turned[...] = turned[..., ::-1].copy()  # every truth the other way round

    observations = tuple(estimated_performance(CONTEXT, binary(10), now))

    estimate = named(observations, "estimated_performance.accuracy")
    gap = named(observations, "estimated_performance.accuracy_gap")
    assert gap.value == pytest.approx(0.15 - estimate.value)
    assert gap.value < -10 * gap.standard_error
    assert (gap.n, gap.n_reference) == (100, 1000)


def test_a_reference_without_truth_is_too_little_data() -> None:
    observations = tuple(estimated_performance(CONTEXT, binary(10, labelled=0.01), binary()))

    assert {o.metric.removeprefix("miops.estimated_performance.") for o in observations} == NAMES
    assert {(o.status, o.reason) for o in observations} == {
        ("insufficient_data", "the reference has 10 labelled rows with a score, fewer than 30")
    }
    assert all(isnan(o.value) for o in observations)
    assert named(observations, "estimated_performance.accuracy").n == 100


def test_there_is_nothing_without_a_reference_scores_or_a_positive_class() -> None:
    by_decision = np.full((2, 2, 2), 90.0)
    multiclass = summaries(replace(MULTICLASS, class_scores=False), {"labelled.scores": by_decision, "scores": 180.0})
    regression = summaries(REGRESSION, {})

    assert list(estimated_performance(CONTEXT, None, binary())) == []
    assert list(estimated_performance(CONTEXT, multiclass, multiclass)) == []
    assert list(estimated_performance(CONTEXT, regression, regression)) == []


def test_a_classifier_of_several_classes_has_estimates_over_its_classes() -> None:
    scores = np.zeros((3, 200, 2, 2))
    scores[:, 20, 0] = [50, 10]
    scores[:, 180, 1] = [6, 24]
    now = summaries(MULTICLASS, {"labelled.class_scores": scores, "class_scores": scores.sum(axis=3)})

    found = tuple(estimated_performance(CONTEXT, now, now))

    names = {o.metric.removeprefix("miops.estimated_performance.") for o in found}
    assert {"accuracy", "f1", "precision", "recall", "roc_auc", "accuracy_gap", "f1_gap"} <= names
    assert named(found, "estimated_performance.precision").value == pytest.approx(0.8, abs=0.12)
    assert {(o.n, o.n_reference) for o in found} == {(90, 90)}


def test_errors_of_a_regression_are_expected_by_what_was_predicted() -> None:
    predicted = ColumnLayout("prediction", "value", "prediction", "numeric", edges=(0.0, 1.0, 2.0), groups=(0, 1))
    layout = replace(REGRESSION, columns=(*REGRESSION.columns, predicted))
    labelled = losses_by_bin([[0, 0, 0, 0], [60, 60, 90, 200], [70, 210, 700, 9000], [0, 0, 0, 0]])
    then = summaries(layout, {"column.prediction": [0, 0, 0, 60, 70, 0], "labelled.errors": labelled})
    now = summaries(layout, {"column.prediction": [0, 0, 0, 50, 150, 0]})

    found = tuple(estimated_performance(CONTEXT, then, now))

    assert {o.metric.removeprefix("miops.estimated_performance.") for o in found} == OF_NUMBERS
    assert {"bias", "bias_gap", "mae", "mae_gap", "mape", "r2", "rmse"} <= OF_NUMBERS
    mae = named(found, "estimated_performance.mae")
    assert (mae.value, mae.n, mae.n_reference, mae.status) == (pytest.approx(2.5), 200, 130, "ok")
    assert named(found, "estimated_performance.mae_gap").reason == "the window has 0 labelled rows, fewer than 30"
    assert {o.reason for o in estimated_performance(CONTEXT, now, then)} == {
        "the reference has 0 labelled rows with a score, fewer than 30"
    }
