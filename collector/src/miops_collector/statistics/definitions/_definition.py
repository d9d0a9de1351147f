"""The contract of a definition, and what its statistics are computed from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import nan
from typing import TypeAlias

from miops_collector.summary import Distribution, FloatArray, Moments

__all__ = ["Definition", "Measure", "Measured", "Sample"]


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """One column of the reference or of a window; ``moments`` of a numeric column."""

    distribution: Distribution
    moments: Moments | None = None

    @property
    def n(self) -> float:
        """Rows with a value."""
        return self.distribution.values


@dataclass(frozen=True, slots=True)
class Measured:
    """What a tool says: its value, its p-value if it has one, and whether its default threshold calls that drift.

    ``drifted`` is ``None`` where the threshold is not a constant of the tool.
    """

    value: float
    p_value: float = nan
    drifted: bool | None = None


Measure: TypeAlias = Callable[[Sample, Sample, FloatArray], Measured]
"""Of reference, window, and the definition's edges as they were frozen."""


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
    """

    name: str
    version: str
    edges: Callable[[FloatArray], FloatArray]
    also: Callable[[FloatArray], FloatArray]
    numeric: Mapping[str, Measure]
    categorical: Mapping[str, Measure]
    freezes: bool = False

    @property
    def label(self) -> str:
        """Name and version: what goes with a number."""
        return f"{self.name} {self.version}"
