from __future__ import annotations

from math import comb

import numpy as np
import pytest
from scipy.stats import binom

from miops_collector.statistics.scan import Scan, ScanSettings
from miops_collector.statistics.scan.proportion import log_exact_excess
from tests.collector.statistics.scan.streams import layout_of, summarise


def p_of(x: float, n: float, y: float, m: float, *, tolerance: float = 0.0, dispersion: float = 1.0) -> float:
    table = [np.array([float(v)]) for v in (x, n, y, m)]
    return float(np.exp(log_exact_excess(*table, tolerance=tolerance, dispersion=dispersion))[0])


def test_an_excess_has_the_binomial_tail_of_rows_that_may_lie_in_either_sample() -> None:
    for x, n, y, m in ((4, 200, 1, 10_000), (9, 1000, 12, 5000), (40, 100, 100, 1000)):
        assert p_of(x, n, y, m) == pytest.approx(2 * binom.sf(x - 1, x + y, n / (n + m)), rel=1e-9)


def test_rows_that_the_reference_lacks_are_as_likely_as_at_the_worst_share_of_them() -> None:
    q = 3 / 10_003
    at_worst = binom.pmf(0, 10_000, q) * comb(200, 3) * q**3
    assert p_of(3, 200, 0, 10_000) == pytest.approx(at_worst, rel=1e-9)
    assert at_worst > max(binom.pmf(0, 10_000, s) * binom.sf(2, 200, s) for s in np.geomspace(1e-6, 1e-2, 400))


@pytest.mark.parametrize(("n", "m"), [(50, 10_000), (200, 10_000), (200, 1000), (1000, 1000), (4800, 10_000)])
@pytest.mark.parametrize("alpha", [1e-3, 1e-4, 1e-5, 2e-6, 1e-6, 1e-7])
def test_the_level_holds_at_every_share_of_such_rows(n: int, m: int, alpha: float) -> None:
    """The chance of a p-value of at most alpha, summed over all tables that matter: not conditioned on anything."""
    x, y = np.arange(1.0, 120.0), np.arange(0.0, 120.0)
    table = np.meshgrid(x[x <= n], y, indexing="ij")
    p = np.exp(log_exact_excess(table[0], np.float64(n), table[1], np.float64(m), tolerance=0.0))
    for share in np.geomspace(0.05 / m, 20.0 / max(n, m), 60):
        chances = np.outer(binom.pmf(x[x <= n], n, share), binom.pmf(y, m, share))
        assert chances[p <= alpha].sum() <= alpha


def test_no_excess_has_no_small_p_value() -> None:
    assert p_of(0, 200, 0, 10_000) == 1.0
    assert p_of(2, 200, 100, 10_000) == 1.0


def test_tolerance_and_dispersion_make_it_less_surprising() -> None:
    assert p_of(4, 200, 0, 10_000) < p_of(4, 200, 0, 10_000, tolerance=0.001) < p_of(4, 200, 0, 10_000, dispersion=4.0)


def quiet(words: np.ndarray, mass: np.ndarray, rng: np.random.Generator) -> float:
    """Smallest p-value of one window of 1,000 rows after a reference of 1,000."""
    then, now = (rng.choice(words, 1000, p=mass) for _ in range(2))
    layout = layout_of({"x": then})
    scan = Scan.of(layout, summarise(layout, {"x": then}), ScanSettings())
    (found,) = scan.evaluate([(1, summarise(layout, {"x": now}))], statistics=frozenset({"unseen"}))
    return found.p_value


def test_values_that_are_new_because_the_law_has_a_long_tail_are_expected() -> None:
    """Of 3,000 levels a sixth of all rows is new in any window: as much as there is once in the reference."""
    rng = np.random.default_rng(8)
    mass = 1.0 / np.arange(1, 3001)
    p_values = [quiet(np.array([f"w{i}" for i in range(3000)]), mass / mass.sum(), rng) for _ in range(30)]

    assert min(p_values) > 0.01
