"""Blocks of a classifier that need no truth: confidence, scores by decision, decisions by group."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from miops_collector.binning.column_terms import column_of
from miops_collector.binning.decisions import Decisions
from miops_collector.binning.numeric import NumericBins
from miops_collector.binning.plan import CONFIDENCES, Plan
from miops_collector.binning.terms import Terms
from miops_collector.binning.words import Words
from miops_collector.columns import Column, FloatArray, Numbers, Rows
from miops_collector.layout import Layout

__all__ = [
    "LARGEST",
    "add_confidence",
    "add_group_predictions",
    "add_groups",
    "add_scores",
    "group_score_places",
    "groups_of",
]

LARGEST = 1e75
"""Of a larger number powers overflow, and one such row would spoil the sums for good."""


def add_confidence(terms: Terms, decisions: Decisions) -> None:
    """``confidence.sums`` and the first column of ``confidence.bins``."""
    blocks = terms.layout.blocks
    bins = CONFIDENCES.inside(decisions.confidence)
    terms.count(np.where(bins >= 0, blocks["confidence.bins"].start + 4 * bins, -1))
    known = bins >= 0
    weight = np.where(known, terms.weights, 0.0)
    confidence = np.where(known, decisions.confidence, 0.0)
    entropy = np.where(known, _entropy(decisions), 0.0)
    low = known & (confidence < terms.layout.low_confidence)
    parts = (weight, weight * confidence, weight * confidence**2, weight * entropy, weight * low)
    terms.total(blocks["confidence.sums"].start, np.stack(parts))


def add_scores(terms: Terms, plan: Plan, decisions: Decisions) -> None:
    """``scores``, where the layout has them."""
    block = terms.layout.blocks.get("scores")
    if block is None:
        return
    bins = plan.scores.inside(decisions.score)
    cells = block.start + 2 * bins + (decisions.predicted == terms.layout.positive)
    terms.count(np.where((bins >= 0) & (decisions.predicted >= 0), cells, -1))


def add_groups(terms: Terms, plan: Plan, rows: Rows, decisions: Decisions) -> None:
    """``groups.0`` and on, and ``scores.groups.0`` and on where the layout has them."""
    for i, groups in enumerate(groups_of(terms, plan, rows)):
        block = terms.layout.blocks[f"groups.{i}"]
        cells = block.start + groups * block.shape[1] + decisions.predicted
        terms.count(np.where((groups >= 0) & (decisions.predicted >= 0), cells, -1))
        place = group_score_places(terms.layout, plan, decisions, f"scores.groups.{i}", groups)
        if place is not None:
            terms.count(np.where(place >= 0, terms.layout.blocks[f"scores.groups.{i}"].start + place, -1))


def add_group_predictions(terms: Terms, plan: Plan, rows: Rows) -> None:
    """``predictions.groups.0`` and on, of rows whose prediction is a number of at most :data:`LARGEST`."""
    layout = terms.layout
    if not layout.axes or not isinstance(rows.value, Numbers):
        return
    place = next(i for i, column in enumerate(layout.columns) if column.role == "prediction")
    table, column = plan.columns[place], layout.columns[place]
    assert isinstance(table, NumericBins)
    known = np.abs(rows.value.values) <= LARGEST
    off = np.where(known, rows.value.values, column.center) - column.center
    coarse = np.concatenate(([0], np.asarray(column.groups, np.int64) + 1, [max(column.groups, default=-1) + 2]))
    bins = coarse[np.clip(table.cells(rows.value.values) - 2, 0, len(coarse) - 1)]
    for i, groups in enumerate(groups_of(terms, plan, rows)):
        block = layout.blocks[f"predictions.groups.{i}"]
        first = np.where(known & (groups >= 0), block.start + groups * block.shape[1], -1)
        terms.count(first)
        terms.add(np.where(first >= 0, first + 1, -1), terms.weights * off)
        terms.add(np.where(first >= 0, first + 2, -1), terms.weights * off**2)
        terms.count(np.where(first >= 0, first + 3 + bins, -1))


def group_score_places(
    layout: Layout, plan: Plan, decisions: Decisions, name: str, groups: NDArray[np.int64]
) -> NDArray[np.int64] | None:
    """``(n,)`` place of each row among group, coarse bin of the score and decision, -1 for none; ``None`` without."""
    block = layout.blocks.get(name)
    if block is None:
        return None
    fine = plan.scores.inside(decisions.score).astype(np.int64)
    bins = fine * block.shape[1] // plan.scores.count
    place = 2 * (groups * block.shape[1] + bins) + (decisions.predicted == layout.positive)
    return np.where((groups >= 0) & (fine >= 0) & (decisions.predicted >= 0), place, -1)


def groups_of(terms: Terms, plan: Plan, rows: Rows) -> list[NDArray[np.int64]]:
    """``(n,)`` group of each of the rows of ``terms`` on each axis, -1 for none; found once."""
    if terms.groups is None:
        terms.groups = _groups_of(terms.layout, plan, rows)
    return terms.groups


def _groups_of(layout: Layout, plan: Plan, rows: Rows) -> list[NDArray[np.int64]]:
    columns = {column.name: column for column in layout.columns}
    found: list[NDArray[np.int64]] = []
    for axis, parts in zip(layout.axes, plan.parts, strict=True):
        groups = np.zeros(len(rows), np.int64)
        for name, part in zip(axis.columns, parts, strict=True):
            codes = part_codes(column_of(rows, columns[name]), part)
            groups = np.where((groups >= 0) & (codes >= 0), groups * part_size(part) + codes, -1)
        found.append(groups)
    return found


def part_size(part: NumericBins | Words) -> int:
    """How many groups a column has."""
    return part.count if isinstance(part, NumericBins) else len(part.index)


def part_codes(column: Column, part: NumericBins | Words) -> NDArray[np.int32]:
    """``(n,)`` group of each value, negative for none."""
    if isinstance(part, Words):
        return part.codes(column)
    return part.inside(column.values) if isinstance(column, Numbers) else np.full(len(column.codes), -1, np.int32)


def _entropy(decisions: Decisions) -> FloatArray:
    """In nats, over the class scores; where they are unknown, over the confidence and the rest, which is never more."""
    p = decisions.confidence
    entropy = _plogp(p) + _plogp(1.0 - p)
    scores = decisions.class_scores
    if scores is None:
        return entropy
    complete = ((scores >= 0.0) & (scores <= 1.0)).all(axis=1)
    return np.where(complete, _plogp(scores).sum(axis=1), entropy)


def _plogp(p: FloatArray) -> FloatArray:
    inside = np.where((p > 0.0) & (p <= 1.0), p, 1.0)
    return -inside * np.log(inside)
