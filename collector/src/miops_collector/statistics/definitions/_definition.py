"""The contract of a definition, and what its statistics are computed from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import nan
from typing import TypeAlias

from miops_collector.layout import ColumnLayout, Summaries
from miops_collector.summary import Distribution, FloatArray, Moments

__all__ = ["Definition", "Measure", "Measured", "Sample"]


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """One column of the reference or of a window; ``moments`` of a numeric column."""

    distribution: Distribution
    moments: Moments | None = None

    @classmethod
    def of(cls, summaries: Summaries, column: ColumnLayout) -> Sample:
        moments = summaries.moments(column) if column.kind == "numeric" else None
        return cls(summaries.distribution(column), moments)

    @property
    def n(self) -> float:
        """Rows with a value."""
        return self.distribution.values


@dataclass(frozen=True, slots=True)
class Measured:
    """What a tool says: its value, its p-value if it has one, and whether its default threshold calls that drift.

    ``rule`` says where drift begins: ``≥ 0.1``. ``drifted`` is ``None``, and ``rule`` empty, where the threshold comes
    from chunks of the reference.
    """

    value: float
    p_value: float = nan
    drifted: bool | None = None
    rule: str = ""


Measure: TypeAlias = Callable[[Sample, Sample, FloatArray], Measured | None]
"""Of reference, window, and the definition's edges as they were frozen; ``None`` if it has no such number here."""


@dataclass(frozen=True, slots=True)
class Definition:
    """A tool's meaning of some of our statistics.

    Attributes
    ----------
    edges
        What is frozen of a numeric column's values.
    freezes
        Whether numeric statistics need ``edges`` that were frozen with the reference.
    also
        Further edges that ours are to contain, so that counts between them are exact.
    numeric, categorical
        By the name of our statistic; for those that are not there ours stay.
    chosen
        Name of the statistic that the tool looks at by default, of reference and window.
    chunked
        Statistics whose threshold comes from their values over chunks of the reference (see ``chunks.py``), with the
        most that it may be.
    drifted_share
        Share of drifted columns from which the tool calls the whole data set drifted; ``nan`` if it does not.
    """

    name: str
    version: str
    edges: Callable[[FloatArray], FloatArray]
    also: Callable[[FloatArray], FloatArray]
    numeric: Mapping[str, Measure]
    categorical: Mapping[str, Measure]
    chosen: Callable[[Sample, Sample], str]
    freezes: bool = False
    chunked: Mapping[str, float] = field(default_factory=dict)
    drifted_share: float = nan

    def of(self, kind: str) -> Mapping[str, Measure]:
        """Its statistics of ``numeric`` or ``categorical`` columns."""
        return self.numeric if kind == "numeric" else self.categorical

    @property
    def label(self) -> str:
        """Name and version: what goes with a number."""
        return f"{self.name} {self.version}"
