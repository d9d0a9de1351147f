from __future__ import annotations

import numpy as np
import pytest

from miops_collector.statistics.scan import Dispersion
from miops_collector.statistics.scan.dispersion import LOCATION, SPREAD
from miops_collector.statistics.scan.history import TRACKED, measured_dispersion

LOOK_BACKS = (1, 2, 4, 8, 24)
ROWS, WEEK = 100.0, 168


def independent(columns: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(WEEK, columns, TRACKED)) / np.sqrt(ROWS)


def measured(means: np.ndarray) -> Dispersion:
    unit = np.zeros(means.shape[1:], bool)
    unit[:, (LOCATION, SPREAD)] = True
    ends, rows = np.arange(1, len(means) + 1), np.full(means.shape, ROWS)
    return measured_dispersion(ends, means, rows, unit, length=1, look_backs=LOOK_BACKS)


def wandering(seed: int) -> np.ndarray:
    """A mean that moves from hour to hour by half of what chance does."""
    steps = np.random.default_rng(seed).normal(size=WEEK) * 0.5 / np.sqrt(ROWS)
    return np.cumsum(steps)[:, None] * 0.3


def test_columns_that_look_independent_are_believed_because_of_one_another() -> None:
    alone, together = measured(independent(1, 4)), measured(independent(20, 4))

    assert alone.freedom[4, 0, LOCATION] == pytest.approx(9.5)
    assert np.median(together.freedom[4, :, LOCATION]) > 100.0
    assert together.factors[..., LOCATION].mean() < 1.1


def test_columns_that_do_the_same_are_worth_one() -> None:
    found = measured(np.repeat(independent(1, 4), 20, axis=1))

    assert found.freedom[4, :, LOCATION] == pytest.approx(9.5, rel=0.01)


def test_a_column_that_depends_on_its_past_keeps_its_own_factor() -> None:
    means = independent(20, 5)
    means[:, 7, LOCATION] += wandering(6)[:, 0]
    found, alone = measured(means), measured(means[:, 7:8])

    np.testing.assert_allclose(found.factors[:, 7], alone.factors[:, 0])
    np.testing.assert_allclose(found.freedom[:, 7], alone.freedom[:, 0])
    assert found.factors[4, 7, LOCATION] > 2.0
    assert np.median(found.freedom[4, :, LOCATION]) > 100.0


def test_where_many_columns_depend_on_their_past_none_is_believed_because_of_the_others() -> None:
    means = independent(20, 7)
    means[:, :8, LOCATION] += np.concatenate([wandering(i) for i in range(8)], axis=1)
    found = measured(means)

    assert found.freedom[4, :, LOCATION] == pytest.approx(9.5)
