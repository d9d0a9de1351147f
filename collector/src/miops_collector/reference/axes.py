"""Groups that fairness compares: of each sensitive column, and of all of them together."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise, product
from math import prod
from typing import TypeAlias

import numpy as np

from miops_collector.columns import Column, FloatArray, Numbers
from miops_collector.layout import ColumnLayout, GroupAxis
from miops_collector.reference.edges import quantile_edges

__all__ = ["Part", "axis_of", "group_axes", "part_of"]

Part: TypeAlias = tuple[str, ...] | tuple[float, ...]
MOST_GROUPS = 64
"""Groups of one axis."""
MOST_CELLS = 250_000
"""Cells of one axis, groups × classes²: an axis that takes more is left out."""
NUMERIC_GROUPS = 4
FEW = 8
"""Numbers with at most this many distinct values are a group each."""


def group_axes(
    columns: Sequence[ColumnLayout], values: Sequence[Column], weights: FloatArray, classes: int
) -> tuple[GroupAxis, ...]:
    """One axis for each of these sensitive columns, and their intersection if there are several.

    Texts are grouped by category, numbers by quartile of the reference. No axis has more than 64 groups: of a single
    column the rarest categories are left out; of an intersection, those of the column with most categories, one by
    one, until 64 are left. Rows of a category that is left out belong to no group of that axis.
    """
    parts = [part_of(column, found, weights) for column, found in zip(columns, values, strict=True)]
    kept = [(column.name, part) for column, part in zip(columns, parts, strict=True) if _size(part) > 0]
    axes = [axis_of([name], [part]) for name, part in kept]
    if len(kept) > 1:
        shortened = _shortened([part for _, part in kept])
        axes += [axis_of([name for name, _ in kept], shortened)] if shortened else []
    return tuple(axis for axis in axes if len(axis.names) * classes * classes <= MOST_CELLS)


def part_of(column: ColumnLayout, values: Column, weights: FloatArray, *, most: int = MOST_GROUPS) -> Part:
    """Groups of one column, the most frequent categories of a text; empty if it has none."""
    if column.kind == "categorical":
        named = column.categories[:-1] if column.pooled or column.open_pool else column.categories
        return named[:most]
    if not isinstance(values, Numbers):
        return ()
    finite = np.isfinite(values.values)
    return _numeric_part(values.values[finite], weights[finite])


def _numeric_part(values: FloatArray, weights: FloatArray) -> tuple[float, ...]:
    """Edges: values where groups begin, and the largest value."""
    distinct = np.unique(values)
    if not len(distinct):
        return ()
    if len(distinct) <= FEW:
        return (*distinct.tolist(), float(distinct[-1]))
    edges = quantile_edges(values, weights, NUMERIC_GROUPS)
    begins = distinct[np.searchsorted(distinct, edges[:-1])]
    return (*np.unique(begins).tolist(), float(distinct[-1]))


def _size(part: Part) -> int:
    return len(part) if part and isinstance(part[0], str) else max(len(part) - 1, 0)


def _shortened(parts: Sequence[Part]) -> list[Part]:
    """Without their rarest categories until the groups are few enough; empty if that takes the last ones."""
    parts = list(parts)
    while prod(_size(part) for part in parts) > MOST_GROUPS:
        texts = [i for i, part in enumerate(parts) if isinstance(part[0], str) and len(part) > 1]
        if not texts:
            return []
        longest = max(texts, key=lambda i: len(parts[i]))
        parts[longest] = parts[longest][:-1]
    return parts


def axis_of(columns: Sequence[str], parts: Sequence[Part]) -> GroupAxis:
    """The groups of these columns together."""
    names = tuple(" & ".join(combination) for combination in product(*(_names(part) for part in parts)))
    return GroupAxis(tuple(columns), tuple(parts), names)


def _names(part: Part) -> list[str]:
    """Of numeric groups their smallest value and their largest: ``18-34`` of whole numbers, else ``0.1 to 0.25``.

    The second kind ends where the next group begins. Values beyond the reference belong to the outer groups.
    """
    words = [p for p in part if isinstance(p, str)]
    if words:
        return words
    edges = [float(p) for p in part]
    whole = all(edge == int(edge) for edge in edges)
    last = len(edges) - 2
    return [_name(low, high, last=i == last, whole=whole) for i, (low, high) in enumerate(pairwise(edges))]


def _name(low: float, high: float, *, last: bool, whole: bool) -> str:
    end = high if last or not whole else high - 1
    if low == end:
        return f"{low:.6g}"
    return f"{low:.6g}-{end:.6g}" if whole and low >= 0 else f"{low:.4g} to {end:.4g}"
