"""Streams of window counts drawn straight from the true probabilities of the bins: exact, and far faster than rows.

Many models are simulated as one wide layout; each run of ``per_model`` neighbouring columns is one model.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from miops_collector.layout import ColumnLayout, Layout, Summaries
from miops_collector.statistics.scan import LOOK_BACKS, Scan, ScanSettings
from miops_collector.statistics.scan.false_discovery import benjamini_hochberg
from tests.collector.statistics.scan.streams import layout_of

Cdf = Callable[[np.ndarray], np.ndarray]
DEPTH = max(LOOK_BACKS)


def normal(shift: float = 0.0, scale: float = 1.0) -> Cdf:
    return lambda x: ndtr((x - shift) / scale)


@dataclass(frozen=True)
class Numbers:
    """Columns drawn from a standard normal law in the reference; ``missing`` is the share without a value."""

    columns: int
    reference_rows: int
    missing: float = 0.0

    def draw(self, rng: np.random.Generator) -> tuple[Layout, Summaries]:
        """A reference of its own for every column, and the layout that follows from it."""
        held = rng.binomial(self.reference_rows, 1 - self.missing, self.columns)
        samples = {f"c{i}": rng.normal(size=held[i]) for i in range(self.columns)}
        layout = layout_of(samples)
        vector = layout.empty()
        for i, column in enumerate(layout.columns):
            edges = np.array(column.edges)
            counts = np.histogram(samples[column.name], edges)[0]
            cells = np.concatenate(([self.reference_rows - held[i], 0, 0], counts, [0]))
            layout.blocks[f"column.{column.name}"].of(vector)[:] = cells
        return layout, Summaries(layout, vector, layout.empty_extremes())

    def chances(self, column: ColumnLayout, cdf: Cdf, missing: float | None = None) -> np.ndarray:
        """Probability of each cell of a column."""
        gone = self.missing if missing is None else missing
        inner = np.diff(np.concatenate(([0.0], cdf(np.array(column.edges)), [1.0])))
        return np.concatenate(([gone, 0.0], (1 - gone) * inner))


def counts_of(layout: Layout, chances: np.ndarray, rows: int, rng: np.random.Generator) -> Summaries:
    """A window with this many rows; ``chances`` is ``(columns, cells)``, all columns with as many bins."""
    vector = layout.empty()
    start = layout.blocks[f"column.{layout.columns[0].name}"].start
    vector[start : start + chances.size] = rng.multinomial(rows, chances).ravel()
    return Summaries(layout, vector, layout.empty_extremes())


def tick(scan: Scan, windows: Sequence[Summaries]) -> np.ndarray:
    """``(columns,)`` log p-values for the newest windows, at the look-backs that are filled."""
    sums = np.cumsum([w.vector for w in windows[::-1]], axis=0)
    depths = [d for d in LOOK_BACKS if d <= len(windows)]
    found = scan.evaluate([(d, Summaries(scan.layout, sums[d - 1], windows[0].extremes)) for d in depths])
    return np.array([e.log_p_value for e in found])


def alarmed(log_p: np.ndarray, per_model: int, alpha: float) -> np.ndarray:
    """``(models,)`` whether any column of each model is rejected."""
    return np.array([benjamini_hochberg(p, alpha).rejected.any() for p in log_p.reshape(-1, per_model)])


def null_ticks(
    models: int, per_model: int, rows: int, reference_rows: int, settings: Sequence[ScanSettings],
    rng: np.random.Generator,
) -> list[np.ndarray]:  # fmt: skip
    """For each of the settings ``(models,)`` whether a tick with full look-backs alarms though nothing has changed."""
    world = Numbers(models * per_model, reference_rows)
    layout, reference = world.draw(rng)
    chances = np.stack([world.chances(c, normal()) for c in layout.columns])
    total, before, sums = Summaries.none(layout), 0, []
    for depth in LOOK_BACKS:
        total = total + counts_of(layout, chances, rows * (depth - before), rng)
        sums.append((depth, total))
        before = depth
    found = [Scan.of(layout, reference, s).evaluate(sums) for s in settings]
    return [
        alarmed(np.array([e.log_p_value for e in each]), per_model, s.alpha)
        for each, s in zip(found, settings, strict=True)
    ]
