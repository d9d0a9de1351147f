"""The lookup table finds the bin that searching finds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from miops_collector.binning import NumericBins

finite = st.floats(allow_nan=False, allow_infinity=False)


def searched(edges: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Missing 0, below 2, bins from 3, above b + 3."""
    bins = len(edges) - 1
    cells = np.searchsorted(edges, values, side="right") + 2
    cells[values == edges[-1]] = bins + 2
    cells[np.isnan(values)] = 0
    return cells


@settings(deadline=None, max_examples=200)
@given(edges=st.lists(finite, min_size=2, max_size=40, unique=True), values=st.lists(st.floats(), max_size=30))
def test_bins_equal_a_search_of_the_edges(edges: list[float], values: list[float]) -> None:
    rising = np.unique(np.array(edges) + 0.0)
    if len(rising) < 2:
        return
    with np.errstate(over="ignore"):
        near = np.concatenate((rising, np.nextafter(rising, -np.inf), np.nextafter(rising, np.inf), values))

    found = NumericBins.of(rising).cells(near)

    np.testing.assert_array_equal(searched(rising, near), found)


@pytest.mark.parametrize("bins", [1, 2, 128, 1000])
def test_skewed_edges_are_found_too(bins: int) -> None:
    rng = np.random.default_rng(bins)
    edges = np.unique(np.concatenate((rng.lognormal(size=bins), [1e12])))
    values = np.concatenate((edges, rng.lognormal(size=5000), 10.0 ** rng.uniform(-3, 13, 500)))

    found = NumericBins.of(edges).cells(values, 10)

    np.testing.assert_array_equal(searched(edges, values) + 10, found)


def test_bins_closer_than_numbers_can_tell_apart() -> None:
    edges = np.array([0.0, 5e-324, 1e-323])

    np.testing.assert_array_equal(
        [3, 4, 4, 2, 5], NumericBins.of(edges).cells(np.array([0.0, 5e-324, 1e-323, -1.0, 1.0]))
    )


def test_without_edges_only_missing_values_are_told_apart() -> None:
    found = NumericBins.of(np.empty(0)).cells(np.array([np.nan, 1.0, -np.inf]), 5)

    np.testing.assert_array_equal([5, 8, 8], found)


def test_values_beyond_the_ends_count_in_the_end_bins_where_asked() -> None:
    bins = NumericBins.of(np.array([0.0, 0.5, 1.0]))

    np.testing.assert_array_equal([0, 1, 1, 1, -1], bins.inside(np.array([-3.0, 0.5, 1.0, np.inf, np.nan])))
