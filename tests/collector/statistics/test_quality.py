"""Quality statistics against hand-computed values and pandas."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from miops_collector.statistics.quality.constant import constant
from miops_collector.statistics.quality.duplicate_share import duplicate_share
from miops_collector.statistics.quality.error_rate import error_rate
from miops_collector.statistics.quality.missing_share import missing_share
from miops_collector.statistics.quality.out_of_range_share import out_of_range_share
from miops_collector.statistics.quality.type_fault_share import type_fault_share
from miops_collector.statistics.quality.unknown_truth_share import unknown_truth_share
from miops_collector.statistics.quality.unseen_share import unseen_share
from miops_collector.summary import Attempts, Confusion, Frequencies, Histogram, Volume
from tests.collector.statistics import rows

NUMERIC = Histogram(np.array([0.0, 1.0, 2.0]), np.array([0, 1]), np.array([10.0, 5, 2, 40, 40, 3]))
CATEGORICAL = Frequencies(("a", "b"), np.array([20.0, 5, 50, 20, 5]))


def test_shares_by_hand() -> None:
    assert missing_share(NUMERIC) == 0.1
    assert type_fault_share(NUMERIC) == 0.05
    assert out_of_range_share(NUMERIC) == pytest.approx(5 / 85)
    assert missing_share(CATEGORICAL) == 0.2
    assert unseen_share(CATEGORICAL) == pytest.approx(5 / 75)
    assert duplicate_share(Volume(np.array([90.0, 90, 90, 0, 10]))) == 0.1
    assert error_rate(Attempts(np.array([10.0, 90, 10, 10]))) == 0.1
    assert unknown_truth_share(Confusion(("a",), -1, np.array([[9.0]]))) == 0.0
    assert unknown_truth_share(Confusion.with_unknown(("a",), -1, np.array([[6.0]]), np.array([2.0]))) == 0.25


def test_missing_and_out_of_range_agree_with_pandas() -> None:
    rng = np.random.default_rng(0)
    series = pd.Series(rng.normal(size=1_000)).mask(rng.random(1_000) < 0.2)
    present = series.dropna()
    inside = rows.histogram(np.linspace(-2, 2, 9), present)

    column = Histogram(inside.edges, inside.groups, inside.cells + np.array([series.isna().sum(), *[0] * 11]))

    assert missing_share(column) == pytest.approx(series.isna().mean())
    assert out_of_range_share(column) == pytest.approx(1 - present.between(-2, 2).mean())


def test_a_column_without_reference_has_no_range_and_no_categories() -> None:
    assert math.isnan(out_of_range_share(Histogram(np.empty(0), np.empty(0, dtype=np.int64), np.ones(4))))
    assert math.isnan(unseen_share(Frequencies((), np.ones(3))))


@pytest.mark.parametrize(
    ("values", "expected"), [([7.0, 7.0], 1.0), ([7.0, 7.5], 0.0), ([7.0], math.nan), ([], math.nan)]
)
def test_constant_numeric(values: list[float], expected: float) -> None:
    assert constant(rows.moments(values)) == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ([4, 1, 9, 0, 0], 1.0),
        ([0, 0, 9, 1, 0], 0.0),
        ([0, 0, 9, 0, 1], 0.0),
        ([0, 0, 0, 0, 9], math.nan),
        ([9, 0, 1, 0, 0], math.nan),
    ],
)
def test_constant_categorical(cells: list[float], expected: float) -> None:
    assert constant(Frequencies(("a", "b"), np.array(cells, dtype=float))) == pytest.approx(expected, nan_ok=True)
