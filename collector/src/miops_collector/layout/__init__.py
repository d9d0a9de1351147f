"""Which cell of a pane means what: the columns, edges, classes and groups frozen with a reference.

A pane of one model version is one flat vector of sums; a :class:`Layout` says where each summary lies in it.
So adding panes is adding vectors, and a window is the sum of its panes.
"""

from __future__ import annotations

from miops_collector.layout.column import ColumnLayout, Role
from miops_collector.layout.group_axis import GroupAxis
from miops_collector.layout.layout import (
    CLASS_SCORE_BINS,
    CONFIDENCE_BINS,
    GROUP_CLASS_ENDS,
    MOST_GROUP_CLASSES,
    Block,
    Layout,
)
from miops_collector.layout.summaries import Summaries

__all__ = [
    "CLASS_SCORE_BINS",
    "CONFIDENCE_BINS",
    "GROUP_CLASS_ENDS",
    "MOST_GROUP_CLASSES",
    "Block",
    "ColumnLayout",
    "GroupAxis",
    "Layout",
    "Role",
    "Summaries",
]
