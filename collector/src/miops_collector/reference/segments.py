"""Segments that losses are kept by: of every column, and of the pairs of those that tell most about errors.

A model has at most 32 · 8 + 15 · 64 = 1,216 segments, of two sums each (of numbers three): at most 29 kB in a pane.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from miops_collector.binning.decision_terms import part_codes
from miops_collector.binning.plan import part_table
from miops_collector.columns import Column, FloatArray, Rows
from miops_collector.layout import ColumnLayout, GroupAxis
from miops_collector.reference.axes import Part, axis_of, part_of

__all__ = ["segment_axes"]

MOST_COLUMNS = 32
MOST_PARTS = 8
PAIRED = 6
"""Columns of which every pair is kept."""


def segment_axes(columns: Sequence[ColumnLayout], rows: Rows, losses: FloatArray) -> tuple[GroupAxis, ...]:
    """One axis for each of these columns that has at least two parts, then the pairs.

    Where there are too many columns, and to choose those that are paired, columns come first whose parts differ most in
    the losses ``(n,)`` of the reference; without truth there, in the order they have.
    """
    parts = {c.name: part_of(c, rows.columns[c.source], rows.weight, most=MOST_PARTS) for c in columns}
    singles = {name: axis_of([name], [part]) for name, part in parts.items() if part}
    singles = {name: axis for name, axis in singles.items() if len(axis.names) > 1}
    found = {c.name: rows.columns[c.source] for c in columns}
    told = {name: _told(found[name], parts[name], losses, rows.weight) for name in singles}
    chosen = sorted(singles, key=lambda name: -told[name])[:MOST_COLUMNS]
    pairs = [axis_of([a, b], [parts[a], parts[b]]) for a, b in combinations(chosen[:PAIRED], 2)]
    return (*(axis for name, axis in singles.items() if name in chosen), *pairs)


def _told(column: Column, part: Part, losses: FloatArray, weights: FloatArray) -> float:
    """Variance of losses between the parts; 0 without truth."""
    codes = part_codes(column, part_table(part))
    known = (codes >= 0) & np.isfinite(losses)
    if not known.any():
        return 0.0
    weight = np.bincount(codes[known], weights[known])
    total = np.bincount(codes[known], weights[known] * losses[known])
    mean = np.divide(total, weight, out=np.zeros_like(total), where=weight > 0)
    return float(np.average((mean - total.sum() / weight.sum()) ** 2, weights=weight))
