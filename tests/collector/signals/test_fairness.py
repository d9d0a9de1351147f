"""The fairness signal."""

from __future__ import annotations

from math import isnan

import pytest

from miops_collector.signals.fairness import fairness
from tests.collector.signals.models import CONTEXT, MULTICLASS, REGRESSION, binary, named, summaries


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
