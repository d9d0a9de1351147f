"""Edges of bins of equal mass, whatever ties the values have."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from miops_collector.reference.edges import equal_mass_groups, quantile_edges

finite = st.floats(allow_nan=False, allow_infinity=False)


def edges_of(values: np.ndarray | list[float], bins: int) -> np.ndarray:
    values = np.asarray(values, np.float64)
    return quantile_edges(values, np.ones(len(values)), bins)


@settings(deadline=None, max_examples=200)
@given(
    values=st.lists(st.one_of(finite, st.integers(-5, 5).map(float)), min_size=1, max_size=80), bins=st.integers(1, 20)
)
def test_edges_rise_and_hold_every_value(values: list[float], bins: int) -> None:
    edges = edges_of(values, bins)

    assert (edges[1:] > edges[:-1]).all(), "compared, not subtracted: the span may be more than a number can be"
    assert np.isfinite(edges).all()
    assert 2 <= len(edges) <= bins + 1
    assert edges[0] <= min(values)
    assert edges[-1] >= max(values)


@settings(deadline=None, max_examples=100)
@given(values=st.lists(finite, min_size=2, max_size=80).filter(lambda v: min(v) < max(v)), bins=st.integers(1, 20))
def test_outer_edges_are_the_smallest_and_the_largest_value(values: list[float], bins: int) -> None:
    edges = edges_of(values, bins)

    assert (min(values), max(values)) == (edges[0], edges[-1])


def test_few_distinct_values_have_a_bin_each() -> None:
    edges = edges_of([1, 1, 1, 2, 5, 5, 9], 128)

    counts, _ = np.histogram([1, 2, 5, 9], edges)
    assert counts.tolist() == [1, 1, 1, 1]
    assert edges.tolist() == [1, 1.5, 3.5, 7, 9]


def test_bins_have_about_the_same_mass() -> None:
    values = np.random.default_rng(0).lognormal(size=10_000)

    counts, _ = np.histogram(values, edges_of(values, 128))

    assert len(counts) == 128
    assert 77 <= counts.min() <= counts.max() <= 80


def test_a_value_with_much_of_the_mass_has_a_bin_to_itself() -> None:
    rng = np.random.default_rng(0)
    values = np.concatenate((np.zeros(4000), rng.exponential(size=6000), np.full(3000, 50.0)))

    edges = edges_of(values, 20)

    counts, _ = np.histogram(values, edges)
    assert counts[0] == 4000
    assert counts[-1] == 3000
    assert len(counts) < 20


def test_weights_count_as_rows() -> None:
    rng = np.random.default_rng(0)
    values, weights = rng.normal(size=500), rng.integers(1, 4, 500)

    weighted = quantile_edges(values, weights.astype(np.float64), 10)

    np.testing.assert_array_equal(edges_of(np.repeat(values, weights), 10), weighted)


@pytest.mark.parametrize("value", [0.0, -3.5, 1e300, sys.float_info.max, -sys.float_info.max])
def test_a_constant_column_has_one_thin_bin(value: float) -> None:
    edges = edges_of([value] * 5, 128)

    assert len(edges) == 2
    assert value in edges
    assert edges[0] < edges[1]


def test_no_values_have_no_edges() -> None:
    assert len(edges_of([], 128)) == 0


@settings(deadline=None, max_examples=100)
@given(mass=st.lists(st.integers(1, 100).map(float), min_size=1, max_size=128), groups=st.integers(1, 12))
def test_groups_rise_from_zero_without_a_gap(mass: list[float], groups: int) -> None:
    found = equal_mass_groups(np.array(mass), groups)

    assert found[0] == 0
    assert set(np.diff(found).tolist()) <= {0, 1}
    assert found[-1] < groups


def test_groups_have_about_the_same_mass() -> None:
    mass = np.random.default_rng(0).uniform(0.5, 1.5, 128)

    sums = np.bincount(equal_mass_groups(mass, 10), weights=mass)

    assert len(sums) == 10
    np.testing.assert_allclose(sums, mass.sum() / 10, atol=1.5)
