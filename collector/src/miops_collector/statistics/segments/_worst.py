"""The worst segments of all axes: significantly worse, large enough, and each telling something of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from miops_collector.statistics._ratio import ratio
from miops_collector.statistics.fairness import adjusted
from miops_collector.statistics.segments._means import Means, inside
from miops_collector.summary import FloatArray, Segments

__all__ = ["Found", "worst"]

FALSE_SHARE = 0.05
"""Expected share of false ones among the segments that are named, at most."""
OWN_ERRORS = 2.0
"""A pair is named only if it is worse than both of its columns' segments by so many standard errors."""

EXPLAINED = 0.75
"""Part of the value of a segment from which the pair inside it is named instead."""


@dataclass(frozen=True, slots=True)
class Found:
    """One segment: number of its axis, its place there, how it is called, and its adjusted p-value."""

    axis: int
    place: int
    name: str
    p_value: float


def worst(
    axes: Sequence[Segments], values: Sequence[FloatArray], errors: Sequence[FloatArray], *,
    minimum_rows: float, most: int,
) -> tuple[Found, ...]:  # fmt: skip
    """The segments of the largest values that are above 0 by more than chance, at most so many of them.

    A one-sided test of each value by its standard error, and the procedure of Benjamini and Hochberg over all segments
    of all axes that have at least ``minimum_rows`` rows, here and outside.

    Parameters
    ----------
    axes
        Single columns and pairs of them; every column of a pair is there as a single one too.
    values, errors
        Of a statistic, ``(g,)`` for each axis.
    """
    if not axes:
        return ()
    rows = np.concatenate([axis.sums[:, 0] for axis in axes])
    sizes = np.array([len(axis.names) for axis in axes])
    firsts = np.cumsum(sizes) - sizes
    others = np.repeat(np.add.reduceat(rows, firsts), sizes) - rows
    z = ratio(np.concatenate(values), np.concatenate(errors))
    tests = np.where((rows >= minimum_rows) & (others >= minimum_rows), ndtr(-z), np.nan)
    p = np.split(adjusted(tests), firsts[1:])
    singles = {axis.columns[0]: (axis.names, inside(axis)) for axis in axes if len(axis.columns) == 1}
    named = [
        (float(values[i][place]), Found(i, int(place), _name(axis, int(place), singles), float(p[i][place])))
        for i, axis in enumerate(axes)
        for place in np.flatnonzero(p[i] <= FALSE_SHARE)
        if _tells(axis, int(place), singles)
    ]
    ranked = sorted(named, key=lambda one: -one[0])
    return tuple(found for value, found in ranked if not _explained(found, value, ranked, axes))[:most]


def _explained(found: Found, value: float, named: Sequence[tuple[float, Found]], axes: Sequence[Segments]) -> bool:
    """Whether a segment of one column is as bad as it is because of one of a pair that is named too."""
    if len(axes[found.axis].columns) > 1:
        return False
    (column,) = axes[found.axis].columns
    return any(
        of_pair >= EXPLAINED * value
        and (column, found.place) in zip(axes[pair.axis].columns, _places(axes[pair.axis], pair.place), strict=True)
        for of_pair, pair in named
        if len(axes[pair.axis].columns) > 1
    )


def _places(axis: Segments, place: int) -> list[int]:
    return [int(part) for part in np.unravel_index(place, axis.sizes)]


def _name(axis: Segments, place: int, singles: Mapping[str, tuple[tuple[str, ...], Means]]) -> str:
    parts = zip(axis.columns, _places(axis, place), strict=True)
    return " & ".join(f"{column}={singles[column][0][part]}" for column, part in parts)


def _tells(axis: Segments, place: int, singles: Mapping[str, tuple[tuple[str, ...], Means]]) -> bool:
    """Whether a pair is more than one of its columns seen through the other."""
    if len(axis.columns) == 1:
        return True
    here = inside(axis)
    for column, part in zip(axis.columns, _places(axis, place), strict=True):
        wider = singles[column][1]
        error = float(np.sqrt(np.nan_to_num(here.variance[place]) + np.nan_to_num(wider.variance[part])))
        if not here.mean[place] > wider.mean[part] + OWN_ERRORS * error:
            return False
    return True
