import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from miops_collector.statistics.scan.scores import equal_mass_groups, mid_ranks, rank_scores, score_skewness

counts = st.lists(st.integers(0, 50), min_size=1, max_size=40).filter(any).map(lambda c: np.array(c, dtype=float))


@settings(deadline=None, max_examples=60)
@given(counts)
def test_scores_are_uncorrelated_with_mean_zero_and_variance_one_unless_the_reference_cannot_bear_them(reference):
    share = reference / reference.sum()

    first, second = rank_scores(reference)

    kinds = (reference > 0).sum()
    assert (share * first).sum() == pytest.approx(0.0, abs=1e-9)
    assert (share * second).sum() == pytest.approx(0.0, abs=1e-9)
    assert (share * first * second).sum() == pytest.approx(0.0, abs=1e-9)
    assert (share * first**2).sum() == pytest.approx(1.0 if kinds > 1 else 0.0, abs=1e-6)
    assert (share * second**2).sum() == pytest.approx(1.0 if kinds > 2 else 0.0, abs=1e-6)


def test_location_score_of_a_small_shift_is_0_977_times_the_shift():
    edges = norm.ppf(np.linspace(0, 1, 129))
    location, spread = rank_scores(np.full(128, 100.0))
    moved = np.diff(norm.cdf(edges - 0.02))
    wider = np.diff(norm.cdf(edges / np.exp(0.02)))

    assert location @ moved / 0.02 == pytest.approx(0.977, abs=0.002)
    assert spread @ wider / 0.02 == pytest.approx(1.23, abs=0.02)


def test_scores_of_equal_bins_are_legendre_polynomials_of_the_rank():
    location, spread = rank_scores(np.full(1000, 1.0))
    x = 2 * mid_ranks(np.full(1000, 1.0)) - 1

    np.testing.assert_allclose(location, np.sqrt(3) * x, atol=1e-5)
    np.testing.assert_allclose(spread, np.sqrt(5) * (3 * x**2 - 1) / 2, atol=1e-4)


def test_skewness_of_a_rare_value_is_that_of_a_bernoulli():
    reference = np.array([95.0, 5.0])

    skewness = score_skewness(reference, rank_scores(reference))

    assert skewness[0] == pytest.approx((1 - 2 * 0.05) / np.sqrt(0.05 * 0.95))


@settings(deadline=None, max_examples=60)
@given(counts)
def test_groups_rise_without_gaps_and_none_is_empty_in_the_reference(reference):
    groups = equal_mass_groups(reference)

    assert (np.diff(groups) >= 0).all()
    assert (np.diff(groups) <= 1).all()
    assert (np.bincount(groups, weights=reference) > 0).all()
    assert groups.max() < 16
