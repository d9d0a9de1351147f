"""Whether the columns hang together as in the reference: what no column shows by itself, from samples of rows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import erfc, hypot, nan, sqrt
from typing import Final

import numpy as np

from miops import semconv
from miops_collector.columns import FloatArray
from miops_collector.layout import Summaries
from miops_collector.report import Observation
from miops_collector.signals._context import Context, Sampled
from miops_collector.statistics.multivariate import (
    Baseline,
    changed_correlations,
    domain_classifier,
    mean_discrepancy,
    reconstruction_error,
)
from miops_collector.window import NANOS

__all__ = ["METRICS", "multivariate"]

METRICS: Final = (
    semconv.METRIC_RECONSTRUCTION_ERROR, semconv.METRIC_RECONSTRUCTION_SHIFT, semconv.METRIC_DOMAIN_CLASSIFIER,
    semconv.METRIC_MEAN_DISCREPANCY, semconv.METRIC_CHANGED_CORRELATIONS,
)  # fmt: skip
NO_BASELINE: Final = "no reference sample: no rows of the reference were kept, or fewer than two of its columns vary"
BAND: Final = 3.0
"""Standard errors to either side of the reference: NannyML's band."""
LEVEL: Final = 0.05
NAMED: Final = 3
"""Columns, and pairs of columns, that are named beside a number."""


@dataclass(frozen=True, slots=True)
class _Found:
    """One number with what goes with it; ``said`` tells what it rests on."""

    metric: str
    value: float
    said: str = ""
    reference: float = nan
    p_value: float = nan
    standard_error: float = nan


def multivariate(context: Context, reference: Summaries | None, current: Summaries) -> Iterator[Observation]:
    """Reconstruction error, domain classifier, mean discrepancy and changed correlations; nothing without a sample.

    Every row of a sample counts once, whatever its weight. All p-values and standard errors are those of independent
    rows: where neighbours in time resemble each other they promise too much.
    """
    sampled = context.sampled
    if sampled is None or reference is None or context.segment or current.volume.rows <= 0:
        return
    baseline = sampled.baseline
    if baseline is None:
        yield from (_unknown(context, metric, sampled, nan, NO_BASELINE) for metric in METRICS)
        return
    m, least = len(baseline.rows), context.minimum_rows
    if min(sampled.rows, m) < least:
        where = f"the window has {sampled.rows}" if sampled.rows < least else f"the sample of the reference has {m}"
        yield from (_unknown(context, x, sampled, m, f"{where} rows, fewer than {least}") for x in METRICS)
        return
    rng = np.random.default_rng(abs(context.window.start // NANOS))
    rows = baseline.encoding.matrix(sampled.columns)
    yield from (_observation(context, sampled, m, found) for found in _all(baseline, rows, rng))


def _all(baseline: Baseline, rows: FloatArray, rng: np.random.Generator) -> Iterator[_Found]:
    yield from _reconstruction(baseline, rows)
    yield _told_apart(baseline, rows, rng)
    discrepancy = mean_discrepancy(baseline.rows, rows, rng=rng)
    yield _Found(semconv.METRIC_MEAN_DISCREPANCY, discrepancy.value, p_value=discrepancy.p_value)
    yield _correlations(baseline, rows)


def _reconstruction(baseline: Baseline, rows: FloatArray) -> Iterator[_Found]:
    """The error, and how far it is from the reference's."""
    value, error = reconstruction_error(baseline.plane, rows)
    both = hypot(error, baseline.usual_error)
    shift = (value - baseline.usual) / both if both > 0 else nan
    low, high = baseline.usual - BAND * both, baseline.usual + BAND * both
    said = f"{'within' if abs(shift) <= BAND else 'outside'} the reference's band, {low:.4g} to {high:.4g}"
    p = erfc(abs(shift) / sqrt(2.0))
    yield _Found(semconv.METRIC_RECONSTRUCTION_ERROR, value, said, baseline.usual, p, error)
    yield _Found(semconv.METRIC_RECONSTRUCTION_SHIFT, shift, said, 0.0, standard_error=1.0)


def _told_apart(baseline: Baseline, rows: FloatArray, rng: np.random.Generator) -> _Found:
    n, m = len(rows), len(baseline.rows)
    found = domain_classifier(baseline.rows, rows, baseline.encoding.names, rng=rng)
    columns = ", ".join(f"{name} {share:.0%}" for name, share in found.columns[:NAMED])
    said = f"by {columns}" if found.p_value <= LEVEL else "not told apart beyond chance"
    error = sqrt((n + m + 1) / (12 * n * m))
    return _Found(semconv.METRIC_DOMAIN_CLASSIFIER, found.auc, said, 0.5, found.p_value, error)


def _correlations(baseline: Baseline, rows: FloatArray) -> _Found:
    """How many pairs, the surest named; where there is none, the one that is nearest to being one."""
    pairs = changed_correlations(baseline.rows, rows, baseline.encoding.names, level=1.0)
    changed = [pair for pair in pairs if pair.p_value <= LEVEL]
    said = "; ".join(
        f"{' & '.join(p.columns)} {p.reference:.2f} in the reference, {p.window:.2f} now" for p in changed[:NAMED]
    )
    p_value = pairs[0].p_value if pairs else nan
    return _Found(semconv.METRIC_CHANGED_CORRELATIONS, float(len(changed)), said, 0.0, p_value)


def _observation(context: Context, sampled: Sampled, m: int, found: _Found) -> Observation:
    slack = 1.96 * found.standard_error
    return Observation(
        metric=found.metric,
        model=context.model,
        window=context.window,
        value=found.value,
        n=float(sampled.rows),
        status="ok",
        computed_at=context.computed_at,
        n_reference=float(m),
        reference=found.reference,
        p_value=found.p_value,
        standard_error=found.standard_error,
        low=found.value - slack,
        high=found.value + slack,
        complete=context.complete,
        reason=found.said,
    )


def _unknown(context: Context, metric: str, sampled: Sampled, m: float, reason: str) -> Observation:
    return Observation(
        metric=metric,
        model=context.model,
        window=context.window,
        value=nan,
        n=float(sampled.rows),
        status="insufficient_data",
        computed_at=context.computed_at,
        n_reference=m,
        complete=context.complete,
        reason=reason,
    )
