"""Rows that the model failed on: counted apart from predictions, while their inputs count as those of other rows do."""

from __future__ import annotations

import numpy as np

from miops_collector.binning.column_terms import add_columns
from miops_collector.binning.delta import PaneDelta
from miops_collector.binning.grouping import group_by_pane
from miops_collector.binning.plan import plan_of
from miops_collector.binning.terms import Terms
from miops_collector.columns import Rows
from miops_collector.layout import Layout

__all__ = ["summarise_failures"]


def summarise_failures(layout: Layout, rows: Rows, pane_length: int) -> PaneDelta:
    """What rows that the model failed on add to their panes: their number, and what is known of their inputs.

    There is at least one row. Nothing is added to what is said of predictions, scores, durations or truth. Rows of
    which no input was recorded say nothing about missing ones.
    """
    terms = Terms(layout, group_by_pane(rows.time, pane_length), rows.weight)
    terms.total(layout.blocks["failures"].start, np.stack((np.ones(len(rows)), terms.weights)))
    seen = np.ones(len(rows), np.bool_) if rows.seen is None else rows.seen
    return terms.delta(add_columns(terms, plan_of(layout), rows, inputs_of=seen))
