"""Edges of a numeric column: bins of about equal mass of the reference, ties kept together."""

from __future__ import annotations

from math import inf, nextafter

import numpy as np
from numpy.typing import NDArray

from miops_collector.columns import FloatArray

__all__ = ["equal_mass_groups", "lone_values", "quantile_edges"]


def quantile_edges(values: FloatArray, weights: FloatArray, bins: int) -> FloatArray:
    """``(b + 1,)`` rising edges of ``b <= bins`` bins of about equal mass; empty without values.

    The outer edges are exactly the smallest and the largest value. Inner edges lie half-way between two neighbouring
    distinct values, so every value has one bin, whichever way it is rounded, and a value that holds more than its
    share of the mass has a bin to itself. With no more distinct values than bins each has its own. A constant column
    has one bin, from the value to the next number above it.

    Parameters
    ----------
    values, weights
        ``(n,)`` finite values with their weights.

    Examples
    --------
    >>> quantile_edges(np.array([1.0, 1.0, 2.0, 4.0]), np.ones(4), 128)
    array([1. , 1.5, 3. , 4. ])
    """
    if not len(values):
        return np.empty(0)
    distinct, place = np.unique(values, return_inverse=True)
    mass = np.bincount(place.ravel(), weights=weights, minlength=len(distinct)).astype(np.float64)
    ends = _boundaries(mass, bins)
    inner = _between(distinct[ends - 1], distinct[ends])
    edges = np.unique(np.concatenate((distinct[:1], inner, distinct[-1:])))
    return edges if len(edges) > 1 else _around(float(edges[0]))


def lone_values(values: FloatArray, edges: FloatArray) -> FloatArray:
    """``(m,)`` rising values that have a bin to themselves: whole numbers, levels, what many rows are tied at.

    Examples
    --------
    >>> lone_values(np.array([0.0, 0.0, 1.0, 3.0, 3.5]), np.array([0.0, 0.5, 2.0, 3.5]))
    array([0., 1.])
    """
    distinct = np.unique(values)
    bins = np.clip(np.searchsorted(edges, distinct, side="right") - 1, 0, len(edges) - 2)
    alone = np.bincount(bins)[bins] == 1
    return np.asarray(distinct[alone], np.float64)


def equal_mass_groups(mass: FloatArray, groups: int) -> NDArray[np.int64]:
    """``(b,)`` group of each bin: 0, 0, 1 … rising, at most ``groups`` of about equal mass.

    Examples
    --------
    >>> equal_mass_groups(np.array([1.0, 1.0, 1.0, 3.0]), 2)
    array([0, 0, 0, 1])
    """
    first = np.zeros(len(mass), np.int64)
    first[_boundaries(mass, groups)] = 1
    return np.cumsum(first)


def _boundaries(mass: FloatArray, parts: int) -> NDArray[np.int64]:
    """Where parts but the first begin: the boundaries between items that are nearest to equal shares of the mass."""
    if len(mass) <= parts:
        return np.arange(1, len(mass))
    before = np.cumsum(mass)[:-1]
    wanted = np.arange(1, parts) / parts * mass.sum()
    right = np.clip(np.searchsorted(before, wanted), 1, len(before) - 1)
    nearest = np.where(wanted - before[right - 1] <= before[right] - wanted, right - 1, right)
    return np.unique(nearest) + 1


def _between(low: FloatArray, high: FloatArray) -> FloatArray:
    """A number above ``low``, at most ``high``, half-way if there is room."""
    middle = low * 0.5 + high * 0.5
    return np.where(middle > low, middle, high)


def _around(value: float) -> FloatArray:
    above = nextafter(value, inf)
    return np.array([value, above] if above < inf else [nextafter(value, -inf), value])
