"""The estimated-fairness signal."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from miops_collector.layout import ColumnLayout, GroupAxis, Layout, Summaries
from miops_collector.signals.estimated_fairness import estimated_fairness
from miops_collector.statistics import statistics_of
from miops_collector.statistics.estimated_fairness import ClassGroups, GroupErrors
from miops_collector.statistics.estimated_performance import CalibratedClasses
from tests.collector.signals.models import AGE, BINARY, BY_SEX, CONTEXT, MULTICLASS, named, summaries
from tests.collector.statistics.rows import residuals

PREDICTION = ColumnLayout("prediction", "value", "prediction", "numeric", edges=(0.0, 5.0, 10.0), groups=(0, 1))
OF_NUMBERS = {s.name for s in statistics_of("estimated_fairness") if GroupErrors in s.takes}
NUMBERS = Layout(task="regression", columns=(AGE, PREDICTION), axes=(BY_SEX,))


MEASURES = ("average_precision", "balanced_accuracy", "brier", "f1", "matthews", "roc_auc")
NUMBERED = {"mae", "mae_difference", "rmse", "rmse_difference"}


def model(*, labelled: float = 1.0, men: float = 1.0) -> Summaries:
    """Women and men alike, 200 each, four bins of the score."""
    truth = np.zeros((2, 4, 2, 2))
    truth[:, 0, 0], truth[:, 1, 0], truth[:, 2, 1], truth[:, 3, 1] = [72, 8], [12, 8], [16, 24], [6, 54]
    truth[1] *= men
    return summaries(BINARY, {"scores.groups.0": truth.sum(axis=3), "labelled.scores.groups.0": truth * labelled})


def test_rates_of_groups_need_no_truth_in_the_window() -> None:
    found = tuple(estimated_fairness(CONTEXT, model(), model(labelled=0.0)))

    women = named(found, "estimated_fairness.true_positive_rate", sensitive_feature="SEX", group="1")
    assert women.value == pytest.approx(78 / 94, abs=0.01)
    assert (women.n, women.n_reference, women.status, women.reason) == (200, 200, "ok", "")
    assert women.reference == women.value
    assert 0.02 < women.standard_error < 0.08
    gap = named(found, "estimated_fairness.equal_opportunity_difference", sensitive_feature="SEX")
    assert gap.value == pytest.approx(0.0, abs=1e-9)
    assert gap.standard_error == pytest.approx(np.sqrt(2) * women.standard_error)


def test_a_small_group_and_one_without_truth_in_the_reference_say_so() -> None:
    small = tuple(estimated_fairness(CONTEXT, model(), model(men=0.05)))
    unlearnt = tuple(estimated_fairness(CONTEXT, model(labelled=0.01), model()))

    men = named(small, "estimated_fairness.precision", sensitive_feature="SEX", group="2")
    assert (men.status, men.reason) == (
        "insufficient_data",
        "the group has 10 rows, fewer than 20: it is not compared",
    )
    assert {o.reason for o in unlearnt if o.group and o.sensitive_feature == "SEX"} == {
        "the group has fewer than 20 labelled rows with a score in the reference"
    }
    assert all(np.isnan(o.value) for o in unlearnt)


def test_there_is_nothing_without_a_reference() -> None:
    assert list(estimated_fairness(CONTEXT, None, model())) == []


def several(rows: list[list[float]], *, labelled: float) -> Summaries:
    """Women are rightly held for a, b and c in 90, 80 and 50 of 100 decisions, men in 90, 60 and 50."""
    right = np.array([[0.9, 0.8, 0.5], [0.9, 0.6, 0.5]])
    decided = np.array(rows)
    truth = np.stack([np.diag(r) + np.roll(np.diag(1 - r), 1, axis=0) for r in right]) * decided[:, None, :]
    return summaries(
        replace(MULTICLASS, class_scores=False), {"groups.0": decided, "labelled.groups.0": truth * labelled}
    )


def test_accuracy_of_several_classes_follows_what_groups_are_decided_to_be() -> None:
    reference, window = several([[100, 100, 100]] * 2, labelled=1.0), several([[50, 200, 50]] * 2, labelled=0.0)

    found = tuple(estimated_fairness(CONTEXT, reference, window))

    men = named(found, "estimated_fairness.accuracy", sensitive_feature="SEX", group="2")
    assert (men.value, men.reference) == (pytest.approx((45 + 120 + 25) / 300), pytest.approx(200 / 300))
    assert (men.n, men.n_reference, men.status) == (300, 300, "ok")
    assert np.hypot(0.028, 0.03) < men.standard_error < 0.06
    assert named(found, "estimated_fairness.accuracy", sensitive_feature="SEX", group="1").value > men.value


def test_what_is_not_kept_by_group_says_so_once_for_every_axis() -> None:
    both = several([[100, 100, 100]] * 2, labelled=1.0)

    found = [o for o in estimated_fairness(CONTEXT, both, both) if ".accuracy" not in o.metric]

    assert {o.metric.rpartition(".")[2] for o in found} == {
        "log_loss", "precision", "recall", "specificity", *MEASURES
    } - {"matthews"}  # fmt: skip
    assert {(o.status, o.group, o.sensitive_feature) for o in found} == {("insufficient_data", "", "SEX")}
    assert all(o.reason.startswith("there are no probabilities of the classes") for o in found)


def scored(*, labelled: float, groups: int = 2, hard: float = 0.0) -> Summaries:
    """300 rows of three classes in each group, decided rightly four times of five where scores are high."""
    by_bin = np.zeros((3, 32, 2, 2))
    by_bin[:, 2, 0], by_bin[:, 15, 0] = [160 - hard, 0], [24 + hard / 2, 16 + hard / 2]
    by_bin[:, 17, 1], by_bin[:, 28, 1] = [12 + hard / 4, 8 + hard / 4], [10 - hard / 10, 70 - 0.4 * hard]
    scores = np.stack([by_bin] * groups)
    names = tuple(str(i) for i in range(groups))
    layout = replace(MULTICLASS, axes=(GroupAxis(("SEX",), (names,), names),))
    blocks: dict[str, Any] = {"groups.0": 100.0, "labelled.groups.0": labelled * np.full((groups, 3, 3), 100 / 3)}
    if groups * 3 <= 100:
        known = scores[:, 0].sum(axis=(1, 2, 3)) * labelled
        losses = np.stack((known, 0.5 * known, 0.6 * known, *(0.0 * known,) * 4), axis=1)
        blocks |= {"class_scores.groups.0": scores.sum(axis=4), "labelled.class_scores.groups.0": scores * labelled}
        blocks |= {"labelled.losses.groups.0": losses}
    return summaries(layout, blocks)


def test_several_classes_have_every_estimate_by_group_and_its_gaps() -> None:
    found = tuple(estimated_fairness(CONTEXT, scored(labelled=1.0), scored(labelled=0.0, hard=60.0)))

    names = {o.metric.rpartition(".")[2] for o in found}
    whole = {s.name for s in statistics_of("estimated_performance") if CalibratedClasses in s.takes}
    estimates = {n for n in whole if not n.endswith(("_gap", "_shift"))}
    assert estimates <= names
    assert names == {s.name for s in statistics_of("estimated_fairness") if ClassGroups in s.takes}
    assert {f"{n}_difference" for n in estimates - {"precision"}} | {"predictive_parity_difference"} <= names
    assert {o.status for o in found} == {"ok"}
    for name in estimates:
        one = named(found, f"estimated_fairness.{name}", group="1")
        assert np.isfinite([one.value, one.standard_error, one.low, one.high, one.reference]).all(), name
        worse = one.value > one.reference if name in ("brier", "log_loss") else one.value < one.reference
        assert worse, name
    surprise = named(found, "estimated_fairness.log_loss", group="0")
    assert surprise.reference == pytest.approx(0.5)  # of the reference it is what its rows lost
    assert named(found, "estimated_fairness.f1_difference").value == pytest.approx(0.0, abs=1e-12)


def test_groups_that_are_too_many_for_scores_of_classes_say_so() -> None:
    found = tuple(estimated_fairness(CONTEXT, scored(labelled=1.0, groups=34), scored(labelled=0.0, groups=34)))

    assert (
        named(found, "estimated_fairness.f1").reason == "classes times groups are more than 100: accuracy is estimated"
    )
    assert named(found, "estimated_fairness.accuracy", group="33").value == pytest.approx(1 / 3)


def test_a_window_whose_rows_bring_no_scores_is_estimated_by_its_decisions() -> None:
    without = summaries(scored(labelled=0.0).layout, {"groups.0": 100.0})

    found = tuple(estimated_fairness(CONTEXT, scored(labelled=1.0), without))

    assert named(found, "estimated_fairness.accuracy", group="1").value == pytest.approx(1 / 3)
    assert named(found, "estimated_fairness.recall").reason.startswith("there are no probabilities of the classes")


def numbers(rows: list[list[float]], *, labelled: float) -> Summaries:
    """Errors are twice as large for large predictions, and for men."""
    cells = np.array([[0, *row, 0] for row in rows])
    size = np.array([[0, 1.0, 2, 0], [0, 2, 4, 0]])
    one = np.array([[residuals([4.0 * place], [4.0 * place + e]).sums for place, e in enumerate(row)] for row in size])
    sums = cells[:, :, None] * labelled * one
    return summaries(
        NUMBERS,
        {
            "labelled.errors": sums.sum(axis=0),
            "labelled.residuals.groups.0": sums.sum(axis=1),
            "predictions.groups.0": np.concatenate((np.zeros((2, 3)), cells), axis=1),
        },
    )


def test_errors_of_a_group_follow_its_predictions_and_what_they_were() -> None:
    reference = numbers([[100, 100], [100, 100]], labelled=1.0)
    window = numbers([[100, 100], [0, 200]], labelled=0.0)

    found = tuple(estimated_fairness(CONTEXT, reference, window))

    women = named(found, "estimated_fairness.mae", group="1")
    men = named(found, "estimated_fairness.mae", group="2")
    assert (women.value, women.reference, women.n) == (pytest.approx(1.5), pytest.approx(1.5), 200)
    assert (men.value, men.reference, men.status) == (pytest.approx(4.0), pytest.approx(3.0), "ok")
    assert men.standard_error == pytest.approx(4 / 3 * np.sqrt(1 / 200 + 1 / 200))
    assert named(found, "estimated_fairness.rmse", group="2").value == pytest.approx(4.0)
    assert {o.metric.rpartition(".")[2] for o in found} == OF_NUMBERS
    assert {"bias", "bias_difference", "mae", "mape_ratio", "r2", "r2_worst", "rmse"} <= OF_NUMBERS


def test_gaps_between_groups_are_estimated_with_an_interval() -> None:
    reference = numbers([[100, 100], [100, 100]], labelled=1.0)
    window = numbers([[100, 100], [0, 200]], labelled=0.0)

    found = tuple(estimated_fairness(CONTEXT, reference, window))

    apart = named(found, "estimated_fairness.mae_difference")
    women, men = (named(found, "estimated_fairness.mae", group=group) for group in ("1", "2"))
    assert apart.value == pytest.approx(men.value - women.value)
    assert apart.standard_error == pytest.approx(np.hypot(men.standard_error, women.standard_error))
    assert (apart.low, apart.high) == pytest.approx(
        (2.5 - 1.96 * apart.standard_error, 2.5 + 1.96 * apart.standard_error), rel=1e-3
    )
    assert (apart.reference, apart.n, apart.sensitive_feature, apart.group) == (pytest.approx(1.5), 400, "SEX", "")
    assert (women.low, women.high) == pytest.approx(
        (1.5 - 1.96 * women.standard_error, 1.5 + 1.96 * women.standard_error), rel=1e-3
    )
    assert named(found, "estimated_fairness.mae_worst").value == men.value
    assert named(found, "estimated_fairness.rmse_ratio").value == pytest.approx(np.sqrt(2.5) / 4.0)


def test_a_regression_whose_predictions_were_never_seen_says_so() -> None:
    empty = summaries(replace(NUMBERS, columns=(AGE,)), {})

    found = list(estimated_fairness(CONTEXT, empty, empty))

    assert {o.metric.rpartition(".")[2] for o in found} == {"bias", "mae", "mape", "r2", "rmse"}
    assert all(o.reason.startswith("the reference has no predicted numbers") for o in found)
