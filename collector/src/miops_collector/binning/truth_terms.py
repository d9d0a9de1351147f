"""Blocks of labelled rows: what was decided against what turned out to be true."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from miops_collector.binning.decision_terms import LARGEST, group_score_places, groups_of
from miops_collector.binning.decisions import Decisions
from miops_collector.binning.numeric import BELOW, NumericBins
from miops_collector.binning.plan import CONFIDENCES, Plan
from miops_collector.binning.terms import Terms
from miops_collector.binning.words import is_told
from miops_collector.columns import Column, FloatArray, Numbers, Rows
from miops_collector.layout import Layout
from miops_collector.summary import error_terms

__all__ = [
    "add_confusions",
    "add_losses",
    "add_residuals",
    "add_truth_confidence",
    "add_truth_scores",
]

Codes = NDArray[np.int32]
CLIP = 1e-15


def add_confusions(terms: Terms, plan: Plan, rows: Rows, decisions: Decisions, truth: Codes) -> None:
    """``labelled.confusion`` and ``.unknown``, ``labelled.groups.0`` and on, and the scores of groups."""
    blocks, k = terms.layout.blocks, len(terms.layout.classes)
    known = (truth >= 0) & (decisions.predicted >= 0)
    pairs = truth.astype(np.int64) * k + decisions.predicted
    terms.count(np.where(known, blocks["labelled.confusion"].start + pairs, -1))
    unknown = is_told(truth) & (truth < 0) & (decisions.predicted >= 0)
    terms.count(np.where(unknown, blocks["labelled.unknown"].start + decisions.predicted, -1))
    for i, groups in enumerate(groups_of(terms, plan, rows)):
        cells = blocks[f"labelled.groups.{i}"].start + groups * k * k + pairs
        terms.count(np.where(known & (groups >= 0), cells, -1))
        cells = blocks[f"labelled.unknown.groups.{i}"].start + groups * k + decisions.predicted
        terms.count(np.where(unknown & (groups >= 0), cells, -1))
        name = f"labelled.scores.groups.{i}"
        place = group_score_places(terms.layout, plan, decisions, name, groups)
        if place is not None:
            cells = blocks[name].start + 2 * place + (truth == terms.layout.positive)
            terms.count(np.where(known & (place >= 0), cells, -1))


def add_truth_scores(terms: Terms, plan: Plan, decisions: Decisions, truth: Codes) -> None:
    """``labelled.scores``, where the layout has them."""
    block, positive = terms.layout.blocks.get("labelled.scores"), terms.layout.positive
    if block is None:
        return
    bins = plan.scores.inside(decisions.score)
    cells = block.start + 4 * bins + 2 * (decisions.predicted == positive) + (truth == positive)
    terms.count(np.where((bins >= 0) & (decisions.predicted >= 0) & (truth >= 0), cells, -1))


def add_truth_confidence(terms: Terms, decisions: Decisions, truth: Codes) -> None:
    """Columns 1 to 3 of ``confidence.bins``: labelled rows, correct rows, Σconfidence; an unknown truth is not met."""
    bins = CONFIDENCES.inside(decisions.confidence)
    known = (bins >= 0) & is_told(truth)
    start = terms.layout.blocks["confidence.bins"].start + 4 * bins
    terms.count(np.where(known, start + 1, -1))
    terms.count(np.where(known & (truth == decisions.predicted), start + 2, -1))
    terms.add(np.where(known, start + 3, -1), terms.weights * decisions.confidence)


def add_losses(terms: Terms, plan: Plan, rows: Rows, decisions: Decisions, truth: Codes) -> None:
    """``labelled.losses`` and ``labelled.losses.groups.0`` and on, of rows whose scores are probabilities."""
    log_loss, brier = _losses(terms.layout, decisions, truth)
    known = np.isfinite(brier) & (truth >= 0) & (decisions.predicted >= 0) & terms.layout.probabilities
    weight = np.where(known, terms.weights, 0.0)
    log_loss, brier = np.where(known, log_loss, 0.0), np.where(known, brier, 0.0)
    parts = (weight, weight * log_loss, weight * log_loss**2, weight * brier, weight * brier**2)
    terms.total(terms.layout.blocks["labelled.losses"].start, np.stack(parts))
    if terms.layout.axes:
        off = np.where(known, decisions.score - (truth == terms.layout.positive), 0.0)
        off = off if terms.layout.positive >= 0 else np.zeros_like(weight)
        _add_by_group(terms, plan, rows, "labelled.losses.groups", known, (*parts, weight * off, weight * off**2))


def _add_by_group(
    terms: Terms, plan: Plan, rows: Rows, name: str, known: NDArray[np.bool_], parts: Sequence[FloatArray] | FloatArray
) -> None:
    """Values of the rows that are known, already weighted, to the first cells of their groups' rows of a block."""
    for i, groups in enumerate(groups_of(terms, plan, rows)):
        block = terms.layout.blocks[f"{name}.{i}"]
        _add_parts(terms, np.where(known & (groups >= 0), block.start + groups * block.shape[1], -1), parts)


def _add_parts(terms: Terms, first: NDArray[np.int64], parts: Sequence[FloatArray] | FloatArray) -> None:
    """Of each row one value to its first cell (-1: to none), one to the next, and so on."""
    cells = first.astype(np.int32)
    none = cells < 0
    for place, part in enumerate(parts):
        terms.add(np.where(none, np.int32(-1), cells + np.int32(place)), part)


def _losses(layout: Layout, decisions: Decisions, truth: Codes) -> tuple[FloatArray, FloatArray]:
    """Log loss and Brier loss of each row, ``nan`` where its scores do not give them."""
    if layout.positive >= 0:
        p = np.where((decisions.score >= 0.0) & (decisions.score <= 1.0), decisions.score, np.nan)
        happened = truth == layout.positive
        return _log_loss(np.where(happened, p, 1.0 - p)), (p - happened) ** 2
    scores = decisions.class_scores
    if scores is None:
        nothing = np.full(len(truth), np.nan)
        return nothing, nothing
    scores = np.where(((scores >= 0.0) & (scores <= 1.0)).all(axis=1, keepdims=True), scores, np.nan)
    of_truth = np.take_along_axis(scores, np.maximum(truth, 0)[:, None], axis=1)[:, 0]
    happened = truth[:, None] == np.arange(scores.shape[1])
    return _log_loss(of_truth), ((scores - happened) ** 2).sum(axis=1)


def _log_loss(p: FloatArray) -> FloatArray:
    return -np.log(np.clip(p, CLIP, 1.0 - CLIP))


def add_residuals(terms: Terms, plan: Plan, rows: Rows, truth: Column) -> None:
    """``labelled.residuals`` and those of groups, where prediction and truth are numbers of at most :data:`LARGEST`."""
    if not (isinstance(rows.value, Numbers) and isinstance(truth, Numbers)):
        return
    known = (np.abs(rows.value.values) <= LARGEST) & (np.abs(truth.values) <= LARGEST)
    actual = np.where(known, truth.values, 0.0)
    error = np.where(known, rows.value.values, 0.0) - actual
    weighted = error_terms(error, actual, terms.layout.truth_center)
    weighted *= np.where(known, terms.weights, 0.0)
    terms.total(terms.layout.blocks["labelled.residuals"].start, weighted)
    _add_by_group(terms, plan, rows, "labelled.residuals.groups", known, weighted)
    _add_errors(terms, plan, rows.value, known, weighted)


def _add_errors(terms: Terms, plan: Plan, predicted: Numbers, known: NDArray[np.bool_], weighted: FloatArray) -> None:
    """``labelled.errors``, where the spread of predictions is known."""
    block, column = terms.layout.blocks.get("labelled.errors"), terms.layout.predicted_number
    if block is None or column is None:
        return
    table = plan.columns[terms.layout.columns.index(column)]
    assert isinstance(table, NumericBins)
    bins = table.cells(predicted.values).astype(np.int64) - BELOW
    _add_parts(terms, np.where(known, block.start + bins * block.shape[1], -1), weighted)
