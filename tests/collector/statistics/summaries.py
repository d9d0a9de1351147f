"""Hypothesis strategies: summaries of every kind, empty and degenerate ones included, by type."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from miops_collector.statistics.estimated_fairness import (
    CalibratedGroups,
    ClassGroups,
    DecidedGroups,
    GroupErrors,
    decided_groups,
    group_errors,
)
from miops_collector.statistics.estimated_fairness._surprise import Surprise
from miops_collector.statistics.estimated_performance import (
    CalibratedClasses,
    CalibratedScores,
    Calibration,
    ExpectedErrors,
    loss_model,
)
from miops_collector.statistics.prediction_powered import ScoredLosses
from miops_collector.summary import (
    Attempts,
    ClassScores,
    Confidence,
    Confusion,
    ErrorProfile,
    Frequencies,
    GroupClasses,
    GroupClassScores,
    GroupExposures,
    GroupLosses,
    GroupMerits,
    GroupPredictions,
    GroupResiduals,
    Groups,
    GroupScores,
    Histogram,
    Latency,
    Losses,
    Moments,
    Residuals,
    ScoreHistogram,
    Segments,
    Volume,
)
from tests.collector.statistics import rows

Floats = st.floats(-1e6, 1e6, allow_subnormal=False).map(lambda x: round(x, 3))


def counts(*shape: int) -> st.SearchStrategy[Any]:
    return hnp.arrays(np.float64, shape, elements=st.integers(0, 40).map(float), fill=st.just(0.0))


def few(elements: st.SearchStrategy[float]) -> st.SearchStrategy[list[float]]:
    return st.lists(elements, max_size=12)


def scores(k: int) -> st.SearchStrategy[Any]:
    raw = hnp.arrays(np.float64, st.tuples(st.integers(0, 8), st.just(k)), elements=st.floats(0.01, 1))
    return raw.map(lambda x: x / x.sum(axis=1, keepdims=True))


EDGES = np.array([-2.0, -1.0, 0.0, 0.5, 4.0, 4.5, 100.0])
GROUPS = np.array([0, 0, 1, 1, 2, 2])
CATEGORIES = ("a", "b", "c", "d")
PAIRS = st.lists(st.tuples(Floats, Floats), max_size=12)
TRUTHS = st.integers(0, 2)

BIN_SCORES = counts(5, 2, 2).map(
    lambda c: ScoreHistogram(np.linspace(0, 1, 6), True, c.sum(axis=2) + 1, c)  # some rows without truth
)
CALIBRATIONS = (
    st.lists(st.floats(0, 1).map(lambda q: round(q, 6)), min_size=5, max_size=5)
    .map(sorted)
    .map(np.array)
    .map(
        lambda q: Calibration(
            np.linspace(0.1, 0.9, 5), q, q * (1 - q), np.array([0, 0, 1, 2, 2]), np.full(3, 0.01), True
        )
    )
)

CLASSES_OF_ONE_WINDOW = st.tuples(scores(3), st.lists(CALIBRATIONS, min_size=3, max_size=3)).map(
    lambda x: CalibratedClasses(
        tuple(
            CalibratedScores(s, c)
            for s, c in zip(rows.class_scores(x[0], np.arange(len(x[0])) % 3, bins=5).against_rest(), x[1], strict=True)
        )
    )
)


IN_BINS = np.repeat(np.arange(6), 2)
ERRED = rows.error_profile(
    IN_BINS, 5 * IN_BINS - np.array([1, -3] * 6) * (1 + IN_BINS), 5 * IN_BINS, 6, times=5.0
)  # ten rows in each bin, errors that grow with what was predicted


def expected_errors(rows_of_bins: Any, errors: Any) -> ExpectedErrors:
    """Errors of the window fall into its bins in turn; the reference has ten rows in each."""
    bins = np.arange(len(errors)) % 6
    came = rows.error_profile(bins, 5.0 * bins - errors, 5.0 * bins, 6).labelled
    window = ErrorProfile(rows_of_bins.sum(axis=1) + came[:, 0], came)
    return ExpectedErrors(window, loss_model(ERRED))


def with_reference(errors: Any, cells: Any) -> GroupErrors:
    """Errors of three groups in the reference, and how often numbers of four ranges were predicted of each."""
    known = GroupResiduals(
        ("sex",), ("f", "m", "x"), 0.0, np.array([rows.residuals(e, 0 * np.array(e)).sums for e in errors])
    )
    four = ErrorProfile(ERRED.rows[:4], ERRED.labelled[:4])
    then, now = (GroupPredictions(("sex",), ("f", "m", "x"), 0.0, np.zeros((3, 3)), c) for c in (cells + 1, cells))
    return group_errors(four, (0, 1), known, then, now, minimum_rows=1)


SURPRISES = hnp.arrays(np.float64, (4, 3), elements=st.floats(0.01, 9.0)).map(lambda x: Surprise(*x))

STRATEGIES: dict[type, st.SearchStrategy[Any]] = {
    CalibratedClasses: CLASSES_OF_ONE_WINDOW,
    CalibratedGroups: st.tuples(
        st.lists(st.one_of(st.none(), st.builds(CalibratedScores, BIN_SCORES, CALIBRATIONS)), min_size=3, max_size=3),
        SURPRISES,
    ).map(lambda x: CalibratedGroups(("sex",), ("f", "m", "x"), tuple(x[0]), x[1])),
    ClassGroups: st.tuples(
        st.lists(st.one_of(st.none(), CLASSES_OF_ONE_WINDOW), min_size=3, max_size=3), SURPRISES
    ).map(lambda x: ClassGroups(("sex",), ("f", "m", "x"), tuple(x[0]), x[1])),
    DecidedGroups: st.tuples(counts(3, 3), counts(3, 3, 3)).map(
        lambda x: decided_groups(
            Groups(("sex",), ("f", "m", "x"), ("a", "b", "c"), -1, x[1].sum(axis=1), x[1]),
            Groups(("sex",), ("f", "m", "x"), ("a", "b", "c"), -1, x[0], 0 * x[1]),
            minimum_rows=1,
        )
    ),
    GroupErrors: st.tuples(st.lists(few(Floats), min_size=3, max_size=3), counts(3, 4)).map(
        lambda x: with_reference(*x)
    ),
    ExpectedErrors: st.tuples(counts(6, 2), few(Floats)).map(lambda x: expected_errors(x[0], np.array(x[1]))),
    CalibratedScores: st.builds(CalibratedScores, BIN_SCORES, CALIBRATIONS),
    ScoredLosses: st.tuples(BIN_SCORES, CALIBRATIONS, few(st.floats(0, 1))).map(
        lambda x: ScoredLosses(
            CalibratedScores(x[0], x[1]), rows.losses(-np.log(1 - 0.99 * np.array(x[2])), np.array(x[2]))
        )
    ),
    Histogram: counts(10).map(lambda c: Histogram(EDGES, GROUPS, c)),
    Frequencies: counts(7).map(lambda c: Frequencies(CATEGORIES, c)),
    Moments: few(Floats).map(rows.moments),
    Confusion: st.one_of(
        counts(2, 2).map(lambda c: Confusion(("no", "yes"), 1, c)),
        counts(3, 3).map(lambda c: Confusion(("x", "y", "z"), -1, c)),
    ),
    ScoreHistogram: BIN_SCORES,
    ClassScores: scores(3).map(lambda s: rows.class_scores(s, np.arange(len(s)) % 3, bins=20)),
    Losses: few(st.floats(0, 1)).map(lambda b: rows.losses(-np.log(1 - 0.99 * np.array(b)), b)),
    Residuals: PAIRS.map(lambda p: rows.residuals([a for a, _ in p], [b for _, b in p])),
    Confidence: scores(3).map(lambda s: rows.confidence(s, np.arange(len(s)) % 3)),
    Groups: st.tuples(counts(3, 2), counts(3, 2, 2), st.sampled_from((1, 1, -1))).map(
        lambda x: Groups(("sex",), ("f", "m", "x"), ("no", "yes"), x[2], x[0] + x[1].sum(axis=1), x[1])
    ),
    GroupScores: counts(3, 5, 2, 2).map(
        lambda c: GroupScores(("sex",), ("f", "m", "x"), np.linspace(0, 1, 6), True, c.sum(axis=3) + 1, c)
    ),
    GroupClasses: counts(3, 3, 3).map(lambda c: GroupClasses(("sex",), ("f", "m", "x"), ("a", "b", "c"), c)),
    GroupClassScores: counts(3, 3, 5, 2, 2).map(
        lambda c: GroupClassScores(
            ("sex",), ("f", "m", "x"), ("a", "b", "c"), np.linspace(0, 1, 6), c.sum(axis=4) + 1, c
        )
    ),
    GroupExposures: counts(3, 32, 3).map(
        lambda c: GroupExposures(("sex",), ("f", "m", "x"), 4 * c[:, :, 0].sum(axis=1), c)
    ),
    GroupLosses: st.lists(few(st.floats(0, 1)), min_size=3, max_size=3).map(
        lambda groups: GroupLosses(("sex",), ("f", "m", "x"), 1, np.array([rows.group_losses(g) for g in groups]))
    ),
    GroupMerits: counts(3, 32, 2).map(lambda c: GroupMerits(("sex",), ("f", "m", "x"), 4 * c[:, :, 0].sum(axis=1), c)),
    GroupResiduals: st.lists(PAIRS, min_size=3, max_size=3).map(
        lambda groups: GroupResiduals(
            ("sex",),
            ("f", "m", "x"),
            0.0,
            np.array([rows.residuals([a for a, _ in p], [b for _, b in p]).sums for p in groups]),
        )
    ),
    GroupPredictions: st.lists(few(Floats), min_size=3, max_size=3).map(
        lambda groups: GroupPredictions(
            ("sex",),
            ("f", "m", "x"),
            0.0,
            np.array([rows.moments(g).sums for g in groups]),
            np.array([rows.histogram(EDGES, g).coarse for g in groups]),
        )
    ),
    Segments: counts(4, 2).map(
        lambda c: Segments(
            ("a", "b"), (2, 2), ("x", "y", "z", "w"), np.stack((c.sum(axis=1), c[:, 1], c[:, 1]), axis=1)
        )
    ),
    Latency: few(st.floats(1e-7, 2000)).map(rows.latency),
    Attempts: counts(4).map(Attempts),
    Volume: counts(5).map(lambda c: Volume(np.array([c[0], c[0], c[0], min(c[3], c[0]), c[4]]))),
}


def scaled(summary: Any, factor: float) -> Any:
    """The same rows, each counted ``factor`` times."""
    if isinstance(summary, Moments):
        return replace(summary, sums=summary.sums * factor)
    if isinstance(summary, ExpectedErrors):
        return replace(summary, errors=scaled(summary.errors, factor))
    if isinstance(summary, DecidedGroups):
        return replace(summary, decided=summary.decided * factor)
    if isinstance(summary, GroupErrors):
        return replace(summary, cells=summary.cells * factor)
    if isinstance(summary, CalibratedGroups | ClassGroups):
        return replace(summary, groups=tuple(scaled(g, factor) if g else None for g in summary.groups))
    if isinstance(summary, CalibratedClasses):
        return CalibratedClasses(tuple(scaled(c, factor) for c in summary.classes))
    if isinstance(summary, ScoredLosses):
        return ScoredLosses(scaled(summary.scores, factor), scaled(summary.losses, factor))
    if isinstance(summary, CalibratedScores):
        return replace(summary, scores=scaled(summary.scores, factor))
    sums = [f.name for f in fields(summary) if f.metadata.get("sum", False)]
    return replace(summary, **{name: getattr(summary, name) * factor for name in sums})


def emptied(summary: Any) -> Any:
    """The same layout without rows."""
    without = scaled(summary, 0.0)
    return replace(without, lowest=float("nan"), highest=float("nan")) if isinstance(without, Moments) else without
