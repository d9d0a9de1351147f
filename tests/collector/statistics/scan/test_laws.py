"""The laws behind the p-values, against SciPy and published numbers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from miops_collector.statistics.scan.false_discovery import benjamini_hochberg
from miops_collector.statistics.scan.proportion import log_tolerant_difference, newcombe, root_likelihood_ratio
from miops_collector.statistics.scan.shape import chi_square_terms, phi, phi_interval
from miops_collector.statistics.scan.tails import log_chi_square, log_two_sided, unskewed


def arrays(*values):
    return tuple(np.array(v, dtype=float) for v in values)


def test_two_sided_normal_tail_agrees_with_scipy_far_out():
    z = np.array([0.0, 1.0, -4.6, 39.0, -60.0])

    np.testing.assert_allclose(log_two_sided(z), np.minimum(np.log(2) + stats.norm.logsf(np.abs(z)), 0.0), rtol=1e-12)


def test_students_tail_is_used_where_the_dispersion_was_estimated():
    log_p = log_two_sided(np.array([4.0, 4.0]), np.array([5.0, np.inf]))

    np.testing.assert_allclose(np.exp(log_p), [2 * stats.t.sf(4, 5), 2 * stats.norm.sf(4)], rtol=1e-9)


@pytest.mark.parametrize("df", [1, 3, 15, 50])
def test_central_chi_square_is_exact(df):
    p = np.array([0.5, 1e-3, 1e-9, 1e-100])

    log_p = log_chi_square(stats.chi2.isf(p, df), np.full(4, float(df)), np.zeros(4))

    np.testing.assert_allclose(log_p, np.log(p), rtol=1e-9)


@pytest.mark.parametrize("df", [1, 2, 3, 15, 50])
@pytest.mark.parametrize("ncp", [0.08, 0.4, 2.0, 20.0])
def test_tolerant_chi_square_errs_to_the_safe_side(df, ncp):
    p = np.array([1e-4, 1e-6, 1e-8])
    x = stats.ncx2.isf(p, df, ncp)

    found = np.exp(log_chi_square(x, np.full(3, float(df)), np.full(3, ncp)))

    assert (found >= p).all()
    assert (found <= p * [1.8, 5.0, 16.0]).all()


def test_chi_square_beyond_all_digits_stays_finite_and_falls():
    log_p = log_chi_square(np.array([1e4, 1e6]), np.array([15.0, 15.0]), np.array([2.0, 2.0]))

    assert -np.inf < log_p[1] < log_p[0] < -1000


def test_removing_skewness_undoes_the_first_term_of_the_cornish_fisher_expansion():
    w, skewness = np.array([-3.0, 0.5, 4.0]), np.full(3, 0.2)

    np.testing.assert_allclose(unskewed(w + (w * w - 1) * skewness / 6, skewness), w, rtol=1e-9)


@pytest.mark.parametrize(("x", "n", "y", "m"), [(12, 200, 100, 10_000), (5, 50, 0, 1000), (0, 80, 40, 400)])
def test_likelihood_ratio_agrees_with_scipy(x, n, y, m):
    table = [[x, n - x], [y, m - y]]
    expected = stats.chi2_contingency(table, correction=False, lambda_="log-likelihood").statistic

    assert root_likelihood_ratio(*arrays(x, n, y, m)) ** 2 == pytest.approx(expected)


def test_newcombes_published_example():
    low, high = newcombe(*arrays(56, 70, 48, 80))

    assert (float(low), float(high)) == (pytest.approx(0.0524, abs=5e-5), pytest.approx(0.3339, abs=5e-5))


def test_a_change_within_the_tolerance_is_no_evidence_at_any_number_of_rows():
    n = np.array([100.0, 1e4, 1e6, 1e8])

    log_p = log_tolerant_difference(0.0149 * n, n, 0.01 * n, n, tolerance=0.005)

    np.testing.assert_array_equal(log_p, 0.0)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 300), st.integers(0, 500), st.sampled_from([0.0, 0.005, 0.05]))
def test_more_tolerance_is_never_more_evidence(x, y, tolerance):
    args = arrays(x, 300, y, 5000)

    log_p = log_tolerant_difference(*args, tolerance=tolerance)

    assert log_tolerant_difference(*args, tolerance=0.0) <= log_p <= 0.0


def test_two_sample_chi_square_agrees_with_scipy():
    c, r = arrays([30, 50, 20, 7], [300, 420, 250, 40])

    x = chi_square_terms(c, np.full(4, c.sum()), r, np.full(4, r.sum())).sum()

    assert x == pytest.approx(stats.chi2_contingency([c, r], correction=False).statistic)


def test_phi_of_pure_chance_is_zero_and_lies_in_its_interval():
    x, df, noise = arrays([10.0, 200.0], [15.0, 15.0], [0.001, 0.001])

    effect, (low, high) = phi(x, df, noise), phi_interval(x, df, noise)

    assert effect[0] == 0.0
    assert effect[1] == pytest.approx(np.sqrt(0.185))
    assert (low <= effect).all()
    assert (effect <= high).all()


@settings(deadline=None, max_examples=60)
@given(st.lists(st.floats(1e-12, 1.0), min_size=1, max_size=30), st.sampled_from([0.001, 0.05, 0.3]))
def test_rejections_agree_with_scipys_adjusted_p_values(p, alpha):
    found = benjamini_hochberg(np.log(p), alpha)

    adjusted = stats.false_discovery_control(p)
    clear = np.abs(adjusted - alpha) > 1e-9
    np.testing.assert_array_equal(found.rejected[clear], (adjusted <= alpha)[clear])
    assert (np.array(p)[found.rejected] <= found.threshold[found.rejected] * (1 + 1e-12)).all()
