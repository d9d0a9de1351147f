"""What is said of a window whose truth is coming in."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from miops_collector.layout import ColumnLayout, Layout, Summaries
from miops_collector.report import Observation
from miops_collector.signals import evaluate_all
from miops_collector.signals.prediction_powered import prediction_powered
from tests.collector.signals.models import AGE, CONTEXT, binary, named, summaries
from tests.collector.statistics.rows import losses_by_bin

PREDICTION = ColumnLayout("prediction", "value", "prediction", "numeric", edges=(0.0, 5.0, 10.0), groups=(0, 1))
NUMBERS = Layout(task="regression", columns=(AGE, PREDICTION))


def of(current: Summaries, reference: Summaries | None = None, **context: int) -> tuple[Observation, ...]:
    found = prediction_powered(replace(CONTEXT, **context), reference or binary(10), current)
    return tuple(found)


def numbers(rows: float, labelled: float) -> Summaries:
    sums = losses_by_bin([[0, 0, 0, 0], [1, 1, 2, 6], [1, 3, 14, 300], [0, 0, 0, 0]]) * labelled
    return summaries(
        NUMBERS,
        {
            "volume": np.array([2 * rows, 2 * rows, 2 * rows, 2 * labelled, 0]),
            "column.prediction": np.array([0, 0, 0, rows, rows, 0]),
            "labelled.errors": sums,
            "labelled.residuals": sums.sum(axis=0),
        },
    )


def test_few_labels_give_a_value_with_an_interval_and_what_it_rests_on() -> None:
    o = named(of(binary(10, labelled=0.1)), "prediction_powered.accuracy")

    assert (o.value, o.n, o.n_reference, o.reference) == (pytest.approx(0.85), 100, 1000, pytest.approx(0.85))
    assert o.low < o.value < o.high
    assert o.standard_error > 0
    assert (o.status, o.reason) == ("ok", "100 labels and 900 more predictions, λ = 0.91")


def test_every_statistic_that_bins_suffice_for_is_there() -> None:
    names = {o.metric.rpartition(".")[2] for o in of(binary(20, labelled=0.1)) if o.status == "ok"}

    assert names == {
        "accuracy", "average_precision", "balanced_accuracy", "brier", "f1", "labelled_difference", "log_loss",
        "precision", "recall", "roc_auc", "specificity",
    }  # fmt: skip


def test_means_of_losses_need_more_labels_than_shares() -> None:
    found = of(binary(5, labelled=0.1))

    assert named(found, "prediction_powered.accuracy").status == "ok"
    assert named(found, "prediction_powered.brier").status == "insufficient_data"
    assert "fewer than 100" in named(found, "prediction_powered.brier").reason


def test_nothing_is_said_before_truth_comes_or_without_a_reference() -> None:
    assert of(binary(10, labelled=0.0)) == ()
    assert tuple(prediction_powered(CONTEXT, None, binary(10, labelled=0.1))) == ()


def test_when_all_truth_is_there_it_is_taken_back_with_a_reason() -> None:
    found = of(binary(10))

    assert found
    assert all(np.isnan([o.value, o.low, o.high, o.standard_error, o.p_value]).all() for o in found)
    assert all(o.reason.startswith("all rows have their truth") for o in found)


def test_a_reference_with_little_truth_says_so() -> None:
    o = named(of(binary(10, labelled=0.1), binary(10, labelled=0.02)), "prediction_powered.accuracy")

    assert (o.status, o.n, o.n_reference) == ("insufficient_data", 100, 20)
    assert "the reference has 20 labelled rows" in o.reason


def test_labels_that_do_not_look_like_the_rest_are_told_with_every_estimate() -> None:
    window = binary(10, labelled=0.2)
    truth = window.layout.blocks["labelled.scores"].of(window.vector)
    truth[:2] = 0  # no truth of low scores

    found = of(window)

    assert named(found, "prediction_powered.labelled_difference").p_value < 1e-6
    assert "truth did not come to all rows alike" in named(found, "prediction_powered.accuracy").reason
    assert "truth did not" not in named(of(binary(10, labelled=0.2)), "prediction_powered.accuracy").reason


def test_errors_of_a_regression() -> None:
    found = tuple(prediction_powered(CONTEXT, numbers(500, 500), numbers(1000, 100)))

    assert {o.metric for o in found} == {
        f"miops.prediction_powered.{n}" for n in ("labelled_difference", "mae", "mape", "r2", "rmse")
    }
    o = named(found, "prediction_powered.mae")
    assert (o.value, o.reference, o.n) == (pytest.approx(2.0), pytest.approx(2.0), 200)
    assert o.low < 2.0 < o.high
    assert o.reason.startswith("200 labels and 1800 more predictions")


def test_it_is_among_all_signals() -> None:
    found = evaluate_all(CONTEXT, binary(10), binary(10, labelled=0.1))

    assert named(found, "prediction_powered.f1").status == "ok"
