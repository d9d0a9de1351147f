"""Groups or segments of rows: the parts of one column, or of several together."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["GroupAxis"]


@dataclass(frozen=True, slots=True)
class GroupAxis:
    """Groups of one sensitive column, or of the intersection of several (``columns`` names them).

    ``parts`` are the groups of each single column: category lists, or edges for numeric columns (group ``i`` is
    ``[edges[i], edges[i + 1])`` with open ends). Rows outside every part (missing, unseen) belong to no group.
    Group number of a row = mixed radix of its part numbers, first column slowest; ``names`` in that order.
    """

    columns: tuple[str, ...]
    parts: tuple[tuple[str, ...] | tuple[float, ...], ...]
    names: tuple[str, ...]

    @property
    def sizes(self) -> tuple[int, ...]:
        """How many groups each column has."""
        return tuple(len(part) if isinstance(part[0], str) else len(part) - 1 for part in self.parts)
