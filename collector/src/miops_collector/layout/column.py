"""What is frozen of one monitored column."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

__all__ = ["ColumnLayout", "Role"]

Role: TypeAlias = Literal["feature", "context", "prediction", "score"]


@dataclass(frozen=True, slots=True)
class ColumnLayout:
    """One monitored column.

    Attributes
    ----------
    name
        As users see it: a feature or context name, ``prediction`` or ``score``.
    source
        Column of the store it is read from: ``feature.age``.
    edges, groups
        Numeric columns: see :class:`~miops_collector.summary.Histogram`. Empty when there is no reference value yet:
        then only missing values, faults and moments are known.
    categories
        Categorical columns: see :class:`~miops_collector.summary.Frequencies`.
    center
        Numeric columns: subtracted before moments are summed, for precision.
    definition_edges
        Numeric columns: edges of another tool's definition, each of them one of ``edges`` too; see
        ``statistics/definitions``.
    definition_thresholds
        Of another tool's definition whose thresholds come from chunks of the reference: statistic, length of the
        chunks (``1d``, or empty: ten of equal size), threshold, and number of chunks that it comes from.
    atoms
        Numeric columns: values of the reference that have a bin to themselves, rising. Distances need them.
    pooled, open_pool
        Categorical columns with more categories than are told apart: the last category is a pool of the rarer ones,
        ``pooled`` names them, and if ``open_pool`` they are too many to name: then the pool holds every other value
        and nothing is unseen.
    """

    name: str
    source: str
    role: Role
    kind: Literal["numeric", "categorical"]
    edges: tuple[float, ...] = ()
    groups: tuple[int, ...] = ()
    categories: tuple[str, ...] = ()
    center: float = 0.0
    pooled: tuple[str, ...] = ()
    open_pool: bool = False
    definition_edges: tuple[float, ...] = ()
    definition_thresholds: tuple[tuple[str, str, float, int], ...] = ()
    atoms: tuple[float, ...] = ()

    @property
    def has_pool(self) -> bool:
        """Whether the last category is a pool of several."""
        return self.open_pool or bool(self.pooled)

    @property
    def is_identifier(self) -> bool:
        """Whether nearly every row had a category of its own, so that there is nothing to compare."""
        return self.open_pool and len(self.categories) == 1

    @property
    def size(self) -> int:
        """Number of cells in a pane."""
        bins = max(len(self.edges) - 1, 0)
        return bins + 4 if self.kind == "numeric" else len(self.categories) + 3
