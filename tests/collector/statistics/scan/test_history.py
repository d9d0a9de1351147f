from __future__ import annotations

import json
from collections.abc import Callable

import numpy as np
import pytest

from miops_collector.statistics.scan import Dispersion
from miops_collector.statistics.scan.dispersion import LOCATION, MISSING, OUTSIDE, SPREAD
from miops_collector.statistics.scan.history import TRACKED, History, measured_dispersion

LOOK_BACKS = (1, 2, 4, 8, 24)


def measured(means: np.ndarray, rows: float | np.ndarray = 100.0, *, unit: bool = True) -> Dispersion:
    """Of one column with these means of every kind."""
    stacked = np.repeat(means[:, None, None], TRACKED, axis=2)
    held = np.broadcast_to(np.asarray(rows, float).reshape(-1, 1, 1), stacked.shape)
    flags = np.zeros((1, TRACKED), bool)
    flags[:, (LOCATION, SPREAD)] = unit
    ends = np.arange(1, len(means) + 1)
    return measured_dispersion(ends, stacked, held, flags, length=1, look_backs=LOOK_BACKS)


def test_four_windows_by_hand() -> None:
    """Means .1, -.1, .3, -.3 of 100 rows: variance .05 · 100 = 5, times 4/3; in pairs 0, .1, 0: 200 · .01/3 · 4/2."""
    found = measured(np.array([0.1, -0.1, 0.3, -0.3]))

    assert found.look_backs == (1, 2)
    assert found.factors[0, 0, LOCATION] == pytest.approx(5 * 4 / 3)
    assert found.factors[1, 0, LOCATION] == pytest.approx(max(1.0, 200 * 0.01 / 3 * 2))
    assert found.freedom[0, 0, LOCATION] == 3.0
    assert found.freedom[1, 0, LOCATION] == 2.0
    assert found.typical[:, 0, LOCATION].tolist() == [100.0, 200.0]


def test_independent_windows_have_a_factor_of_about_one() -> None:
    rng = np.random.default_rng(1)
    found = measured(rng.normal(size=3000) / 10.0)

    assert found.factors[:, 0, LOCATION] == pytest.approx(1.0, abs=0.25)


def test_autocorrelated_windows_have_the_factor_of_theory() -> None:
    """Window means that follow AR(1) with .5 have, over many windows, (1 + .5) / (1 - .5) times the variance."""
    rng = np.random.default_rng(2)
    noise = rng.normal(size=20_000) * np.sqrt(1 - 0.25)
    series = np.zeros(20_000)
    for i in range(1, 20_000):
        series[i] = 0.5 * series[i - 1] + noise[i]
    found = measured(series / 10.0)

    assert found.factors[0, 0, LOCATION] == pytest.approx(1.0, abs=0.1)
    assert found.factors[4, 0, LOCATION] == pytest.approx(3.0, rel=0.15)


def test_a_daily_season_is_there_at_an_hour_and_gone_at_a_day() -> None:
    rng = np.random.default_rng(3)
    hours = np.arange(720)
    found = measured(0.3 * np.sin(2 * np.pi * hours / 24) + rng.normal(size=720) / 31.6, 1000.0)

    assert found.factors[0, 0, LOCATION] == pytest.approx(46.0, rel=0.1)
    assert found.factors[4, 0, LOCATION] < 1.5


def test_a_share_is_measured_against_the_binomial_law() -> None:
    """Half of the windows 10 %, half 30 %, of 100 rows: (.01 · 100) / .16 and one, by their mean of 20 %."""
    found = measured(np.tile([0.1, 0.3], 100), unit=False)

    assert found.factors[0, 0, MISSING] == pytest.approx(0.01 * 100 / 0.16 * 200 / 199)
    assert found.freedom[0, 0, MISSING] == 199.0
    assert found.factors[1, 0, MISSING] == 1.0


def test_a_share_that_is_always_nothing_is_known() -> None:
    found = measured(np.zeros(50), unit=False)

    assert found.factors[:, 0, OUTSIDE].tolist() == [1.0] * 5
    assert np.isinf(found.freedom[:, 0, OUTSIDE]).all()


def test_all_categories_have_the_factor_of_the_worst() -> None:
    means = np.full((100, 1, TRACKED), 0.2)
    means[:, 0, 5] = np.tile([0.1, 0.3], 50)
    rows = np.full((100, 1, TRACKED), 100.0)
    found = measured_dispersion(np.arange(1, 101), means, rows, np.zeros((1, TRACKED), bool), length=1, look_backs=(1,))

    assert found.factors[0, 0, LOCATION] == found.factors[0, 0, SPREAD] == pytest.approx(6.25 * 100 / 99)
    assert found.factors[0, 0, MISSING] == 1.0


def test_values_out_of_range_are_as_dispersed_as_the_values() -> None:
    """None was out of range so far; when one is, so are those near it."""
    means = np.zeros((100, 1, TRACKED))
    means[:, 0, LOCATION] = np.tile([-0.2, 0.2], 50)
    unit = np.array([[True, True, False, False, False, False]])
    found = measured_dispersion(np.arange(1, 101), means, np.full(means.shape, 100.0), unit, length=1, look_backs=(1,))

    assert found.factors[0, 0, OUTSIDE] == found.factors[0, 0, LOCATION] == pytest.approx(4 * 100 / 99)
    assert found.factors[0, 0, MISSING] == 1.0


def test_more_rows_than_usual_have_a_larger_factor() -> None:
    found = measured(np.array([0.1, -0.1, 0.3, -0.3]))
    usual, ten_times = (found.factor(LOCATION, np.array([[n], [2 * n]])) for n in (100.0, 1000.0))

    np.testing.assert_allclose(usual, found.factors[:, :, LOCATION])
    np.testing.assert_allclose(ten_times - 1.0, 10.0 * (usual - 1.0))


def test_windows_without_rows_are_gaps_in_time() -> None:
    """A look-back of two holds only windows that follow one another."""
    means = np.repeat(np.array([0.1, 0.1, -0.1, -0.1])[:, None, None], TRACKED, axis=2)
    rows, unit = np.full(means.shape, 100.0), np.ones((1, TRACKED), bool)
    near, apart = (
        measured_dispersion(np.array(ends), means, rows, unit, length=1, look_backs=(1, 2)).typical[1, 0, 0]
        for ends in ([1, 2, 3, 4], [1, 3, 5, 7])
    )

    assert (near, apart) == (200.0, 100.0)


@pytest.mark.parametrize("change", [lambda m: -m, lambda m: m[::-1], lambda m: m + 5.0])
def test_sign_direction_and_level_do_not_matter(change: Callable[[np.ndarray], np.ndarray]) -> None:
    means = np.random.default_rng(4).normal(size=200)

    changed, plain = (measured(m).factors[:, :, LOCATION] for m in (change(means), means))
    np.testing.assert_allclose(changed, plain, rtol=1e-9)


def test_a_history_is_the_same_after_it_was_stored_and_keeps_no_more_than_it_may() -> None:
    rng = np.random.default_rng(5)
    history, copy = (History(np.array([True, False]), 50) for _ in range(2))
    for i in range(70):
        history.note(i + 1, rng.random((2, TRACKED)), np.full((2, 2), 100.0), np.array([False, i % 7 == 0]))
    copy.load(json.loads(json.dumps(history.to_json())))

    assert len(history) == len(copy) == 50
    assert copy.to_json() == history.to_json()
    np.testing.assert_array_equal(copy.dispersion(1, (1, 2)).factors, history.dispersion(1, (1, 2)).factors)
