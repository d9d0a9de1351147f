"""The performance signal."""

from __future__ import annotations

from dataclasses import replace
from math import isnan, sqrt

import numpy as np
import pytest

from miops_collector.signals.performance import performance
from tests.collector.signals.models import CONTEXT, MULTICLASS, REGRESSION, binary, named, summaries
from tests.collector.statistics.rows import residuals

CLASSIFIER = {"accuracy", "balanced_accuracy", "precision", "recall", "f1", "specificity", "matthews", "roc_auc",
              "average_precision", "log_loss", "brier", "correct", "labelled", "decay_rate"}  # fmt: skip
REGRESSOR = {"mae", "rmse", "mape", "r2", "bias", "labelled", "decay_rate"}


def regression(bias: float) -> dict[str, object]:
    truth = np.arange(50.0)
    return {"labelled.residuals": residuals(truth, truth + bias).sums}


def test_a_classifier_has_all_its_statistics() -> None:
    assert {o.metric.removeprefix("miops.performance.") for o in performance(CONTEXT, binary(), binary())} == CLASSIFIER


def test_a_regression_has_its_own() -> None:
    now = summaries(REGRESSION, regression(2.0))

    assert {o.metric.removeprefix("miops.performance.") for o in performance(CONTEXT, now, now)} == REGRESSOR


def test_value_reference_rows_and_error() -> None:
    found = named(tuple(performance(CONTEXT, binary(10), binary())), "performance.accuracy")

    assert (found.value, found.reference, found.n, found.n_reference) == (0.85, 0.85, 100, 1000)
    assert found.standard_error == pytest.approx(sqrt(0.85 * 0.15 / 100))
    assert (found.column, found.group, found.status, found.reason) == ("", "", "ok", "")


def test_without_truth_there_is_too_little_data_but_a_count() -> None:
    observations = tuple(performance(CONTEXT, binary(), binary(labelled=0.0)))

    found = named(observations, "performance.accuracy")
    assert found.status == "insufficient_data"
    assert found.reason == "the window has 0 labelled rows, fewer than 30"
    assert isnan(found.value)
    count = named(observations, "performance.labelled")
    assert (count.value, count.status, count.reference) == (0, "ok", 100)


def test_a_reference_without_truth_leaves_the_reference_undefined() -> None:
    found = named(tuple(performance(CONTEXT, binary(labelled=0.0), binary())), "performance.accuracy")

    assert found.value == 0.85
    assert isnan(found.reference)


def test_decay_is_per_day_since_the_reference() -> None:
    now = binary()
    worse = replace(now, vector=now.vector.copy())
    worse.layout.blocks["labelled.confusion"].of(worse.vector)[...] = [[45, 15], [10, 30]]

    found = named(tuple(performance(CONTEXT, binary(10), worse)), "performance.decay_rate")

    assert found.value == pytest.approx(0.1 / 10)
    assert found.standard_error == pytest.approx(sqrt(0.85 * 0.15 / 1000 + 0.75 * 0.25 / 100) / 10)
    assert isnan(found.reference)


def test_decay_needs_a_reference_and_its_time() -> None:
    timeless = replace(CONTEXT, reference_time=0)

    found = named(tuple(performance(timeless, binary(), binary())), "performance.decay_rate")

    assert isnan(found.value)
    assert found.status == "ok"
    assert found.reason.startswith("undefined: no labelled rows, or the reference is not known to be older")
    assert "miops.performance.decay_rate" not in {o.metric for o in performance(CONTEXT, None, binary())}


def test_multiclass_ranking_comes_from_the_scores_of_every_class() -> None:
    one_versus_rest = np.zeros((3, 200, 2, 2))
    one_versus_rest[:, 20, 0, 0], one_versus_rest[:, 180, 1, 1] = 40, 20
    by_decision = np.full((2, 2, 2), 7.0)
    now = summaries(
        MULTICLASS, {"labelled.class_scores": one_versus_rest, "labelled.scores": by_decision, "scores": 14.0}
    )

    found = named(tuple(performance(CONTEXT, None, now)), "performance.roc_auc")

    assert (found.value, found.n) == (1.0, 60)
