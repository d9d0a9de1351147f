"""Wide tables that grow new columns: a few by altering, many or late ones by starting a new segment.

An added column is a full column of nulls in memory until the next checkpoint, so altering a table of ten million rows
twenty times takes seconds and gigabytes. A new segment costs the same small time whatever lies in the old ones; reads
go over all segments.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

from miops_collector.stores._columns import FAMILIES, FIXED, Family
from miops_collector.stores._database import Connection

__all__ = ["Place", "Segment", "Table", "add_segment", "alter"]

Place: TypeAlias = tuple[str, Family]
"""A source column and the family of types its values are of."""

FEW_COLUMNS = 16
FEW_ROWS = 1_000_000
MOST_SEGMENTS = 32
"""Beyond this many a table is altered after all: reads go over every segment."""


@dataclass(eq=False)
class Segment:
    """An SQL table: ``columns`` maps places to the names of its columns."""

    name: str
    columns: dict[Place, str] = field(default_factory=dict)
    rows: int = 0

    @property
    def path(self) -> str:
        return f"data.main.{self.name}"


@dataclass(eq=False)
class Table:
    """Segments of the same kind of rows, oldest first; rows are added to the last."""

    name: str
    kind: str
    model: str
    segments: tuple[Segment, ...] = ()

    @property
    def last(self) -> Segment:
        return self.segments[-1]

    @property
    def rows(self) -> int:
        return sum(segment.rows for segment in self.segments)

    @property
    def number(self) -> int:
        return int(self.name[1:])

    @property
    def places(self) -> list[Place]:
        """Every place any segment has."""
        return list(dict.fromkeys(place for segment in self.segments for place in segment.columns))

    def alters(self, new: int) -> bool:
        """Whether so many new columns are better added to the last segment than to a new one."""
        cheap = new <= FEW_COLUMNS and self.last.rows <= FEW_ROWS
        return cheap or self.kind == "ground_truth" or len(self.segments) >= MOST_SEGMENTS

    def union(self, query: Callable[[Segment], str]) -> str:
        """One query over all segments, each of which answers the same columns."""
        return " UNION ALL ".join(query(segment) for segment in self.segments)


def add_segment(connection: Connection, table: Table, new: Iterable[Place]) -> Segment:
    """Make a further segment with the columns of all others and new ones, all in one statement."""
    places = dict.fromkeys([*table.places, *new])
    segment = Segment(f"{table.name}_{len(table.segments) + 1}", {p: f"c{i + 1}" for i, p in enumerate(places)})
    own = [f'"{c.name}" {c.sql}' for c in FIXED[table.kind]]
    columns = [*own, *(f"{name} {FAMILIES[family].sql}" for (_, family), name in segment.columns.items())]
    connection.execute(f"CREATE TABLE {segment.path} ({', '.join(columns)})")
    return segment


def alter(connection: Connection, segment: Segment, new: Iterable[Place]) -> dict[Place, str]:
    """Add columns to a segment; their names by place."""
    names = {place: f"c{len(segment.columns) + i + 1}" for i, place in enumerate(new)}
    for (_, family), name in names.items():
        connection.execute(f"ALTER TABLE {segment.path} ADD COLUMN {name} {FAMILIES[family].sql}")
    return names
