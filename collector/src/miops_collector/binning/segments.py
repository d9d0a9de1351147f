"""Losses of labelled rows by segment: the cells in which the worst segments are found."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from miops_collector.binning.column_terms import column_of
from miops_collector.binning.decision_terms import LARGEST, part_codes, part_size
from miops_collector.binning.plan import Plan, plan_of
from miops_collector.binning.terms import Terms
from miops_collector.binning.words import is_told
from miops_collector.columns import FloatArray, Numbers, Rows
from miops_collector.layout import Layout

__all__ = ["add_segments", "losses_of"]


def losses_of(layout: Layout, rows: Rows) -> FloatArray:
    """``(n,)`` how wrong each row is: 0 or 1 for a classifier, the size of the error of a number; ``nan`` unknown.

    A truth that is none of the classes cannot have been predicted: 1.
    """
    unknown = np.full(len(rows), np.nan)
    if rows.truth is None:
        return unknown
    if layout.classes:
        classes = plan_of(layout).classes
        predicted, truth = classes.codes(rows.value), classes.codes(rows.truth)
        return np.where((predicted >= 0) & is_told(truth), (predicted != truth).astype(np.float64), np.nan)
    if not (isinstance(rows.value, Numbers) and isinstance(rows.truth, Numbers)):
        return unknown
    known = (np.abs(rows.value.values) <= LARGEST) & (np.abs(rows.truth.values) <= LARGEST)
    np.subtract(rows.value.values, rows.truth.values, out=unknown, where=known)
    return np.asarray(np.abs(unknown))


def add_segments(terms: Terms, plan: Plan, rows: Rows) -> None:
    """``labelled.segments.0`` and on: right and wrong rows of a classifier, else weight, Σloss and Σloss²."""
    layout = terms.layout
    if not layout.segments:
        return
    losses, codes = losses_of(layout, rows), _codes(plan, rows, layout)
    known = np.isfinite(losses)
    for i, axis in enumerate(layout.segments):
        place = codes[axis.columns[0]]
        for name in axis.columns[1:]:
            both = (place >= 0) & (codes[name] >= 0)
            place = np.where(both, place * part_size(plan.segments[name]) + codes[name], -1)
        block = layout.blocks[f"labelled.segments.{i}"]
        first = np.where(known & (place >= 0), block.start + block.shape[1] * place, -1).astype(np.int32)
        if layout.classes:
            terms.count(np.where(first >= 0, first + (losses > 0.0), -1).astype(np.int32))
        else:
            _add_losses(terms, first, losses)


def _codes(plan: Plan, rows: Rows, layout: Layout) -> dict[str, NDArray[np.int64]]:
    """Part of each row in each column, worked out once for all the axes that need it."""
    columns = {column.name: column for column in layout.columns}
    found = ((name, part_codes(column_of(rows, columns[name]), table)) for name, table in plan.segments.items())
    return {name: codes.astype(np.int64) for name, codes in found}


def _add_losses(terms: Terms, first: NDArray[np.int32], losses: FloatArray) -> None:
    terms.count(first)
    for place, values in ((1, losses), (2, losses**2)):
        terms.add(
            np.where(first >= 0, first + place, -1).astype(np.int32), np.where(first >= 0, terms.weights * values, 0.0)
        )
