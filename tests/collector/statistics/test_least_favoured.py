from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom, binomtest

from miops_collector.statistics.fairness import least_favoured
from miops_collector.statistics.fairness._least_favoured import p_of_ratio


def p_of(x: float, n: float, y: float, m: float, limit: float = 0.8) -> float:
    return float(p_of_ratio(*(np.array([float(v)]) for v in (x, n, y, m)), limit)[0])


@pytest.mark.parametrize(("n", "m", "rate"), [(200, 200, 0.1), (400, 60, 0.1), (60, 400, 0.1), (60, 300, 0.5)])
@pytest.mark.parametrize("level", [0.05, 1e-3, 6.9e-5, 2e-6])
def test_the_level_holds_however_far_in_the_tail(n: int, m: int, rate: float, level: float) -> None:
    """At a true ratio of four fifths, summed over every table there is."""
    x, y = (table.ravel() for table in np.meshgrid(np.arange(n + 1.0), np.arange(m + 1.0), indexing="ij"))
    chance = binom.pmf(x, n, 0.8 * rate) * binom.pmf(y, m, rate)
    some = (x / n < 0.8 * y / m) & (chance > 1e-15)
    p = np.ones_like(x)
    p[some] = p_of_ratio(x[some], np.full(some.sum(), float(n)), y[some], np.full(some.sum(), float(m)), 0.8)

    assert chance[p <= level].sum() <= level


def test_it_is_fishers_product_of_two_exact_tests_at_the_worst_share() -> None:
    def product(share: float) -> float:
        one = binomtest(10, 100, share, alternative="less").pvalue
        return float(one * binomtest(300, 1000, share / 0.8, alternative="greater").pvalue)

    w = max(map(product, np.linspace(0.1, 0.3, 401)))
    assert p_of(10, 100, 300, 1000) == pytest.approx(w * (1 - np.log(w)), rel=1e-3)


def test_more_rows_of_the_same_shares_say_more_and_a_better_ratio_less() -> None:
    assert p_of(40, 400, 1200, 4000) < p_of(10, 100, 300, 1000) < p_of(20, 100, 300, 1000)
    assert p_of(0, 50, 0, 50) == p_of(50, 50, 50, 50) == 1.0


def test_the_pair_that_chance_explains_least_is_told_and_not_the_most_extreme() -> None:
    found = least_favoured(np.array([400.0, 200.0, 0.0]), np.array([1000.0, 1000.0, 5.0]), 0.8)

    assert found is not None
    assert (found.least, found.most, found.pairs) == (1, 0, 3)
    assert found.low < found.ratio == 0.5 < found.high


def test_nothing_to_compare() -> None:
    assert least_favoured(np.array([3.0]), np.array([10.0]), 0.8) is None
    assert least_favoured(np.zeros(2), np.array([10.0, 10.0]), 0.8) is None
