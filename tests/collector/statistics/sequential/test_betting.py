from __future__ import annotations

from math import inf, isnan, log, sqrt

import numpy as np
import pytest

from miops_collector.statistics.sequential.betting import betting, mean_interval

LAWS = {
    "errors": (lambda rng, n: (rng.random(n) < 0.1).astype(np.float64), 0.1, 1.0),
    "beta": (lambda rng, n: rng.beta(1.0, 9.0, n), 0.1, 1.0),
    "lognormal": (lambda rng, n: rng.lognormal(0.0, 1.5, n), float(np.exp(1.125)), inf),
}


def by_hand(values, mean, most, doubt):
    """Log capitals of both players, row by row, as the paper writes them."""
    enough, more, less, seen = log(2 / doubt), 0.0, 0.0, []
    capitals = []
    for x in values:
        prior = most**2 / 4 if most < inf else 0.0
        spread = prior + (np.var(seen) * len(seen) if seen else 0.0)
        bet = sqrt(2 * enough / (spread * log(len(seen) + 2))) if spread > 0 else 0.0
        more += log(1 + min(bet, 0.5 / mean) * (x - mean))
        less += log(1 - min(bet, 0.5 / (most - mean)) * (x - mean))
        seen.append(x)
        capitals.append((more, less))
    return np.array(capitals)


@pytest.mark.parametrize("law", LAWS)
def test_capital_is_that_of_the_paper(law: str) -> None:
    draw, mean, most = LAWS[law]
    values = draw(np.random.default_rng(1), 300)

    state = betting(values, mean=mean, most=most, doubt=1e-9).state

    assert state[3:5] == pytest.approx(by_hand(values, mean, most, 1e-9)[-1], rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("law", LAWS)
def test_a_mean_that_is_as_usual_is_seldom_a_change_however_long_one_looks(law: str) -> None:
    draw, mean, most = LAWS[law]
    rng = np.random.default_rng(2)

    found = [betting(draw(rng, 2000), mean=mean, most=most, doubt=0.1).changes.size > 0 for _ in range(300)]

    assert np.mean(found) <= 0.1


@pytest.mark.parametrize("law", LAWS)
def test_intervals_hold_the_mean(law: str) -> None:
    draw, mean, most = LAWS[law]
    rng = np.random.default_rng(3)

    found = [mean_interval(draw(rng, 1000), most=most, doubt=0.1) for _ in range(200)]

    assert np.mean([not one.low <= mean <= one.high for one in found]) <= 0.1


def test_the_interval_ends_where_the_detector_would_alarm() -> None:
    values = LAWS["errors"][0](np.random.default_rng(4), 500)
    found = mean_interval(values, most=1.0)

    for end, outside in ((found.low, -1e-6), (found.high, 1e-6)):
        capitals = [max(by_hand(values, end + change, 1.0, 0.05)[-1]) for change in (outside, -outside)]
        assert capitals[0] >= log(40) > capitals[1]


def test_more_rows_narrow_it_and_all_that_is_far_above_the_usual_is_found() -> None:
    values = LAWS["beta"][0](np.random.default_rng(5), 4000)
    wide, narrow = mean_interval(values[:400], most=1.0), mean_interval(values, most=1.0)

    assert narrow.high - narrow.low < 0.5 * (wide.high - wide.low)
    assert betting(values, mean=0.05, most=1.0).changes.size > 0
    assert betting(values, mean=0.2, most=1.0).changes.size > 0


def test_without_a_largest_value_only_rises_are_found() -> None:
    values = LAWS["lognormal"][0](np.random.default_rng(6), 4000)

    assert betting(values, mean=1.0).changes.size > 0
    assert betting(values, mean=30.0).changes.size == 0
    assert mean_interval(values).high == inf


def test_nothing_says_nothing() -> None:
    found = mean_interval([], most=1.0)

    assert isnan(found.mean)
    assert (found.low, found.high) == (0.0, 1.0)
    assert mean_interval(np.zeros(500), most=1.0).low == 0.0
