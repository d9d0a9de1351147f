"""What a layout means for binning, worked out once: lookup tables of numbers, indices of words."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from miops_collector.binning.numeric import NumericBins
from miops_collector.binning.words import Words
from miops_collector.layout import CLASS_SCORE_BINS, CONFIDENCE_BINS, ColumnLayout, GroupAxis, Layout

__all__ = ["Plan", "part_table", "plan_of"]

CONFIDENCES = NumericBins.of(np.linspace(0.0, 1.0, CONFIDENCE_BINS + 1))
CLASS_SCORES = NumericBins.of(np.linspace(0.0, 1.0, CLASS_SCORE_BINS + 1))
KEPT = 512
"""Layouts whose plans are kept: about 4 kB for each numeric column."""


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """Tables in the order of the layout's columns and axes."""

    columns: tuple[NumericBins | Words, ...]
    classes: Words
    scores: NumericBins
    parts: tuple[tuple[NumericBins | Words, ...], ...]
    segments: dict[str, NumericBins | Words]


@dataclass(frozen=True, slots=True)
class _Key:
    id: str
    layout: Layout = field(compare=False)


def plan_of(layout: Layout) -> Plan:
    return _plan(_Key(layout.id, layout))


@lru_cache(maxsize=KEPT)
def _plan(key: _Key) -> Plan:
    layout = key.layout
    return Plan(
        tuple(_table(column) for column in layout.columns),
        Words.of_classes(layout.classes),
        NumericBins.of(np.asarray(layout.score_edges, np.float64)),
        tuple(_parts(axis) for axis in layout.axes),
        {name: table for axis in layout.segments for name, table in zip(axis.columns, _parts(axis), strict=True)},
    )


def _table(column: ColumnLayout) -> NumericBins | Words:
    if column.kind == "numeric":
        return NumericBins.of(np.asarray(column.edges, np.float64))
    make = Words.of_classes if column.role == "prediction" else Words.of_categories
    return make(column.categories, pooled=column.pooled, open_pool=column.open_pool)


def _parts(axis: GroupAxis) -> tuple[NumericBins | Words, ...]:
    return tuple(part_table(part) for part in axis.parts)


def part_table(part: tuple[str, ...] | tuple[float, ...]) -> NumericBins | Words:
    """What finds the group of a value in one column: see ``GroupAxis.parts``."""
    if part and isinstance(part[0], str):
        return Words.of_categories([str(p) for p in part])
    return NumericBins.of(np.asarray(part, np.float64))
