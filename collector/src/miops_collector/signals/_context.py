"""What an evaluation knows besides the summaries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import nan

from miops_collector.columns import Column
from miops_collector.report import ModelKey
from miops_collector.statistics.multivariate import Baseline
from miops_collector.window import NANOS, Window

__all__ = ["Context", "Sampled"]

DAY = 86_400 * NANOS


@dataclass(frozen=True, slots=True, eq=False)
class Sampled:
    """Some rows of the window, by name of their column, and what those of the reference say: ``None`` if none are kept.

    ``rows`` is how many rows there are.
    """

    columns: Mapping[str, Column]
    rows: int
    baseline: Baseline | None


@dataclass(frozen=True, slots=True)
class Context:
    """Which window of which model is evaluated, when, and how much data is enough.

    Attributes
    ----------
    computed_at
        Wall-clock time, nanoseconds since 1970.
    complete
        Whether the window lies behind the watermark.
    minimum_rows
        Fewer rows than this, in the window or the reference, give no value.
    minimum_group_rows
        Groups of a sensitive feature with fewer rows give no value and are not compared.
    reference_time
        Middle of the event times of the reference, nanoseconds since 1970; 0 if it is not known.
    definition
        Whose definitions of drift statistics count: a name in
        :data:`~miops_collector.statistics.definitions.DEFINITIONS`, or ``miops``.
    segment
        Name of the segment the summaries are of, empty for all rows.
    sampled
        Rows of the window, where its columns are to be looked at together.
    """

    model: ModelKey
    window: Window
    computed_at: int
    complete: bool
    minimum_rows: int = 30
    minimum_group_rows: int = 30
    reference_time: int = 0
    segment: str = ""
    definition: str = "miops"
    sampled: Sampled | None = None

    @property
    def days(self) -> float:
        """From the reference to the middle of the window; ``nan`` if the time of the reference is not known."""
        middle = self.window.start + self.window.length / 2
        return (middle - self.reference_time) / DAY if self.reference_time else nan

    def option(self, name: str) -> float:
        """Value of a keyword-only argument of a statistic."""
        return {"days": self.days, "minimum_rows": float(self.minimum_group_rows)}[name]
