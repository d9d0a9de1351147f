"""Drift statistics against published values and SciPy."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.spatial import distance
from scipy.stats import chi2_contingency, ks_2samp, wasserstein_distance

from miops_collector.statistics.drift import chi_square as chi_square_module
from miops_collector.statistics.drift import kolmogorov_smirnov as ks_module
from miops_collector.statistics.drift import psi as psi_module
from miops_collector.statistics.drift.chi_square import chi_square
from miops_collector.statistics.drift.hellinger import hellinger
from miops_collector.statistics.drift.jensen_shannon import jensen_shannon
from miops_collector.statistics.drift.kolmogorov_smirnov import kolmogorov_smirnov
from miops_collector.statistics.drift.l_infinity import l_infinity
from miops_collector.statistics.drift.psi import psi
from miops_collector.statistics.drift.wasserstein import wasserstein
from miops_collector.summary import Frequencies, Histogram
from tests.collector.statistics.rows import frequencies, histogram, quantile_edges

# The parity vector that the sources of eight tools were compared on: 50/30/20/0 then 40/30/20/10, the last unseen.
REFERENCE = Frequencies(("a", "b", "c"), np.array([3, 1, 50, 30, 20, 0.0]))
CURRENT = Frequencies(("a", "b", "c"), np.array([9, 0, 40, 30, 20, 10.0]))
EMPTY = Frequencies(("a", "b", "c"), np.zeros(6))
UNBINNED = Histogram(np.empty(0), np.empty(0, dtype=np.int64), np.array([1.0, 0, 0, 0]))


@pytest.fixture
def samples() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(20261123)
    return rng.normal(size=20_000), rng.normal(0.2, 1.3, size=3_000)


def test_published_vector() -> None:
    assert jensen_shannon(REFERENCE, CURRENT) == pytest.approx(0.23241, abs=5e-6)
    assert hellinger(REFERENCE, CURRENT) == pytest.approx(0.22975, abs=5e-6)
    assert l_infinity(REFERENCE, CURRENT) == pytest.approx(0.1)
    assert chi_square(REFERENCE, CURRENT) == pytest.approx(11.11, abs=2e-3)
    assert chi_square_module.p_value(REFERENCE, CURRENT) == pytest.approx(0.0111, abs=5e-5)


def test_chi_square_of_the_second_published_vector_is_not_the_goodness_of_fit() -> None:
    reference = Frequencies(("a", "b", "c"), np.array([0, 0, 50, 30, 20, 0.0]))
    current = Frequencies(("a", "b", "c"), np.array([0, 0, 42, 30, 28, 0.0]))

    assert chi_square_module.p_value(reference, current) == pytest.approx(0.363, abs=5e-4)


def test_psi_by_hand() -> None:
    p, q = (50.5, 30.5, 20.5, 0.5), (40.5, 30.5, 20.5, 10.5)

    expected = sum((b - a) / 102 * math.log(b / a) for a, b in zip(p, q, strict=True))

    assert psi(REFERENCE, CURRENT) == pytest.approx(expected)


def test_psi_leaves_out_cells_empty_on_both_sides() -> None:
    fewer = Frequencies(("a",), np.array([0, 0, 90.0, 10]))
    more = Frequencies(("a", "b"), np.array([0, 0, 90.0, 0, 10]))

    assert psi(fewer, Frequencies(("a",), np.array([0, 0, 80.0, 20]))) == pytest.approx(
        psi(more, Frequencies(("a", "b"), np.array([0, 0, 80.0, 0, 20])))
    )


def test_psi_p_value_is_uniform_without_drift() -> None:
    rng = np.random.default_rng(7)
    shares = np.full(8, 1 / 8)
    empty = np.zeros(3)

    def draw(n: int) -> Frequencies:
        return Frequencies(tuple("abcdefgh"), np.concatenate((empty[:2], rng.multinomial(n, shares), empty[:1])))

    p = np.array([psi_module.p_value(draw(4000), draw(1000)) for _ in range(2000)])

    assert np.mean(p < 0.05) == pytest.approx(0.05, abs=0.02)
    assert np.mean(p < 0.5) == pytest.approx(0.5, abs=0.05)


@pytest.mark.parametrize("seed", range(5))
def test_categorical_agrees_with_scipy(seed: int) -> None:
    rng = np.random.default_rng(seed)
    categories = [str(i) for i in range(6)]
    reference = frequencies(categories, rng.integers(0, 6, 500))
    current = frequencies(categories, rng.integers(0, 8, 300))
    p, q = reference.fine / 500, current.fine / 300
    table = np.stack((reference.fine, current.fine))
    expected = chi2_contingency(table[:, table.sum(axis=0) > 0], correction=False)

    assert jensen_shannon(reference, current) == pytest.approx(distance.jensenshannon(p, q, base=2))
    assert l_infinity(reference, current) == pytest.approx(distance.chebyshev(p, q))
    assert hellinger(reference, current) == pytest.approx(distance.euclidean(np.sqrt(p), np.sqrt(q)) / math.sqrt(2))
    assert chi_square(reference, current) == pytest.approx(expected.statistic)
    assert chi_square_module.p_value(reference, current) == pytest.approx(expected.pvalue)


def test_yates_correction_agrees_with_scipy_on_two_categories() -> None:
    reference, current = (
        frequencies(("a", "b"), ["a"] * 60 + ["b"] * 40),
        frequencies(("a", "b"), ["a"] * 45 + ["b"] * 55),
    )

    expected = chi2_contingency([[60, 40], [45, 55]], correction=True).statistic

    assert chi_square(reference, current, yates=True) == pytest.approx(expected)


def test_one_category_is_no_drift_and_not_undefined() -> None:
    only = Frequencies(("a",), np.array([0, 0, 10.0, 0]))

    assert chi_square(only, only) == 0
    assert chi_square_module.p_value(only, only) == psi_module.p_value(only, only) == 1


def test_all_values_unseen_is_the_farthest_drift() -> None:
    unseen = Frequencies(("a", "b", "c"), np.array([0, 0, 0, 0, 0, 10.0]))

    assert jensen_shannon(REFERENCE, unseen) == pytest.approx(1)
    assert hellinger(REFERENCE, unseen) == pytest.approx(1)
    assert l_infinity(REFERENCE, unseen) == pytest.approx(1)


def test_missing_rows_do_not_drift() -> None:
    more_missing = Frequencies(("a", "b", "c"), REFERENCE.cells + np.array([500, 20, 0, 0, 0, 0]))

    assert psi(REFERENCE, more_missing) == chi_square(REFERENCE, more_missing) == 0


def test_p_values_are_nan_without_values() -> None:
    for module in (psi_module, chi_square_module):
        assert math.isnan(module.p_value(REFERENCE, EMPTY))
        assert math.isnan(module.p_value(EMPTY, REFERENCE))
    assert math.isnan(ks_module.p_value(UNBINNED, UNBINNED))


def test_a_column_without_bins_is_undefined() -> None:
    assert math.isnan(wasserstein(UNBINNED, UNBINNED))
    assert math.isnan(kolmogorov_smirnov(UNBINNED, UNBINNED))
    assert math.isnan(psi(UNBINNED, UNBINNED))


def test_kolmogorov_smirnov_is_below_the_exact_one_by_at_most_a_bin(samples: tuple[np.ndarray, np.ndarray]) -> None:
    edges = quantile_edges(samples[0])
    reference, current = (histogram(edges, x) for x in samples)

    exact = ks_2samp(*samples, method="asymp")
    binned = kolmogorov_smirnov(reference, current)

    assert binned <= exact.statistic <= binned + bin_mass(reference, current)
    assert ks_module.p_value(reference, current) >= exact.pvalue


def test_kolmogorov_smirnov_is_exact_when_every_value_has_its_bin() -> None:
    rng = np.random.default_rng(1)
    one, other = rng.integers(0, 50, 4000), rng.integers(0, 60, 700)
    edges = np.arange(61)

    exact = ks_2samp(one, other, method="asymp").statistic

    assert kolmogorov_smirnov(histogram(edges, one), histogram(edges, other)) == pytest.approx(exact)


def test_kolmogorov_smirnov_p_value_is_scipys_limit(samples: tuple[np.ndarray, np.ndarray]) -> None:
    rng = np.random.default_rng(3)
    one, other = rng.integers(0, 50, 40_000), rng.integers(0, 50, 30_000)
    edges = np.arange(51)

    exact = ks_2samp(one, other, method="asymp").pvalue

    assert ks_module.p_value(histogram(edges, one), histogram(edges, other)) == pytest.approx(exact, rel=0.02)


def test_wasserstein_is_within_its_bound_of_the_exact_one(samples: tuple[np.ndarray, np.ndarray]) -> None:
    inside = [x[(x >= samples[0].min()) & (x <= samples[0].max())] for x in samples]
    edges = quantile_edges(samples[0])
    reference, current = (histogram(edges, x) for x in inside)

    exact = wasserstein_distance(*inside)

    assert abs(wasserstein(reference, current) - exact) <= width_bound(reference, current)
    assert wasserstein(reference, current) == pytest.approx(exact, rel=0.06)


def test_wasserstein_of_a_shift_is_the_shift() -> None:
    edges = np.linspace(0, 20, 201)
    x = np.random.default_rng(0).uniform(2, 8, 50_000)

    assert wasserstein(histogram(edges, x), histogram(edges, x + 5)) == pytest.approx(5, abs=1e-3)


def test_wasserstein_counts_crossing_distributions_once() -> None:
    edges, groups = np.array([0.0, 1.0]), np.array([0])
    low = Histogram(edges, groups, np.array([0, 0, 5, 0, 5.0]))  # half at 0, half at 1
    middle = Histogram(edges, groups, np.array([0, 0, 0, 10.0, 0]))  # evenly between

    assert wasserstein(low, middle) == pytest.approx(0.25)


def test_rows_beyond_the_range_are_placed_at_its_end() -> None:
    edges, groups = np.array([0.0, 1.0, 2.0]), np.array([0, 1])
    inside = Histogram(edges, groups, np.array([0, 0, 10.0, 0, 0, 0]))  # all at the low end
    beyond = Histogram(edges, groups, np.array([0, 0, 0, 0, 0, 10.0]))

    assert wasserstein(inside, beyond) == 2.0


def test_divergences_use_groups_and_not_bins() -> None:
    edges = np.linspace(0, 1, 9)
    groups = np.repeat([0, 1], 4)
    reference = Histogram(edges, groups, np.array([0, 0, 0, 5, 5, 5, 5, 5, 5, 5, 5, 0.0]))
    within = Histogram(edges, groups, np.array([0, 0, 0, 20, 0, 0, 0, 0, 0, 0, 20, 0.0]))

    assert psi(reference, within) == jensen_shannon(reference, within) == hellinger(reference, within) == 0
    assert l_infinity(reference, within) == chi_square(reference, within) == 0
    assert kolmogorov_smirnov(reference, within) == pytest.approx(0.375)


def bin_mass(reference: Histogram, current: Histogram) -> float:
    return float(np.minimum(reference.fine / reference.values, current.fine / current.values).max())


def width_bound(reference: Histogram, current: Histogram) -> float:
    mass = reference.fine[1:-1] / reference.values + current.fine[1:-1] / current.values
    return float(np.diff(reference.edges) @ mass / 2)
