"""The fairness signal."""

from __future__ import annotations

from dataclasses import replace
from math import isnan

import numpy as np
import pytest

from miops_collector.layout import ColumnLayout
from miops_collector.signals.fairness import fairness
from tests.collector.signals.models import AGE, BY_SEX, CONTEXT, MULTICLASS, REGRESSION, binary, named, summaries
from tests.collector.statistics.rows import residuals

PREDICTED = ColumnLayout("prediction", "value", "prediction", "numeric", edges=(-1.0, 0.5, 2.0), groups=(0, 1))


def test_gaps_and_groups_of_a_sensitive_feature() -> None:
    observations = tuple(fairness(CONTEXT, binary(10), binary()))

    gap = named(observations, "fairness.demographic_parity_difference", sensitive_feature="SEX")
    assert gap.value == pytest.approx(30 / 60 - 15 / 40)
    assert gap.reference == pytest.approx(gap.value)
    assert (gap.n, gap.n_reference, gap.group) == (100, 1000, "")
    women = named(observations, "fairness.selection_rate", sensitive_feature="SEX", group="2")
    assert (women.value, women.n, women.n_reference) == (15 / 40, 40, 400)
    assert women.standard_error == pytest.approx((15 / 40 * 25 / 40 / 40) ** 0.5)
    men = named(observations, "fairness.true_positive_rate", sensitive_feature="SEX", group="1")
    assert men.value == pytest.approx(24 / 26)


def test_every_group_is_counted_and_a_small_one_is_reported_as_such() -> None:
    observations = tuple(fairness(CONTEXT, None, binary()))
    where = {"sensitive_feature": "SEX & RAC1P", "group": "1 & 9"}

    count = named(observations, "fairness.group_rows", **where)
    rate = named(observations, "fairness.selection_rate", **where)

    assert (count.value, count.status, count.reason) == (6, "ok", "")
    assert (rate.n, rate.status) == (6, "insufficient_data")
    assert isnan(rate.value)
    assert isnan(rate.standard_error)
    assert rate.reason == "the group has 6 rows, fewer than 20: it is not compared"


def test_small_groups_are_left_out_of_the_extremes() -> None:
    gap = named(
        tuple(fairness(CONTEXT, None, binary())),
        "fairness.demographic_parity_difference",
        sensitive_feature="SEX & RAC1P",
    )

    assert gap.value == pytest.approx(28 / 54 - 14 / 36)
    assert isnan(gap.reference)


def test_gaps_of_labelled_rows_wait_for_truth() -> None:
    gap = named(
        tuple(fairness(CONTEXT, None, binary(labelled=0.0))),
        "fairness.equal_opportunity_difference",
        sensitive_feature="SEX",
    )

    assert gap.status == "insufficient_data"
    assert gap.reason == "the window has 0 labelled rows, fewer than 30"


def test_multiclass_without_a_positive_class_says_why_there_is_no_gap() -> None:
    now = summaries(MULTICLASS, {"groups.0": [[30, 30, 30], [30, 30, 30]]})

    observations = tuple(fairness(CONTEXT, None, now))
    gap = named(observations, "fairness.demographic_parity_difference")

    assert isnan(gap.value)
    assert gap.status == "ok"
    assert "there is no positive class" in gap.reason
    assert named(observations, "fairness.group_rows", group="1").value == 90


def test_a_model_without_groups_has_no_fairness() -> None:
    assert list(fairness(CONTEXT, None, summaries(REGRESSION, {}))) == []


def test_groups_have_intervals_and_p_values_that_pay_for_the_lattice() -> None:
    observations = tuple(fairness(CONTEXT, binary(10), binary(10)))
    women = named(observations, "fairness.selection_rate", sensitive_feature="SEX", group="2")
    gap = named(observations, "fairness.demographic_parity_ratio", sensitive_feature="SEX")

    assert women.low < 15 / 40 < women.high
    assert women.high - women.low == pytest.approx(2 * 1.96 * women.standard_error, rel=0.02)
    assert women.p_value < 0.01
    assert gap.value == pytest.approx(0.75)
    assert gap.low < 0.75 < gap.high < 1


def test_groups_of_a_regression_are_compared() -> None:
    layout = replace(REGRESSION, axes=(BY_SEX,), columns=(AGE, PREDICTED))
    truth = np.linspace(1.0, 5.0, 100)
    errors = [residuals(truth, truth + np.tile(off, 25)).sums for off in ([0.5, 1.5, 0.0, 0.0], [-0.5, -1.5, 0.0, 0.0])]
    predictions = [[100, 0, 100, 0, 80, 20, 0], [100, 100, 200, 0, 20, 80, 0]]
    now = summaries(layout, {"labelled.residuals.groups.0": errors, "predictions.groups.0": predictions})

    observations = tuple(fairness(CONTEXT, None, now))

    assert named(observations, "fairness.bias", group="1").value == 0.5
    assert named(observations, "fairness.bias_difference").value == 1.0
    assert named(observations, "fairness.mae_ratio").value == 1.0
    relative, apart = named(observations, "fairness.mape", group="2"), named(observations, "fairness.r2_difference")
    assert relative.value == pytest.approx(float(np.mean(np.tile([0.5, 1.5, 0.0, 0.0], 25) / truth)))
    assert (relative.n, relative.status) == (100, "ok")
    assert relative.low < relative.value < relative.high
    assert apart.value == pytest.approx(0.0, abs=1e-12)
    assert named(observations, "fairness.r2_worst").value == pytest.approx(1 - 0.625 / truth.var())
    assert named(observations, "fairness.mean_prediction", group="2").value == 1.0
    assert named(observations, "fairness.mean_rank", group="2").value == pytest.approx(0.65)
    assert named(observations, "fairness.top_tenth_share", group="1").value == pytest.approx(0.2)
