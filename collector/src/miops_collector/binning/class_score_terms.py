"""Blocks of the scores of every class, each against the rest: of all rows and by group, without truth and with it."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from miops_collector.binning.decision_terms import groups_of
from miops_collector.binning.decisions import Decisions
from miops_collector.binning.plan import CLASS_SCORES, Plan
from miops_collector.binning.terms import Terms
from miops_collector.columns import FloatArray, Rows
from miops_collector.layout import CLASS_SCORE_BINS, GROUP_CLASS_ENDS

__all__ = ["add_class_rows", "add_class_truth"]

Codes = NDArray[np.int32]
COARSE: Final = np.repeat(np.arange(len(GROUP_CLASS_ENDS) - 1, dtype=np.int32), np.diff(GROUP_CLASS_ENDS))
"""Bin that a group has of each bin of the whole model."""
COARSE_BINS: Final = len(GROUP_CLASS_ENDS) - 1
NOWHERE: Final = -(2**30)
"""Twice as far is still a number of 32 bits."""


def add_class_rows(terms: Terms, plan: Plan, rows: Rows, decisions: Decisions) -> None:
    """``class_scores``, and ``class_scores.groups.0`` and on, where the layout and the rows have them."""
    scores = decisions.class_scores
    if scores is not None and "class_scores" in terms.layout.blocks:
        known = decisions.predicted >= 0
        _count(terms, plan, rows, "class_scores", scores, known, (decisions.predicted,))


def add_class_truth(terms: Terms, plan: Plan, rows: Rows, decisions: Decisions, truth: Codes) -> None:
    """The same with truth, under ``labelled.``."""
    scores = decisions.class_scores
    if scores is not None and "labelled.class_scores" in terms.layout.blocks:
        known = (decisions.predicted >= 0) & (truth >= 0)
        _count(terms, plan, rows, "labelled.class_scores", scores, known, (decisions.predicted, truth))


def _count(
    terms: Terms, plan: Plan, rows: Rows, name: str, scores: FloatArray, known: NDArray[np.bool_],
    flags: tuple[Codes, ...],
) -> None:  # fmt: skip
    """Rows by class, bin of its score, and of each of ``flags`` whether it is that class.

    A cell is the sum of where a row's group begins and of its place within it; either is far below 0 where there is
    none, so that one addition by class and axis is all that it takes.
    """
    blocks, parts = terms.layout.blocks, 1 << len(flags)
    of_group = len(terms.layout.classes) * COARSE_BINS * parts
    firsts = [
        np.where(groups >= 0, blocks[f"{name}.groups.{i}"].start + of_group * groups, NOWHERE).astype(np.int32)
        for i, groups in enumerate(groups_of(terms, plan, rows))
        if f"{name}.groups.{i}" in blocks
    ]
    for k in range(len(terms.layout.classes)):
        bins = CLASS_SCORES.inside(scores[:, k])
        there = known & (bins >= 0)
        part = np.zeros(len(bins), np.int32)
        for flag in flags:
            part = 2 * part + (flag == k)
        terms.count(np.where(there, blocks[name].start + parts * (k * CLASS_SCORE_BINS + bins) + part, -1))
        if firsts:
            within = np.where(there, parts * (k * COARSE_BINS + COARSE[bins]) + part, np.int32(NOWHERE))
            for first in firsts:
                terms.count(first + within)
