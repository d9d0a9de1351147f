"""Statistics of pairs: by hand, and as scipy and scikit-learn have them."""

from __future__ import annotations

from math import isnan

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import cohen_kappa_score

from miops_collector.statistics.paired import cohen_kappa, mcnemar, mean_difference, share


def test_wilson_of_half_and_of_none_of_ten() -> None:
    half, none = share(np.arange(10) < 5), share(np.zeros(10, np.bool_))

    assert (half.value, half.n) == (0.5, 10)
    assert (half.low, half.high) == pytest.approx((0.236593, 0.763407), abs=1e-6)
    assert (none.value, none.low) == (0.0, 0.0)
    assert none.high == pytest.approx(0.277533, abs=1e-6)


@pytest.mark.parametrize(("hits", "n"), [(0, 1), (3, 30), (29, 30), (500, 1000)])
def test_the_interval_of_a_share_is_scipys(hits: int, n: int) -> None:
    found = share(np.arange(n) < hits)

    expected = stats.binomtest(hits, n).proportion_ci(0.95, method="wilson")
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_kappa_of_cohens_kind_of_table() -> None:
    counts = [20, 5, 10, 15]  # observed 35 / 50; by chance 25 / 50 · 30 / 50 + 25 / 50 · 20 / 50 = 1 / 2
    one, other = np.repeat([0, 0, 1, 1], counts), np.repeat([0, 1, 0, 1], counts)

    assert cohen_kappa(one, other) == pytest.approx(0.4)
    assert cohen_kappa(one, one) == 1.0
    assert cohen_kappa(np.array([0, 1]), np.array([1, 0])) == -1.0


@pytest.mark.parametrize("classes", [2, 5])
def test_kappa_is_scikit_learns(classes: int) -> None:
    rng = np.random.default_rng(classes)
    one = rng.integers(0, classes, 300)
    other = np.where(rng.random(300) < 0.6, one, rng.integers(0, classes, 300))

    assert cohen_kappa(one, other) == pytest.approx(cohen_kappa_score(one, other), abs=1e-12)


def test_kappa_is_undefined_without_pairs_and_of_one_class() -> None:
    assert isnan(cohen_kappa(np.zeros(0, np.int64), np.zeros(0, np.int64)))
    assert isnan(cohen_kappa(np.ones(9, np.int64), np.ones(9, np.int64)))


@pytest.mark.parametrize(("b", "c"), [(5, 1), (1, 5), (10, 10), (0, 8), (300, 250), (0, 0)])
def test_mcnemar_is_the_binomial_test_of_pairs_that_differ(b: int, c: int) -> None:
    one = np.repeat([True, True, False, False], [7, b, c, 4])
    other = np.repeat([True, False, True, False], [7, b, c, 4])

    expected = stats.binomtest(b, b + c, 0.5).pvalue if b + c else 1.0
    assert mcnemar(one, other) == pytest.approx(expected, rel=1e-9)
    assert mcnemar(other, one) == mcnemar(one, other)


def test_the_mean_difference_is_that_of_the_paired_t_test() -> None:
    rng = np.random.default_rng(1)
    one, other = rng.normal(0, 1, 50), rng.normal(0.5, 1, 50)

    found = mean_difference(one, other)

    expected = stats.ttest_rel(other, one).confidence_interval(0.95)
    assert found.value == pytest.approx(float(np.mean(other - one)))
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))


def test_pairs_without_a_number_are_left_out() -> None:
    found = mean_difference(np.array([1.0, np.nan, 2.0, 0.0]), np.array([2.0, 1.0, 4.0, np.inf]))

    assert (found.value, found.n) == (1.5, 2)


def test_one_pair_has_no_interval_and_none_no_value() -> None:
    single, empty = mean_difference(np.zeros(1), np.ones(1)), mean_difference(np.zeros(0), np.zeros(0))

    assert single.value == 1.0
    assert isnan(single.low)
    assert isnan(single.high)
    assert isnan(empty.value)
    assert isnan(share(np.zeros(0, np.bool_)).value)
