"""Rows into panes: everything about rows, what their truth adds later, and repeats that were dropped."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from miops_collector.binning import class_score_terms, decision_terms, truth_terms
from miops_collector.binning.column_terms import add_columns
from miops_collector.binning.decisions import decisions_of
from miops_collector.binning.delta import PaneDelta
from miops_collector.binning.exposure_terms import add_exposures, add_merits
from miops_collector.binning.grouping import Grouping, group_by_pane
from miops_collector.binning.plan import Plan, plan_of
from miops_collector.binning.segments import add_segments
from miops_collector.binning.terms import Terms
from miops_collector.columns import Column, FloatArray, Rows, Texts
from miops_collector.layout import Layout
from miops_collector.summary import LATENCY_BUCKETS, LATENCY_GAMMA, LATENCY_LOWEST_SECONDS

__all__ = ["summarise", "summarise_duplicates", "summarise_truth"]

LABELLED, DUPLICATES = 3, 4
"""Places in ``volume``."""


def summarise(layout: Layout, rows: Rows, pane_length: int) -> PaneDelta:
    """What rows add to their panes, apart from their truth.

    A column of the layout that the rows lack counts as missing, one of another type as a fault. A row whose decision
    is not one of the layout's classes is counted in ``volume``, ``latency`` and the columns only. Negative durations
    are unknown durations.
    """
    if not len(rows):
        return _nothing(layout)
    plan = plan_of(layout)
    terms = Terms(layout, group_by_pane(rows.time, pane_length), rows.weight)
    weight = terms.weights
    terms.total(layout.blocks["volume"].start, np.stack((np.ones_like(weight), weight, weight**2)))
    _add_latency(terms, rows.duration)
    extremes = add_columns(terms, plan, rows)
    if layout.classes:
        decisions = decisions_of(layout, plan, rows)
        decision_terms.add_confidence(terms, decisions)
        decision_terms.add_scores(terms, plan, decisions)
        class_score_terms.add_class_rows(terms, plan, rows, decisions)
        decision_terms.add_groups(terms, plan, rows, decisions)
    else:
        decision_terms.add_group_predictions(terms, plan, rows)
    add_exposures(terms, plan, rows)
    return terms.delta(extremes)


def summarise_truth(layout: Layout, rows: Rows, pane_length: int) -> PaneDelta:
    """What the truth of rows adds to (or, where their sign is -1, takes from) the panes of their predictions.

    Rows without truth add nothing. A truth that is not one of the layout's classes is a wrong prediction: it counts by
    what was predicted, in all and by group, in confidences and in segments, and in no block of scores or losses.
    """
    if not len(rows) or rows.truth is None:
        return _nothing(layout)
    plan = plan_of(layout)
    sign = np.ones(len(rows)) if rows.sign is None else rows.sign
    grouping = group_by_pane(rows.time, pane_length)
    terms = Terms(layout, grouping, rows.weight * sign)
    labelled = np.where(_is_there(rows.truth), sign, 0.0)
    terms.total(layout.blocks["volume"].start + LABELLED, labelled[None, :])
    if layout.classes:
        _add_labelled(terms, plan, rows, rows.truth)
    else:
        truth_terms.add_residuals(terms, plan, rows, rows.truth)
    add_merits(terms, plan, rows, rows.truth)
    add_segments(terms, plan, rows)
    return terms.delta(_no_extremes(layout, grouping))


def summarise_duplicates(layout: Layout, times: NDArray[np.int64], pane_length: int) -> PaneDelta:
    """Count rows that were dropped because their id was stored already, by the event time they came with."""
    if not len(times):
        return _nothing(layout)
    grouping = group_by_pane(np.asarray(times, np.int64), pane_length)
    terms = Terms(layout, grouping, np.ones(len(times)))
    terms.total(layout.blocks["volume"].start + DUPLICATES, np.ones((1, len(times))))
    return terms.delta(_no_extremes(layout, grouping))


def _add_labelled(terms: Terms, plan: Plan, rows: Rows, truth: Column) -> None:
    decisions = decisions_of(terms.layout, plan, rows)
    codes = plan.classes.codes(truth)
    truth_terms.add_confusions(terms, plan, rows, decisions, codes)
    truth_terms.add_truth_confidence(terms, decisions, codes)
    truth_terms.add_losses(terms, plan, rows, decisions, codes)
    truth_terms.add_truth_scores(terms, plan, decisions, codes)
    class_score_terms.add_class_truth(terms, plan, rows, decisions, codes)


def _add_latency(terms: Terms, duration: FloatArray) -> None:
    known = (duration >= 0.0) & (duration < np.inf)
    seconds = np.where(known, duration, 0.0)
    weight = np.where(known, terms.weights, 0.0)
    blocks = terms.layout.blocks
    terms.total(blocks["latency.sums"].start, np.stack((weight, weight * seconds, weight * seconds**2)))
    ratio = np.maximum(seconds, LATENCY_LOWEST_SECONDS) / LATENCY_LOWEST_SECONDS
    bucket = np.minimum(np.log(ratio) / np.log(LATENCY_GAMMA), LATENCY_BUCKETS - 1).astype(np.int32)
    terms.count(np.where(known, blocks["latency.buckets"].start + bucket, -1))


def _is_there(column: Column) -> NDArray[np.bool_]:
    return column.codes >= 0 if isinstance(column, Texts) else ~np.isnan(column.values)


def _no_extremes(layout: Layout, grouping: Grouping) -> FloatArray:
    return np.broadcast_to(layout.empty_extremes(), (len(grouping.starts), len(layout.numeric), 2))


def _nothing(layout: Layout) -> PaneDelta:
    none = np.empty(0, np.int64)
    return PaneDelta(
        none, np.empty((0, len(layout.numeric), 2)), np.zeros(1, np.int64), np.empty(0, np.int32), np.empty(0)
    )
