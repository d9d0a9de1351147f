"""The marginal of every monitored column, and the moments of the numeric ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from miops_collector.binning.moments import add_moments
from miops_collector.binning.numeric import NumericBins
from miops_collector.binning.plan import Plan
from miops_collector.binning.terms import Terms
from miops_collector.binning.words import Words
from miops_collector.columns import Column, FloatArray, Numbers, Rows
from miops_collector.layout import ColumnLayout, Layout
from miops_collector.summary import FAULT

__all__ = ["add_columns", "column_of"]

OUTPUTS = ("prediction", "score")
"""Roles of what the model answers."""


def add_columns(terms: Terms, plan: Plan, rows: Rows, *, inputs_of: NDArray[np.bool_] | None = None) -> FloatArray:
    """Count every column's cells and sum its moments; returns the ``(p, numeric, 2)`` extremes.

    With ``inputs_of`` only features and context are counted, and only those of these rows ``(n,)``.
    """
    layout, panes = terms.layout, len(terms.grouping.starts)
    extremes = np.empty((panes, len(layout.numeric), 2))
    sums = np.empty((panes, len(layout.numeric), 3))
    place = 0
    for column, table in zip(layout.columns, plan.columns, strict=True):
        start = layout.blocks[f"column.{column.name}"].start
        found = column_of(rows, column)
        counted = inputs_of
        if inputs_of is not None and column.role in OUTPUTS:
            counted = np.zeros(len(rows), np.bool_)
        if isinstance(table, Words):
            terms.count(_only(counted, table.cells(found, start, len(column.categories))))
            continue
        numbers = _as_numbers(found)
        terms.count(_only(counted, _number_cells(numbers, table, start)))
        add_moments(
            numbers.values, terms.weights, column.center, terms.grouping,
            sums=sums[:, place], extremes=extremes[:, place],
        )  # fmt: skip
        place += 1
    if place:
        terms.totals(_first_moment(layout), sums.reshape(panes, -1))
    return extremes


def column_of(rows: Rows, column: ColumnLayout) -> Column:
    """The rows' values of a column of the layout; one that did not come is missing in every row."""
    if column.role == "prediction":
        return rows.value
    if column.role == "score":
        return Numbers(rows.score)
    found = rows.columns.get(column.source)
    return Numbers(np.full(len(rows), np.nan)) if found is None else found


def _only(counted: NDArray[np.bool_] | None, cells: NDArray[np.int32]) -> NDArray[np.int32]:
    return cells if counted is None else np.where(counted, cells, np.int32(-1))


def _first_moment(layout: Layout) -> int:
    return layout.blocks[f"moments.{layout.numeric[0]}"].start


def _number_cells(numbers: Numbers, table: NumericBins, start: int) -> NDArray[np.int32]:
    cells = table.cells(numbers.values, start)
    if numbers.faults is not None:
        cells[numbers.faults] = start + FAULT
    return cells


def _as_numbers(column: Column) -> Numbers:
    """A text in a numeric column is a fault."""
    if isinstance(column, Numbers):
        return column
    faults = column.codes >= 0
    return Numbers(np.full(len(faults), np.nan), faults if column.faults is None else faults | column.faults)
