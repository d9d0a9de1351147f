"""Columns of one stream, as SQL to select them and as a way to read the answer."""

from __future__ import annotations

from collections.abc import Collection, Iterator

import pyarrow as pa
import pyarrow.compute as pc

from miops_collector.schema import FAULT_SUFFIX
from miops_collector.stores._columns import FAMILIES, FIXED, loaded
from miops_collector.stores._database import Database
from miops_collector.stores._registry import Stream
from miops_collector.stores._tables import Place, Segment

__all__ = ["PIECE", "Selection", "as_text", "read"]

PIECE = 65_536
"""Most rows of one piece that is read back."""
CELLS = 4_000_000
"""Most values of one piece: 32 MB of numbers."""


class Selection:
    """SQL sees numbers only; names are put on afterwards. ``columns`` restricts it to some of the stream's columns."""

    def __init__(self, stream: Stream, columns: Collection[str] | None = None) -> None:
        wanted = FIXED[stream.table.kind]
        self._fixed = [f for f in wanted if f.field is not None and (columns is None or f.name in columns)]
        declared = {s: family for s, family in stream.declared.items() if columns is None or s in columns}
        self._declared: list[Place] = list(declared.items())
        self._others = [p for p in stream.table.places if p[0] in declared and p[1] != declared[p[0]]]
        self._places = [*self._declared, *self._others]

    def __len__(self) -> int:
        return len(self._fixed) + len(self._places)

    @property
    def piece(self) -> int:
        """Rows to read at once."""
        return max(min(PIECE, CELLS // max(len(self), 1)), 1)

    def sql(self, segment: Segment, alias: str = "") -> str:
        """What to select from a segment, as ``f0``, ``f1`` and so on."""
        prefix = f"{alias}." if alias else ""
        parts = [f'{prefix}"{f.name}"' for f in self._fixed]
        for place in self._places:
            name = segment.columns.get(place)
            parts.append(f"{prefix}{name}" if name else f"NULL::{FAMILIES[place[1]].sql}")
        return ", ".join(f"{part} AS f{i}" for i, part in enumerate(parts))

    def table(self, batch: pa.RecordBatch | pa.Table) -> pa.Table:
        """What was selected first, in the types and under the names of the schema."""
        answer = iter(batch.columns)
        columns = {f.name: loaded(_chunked(next(answer)), f.field.type) for f in self._fixed if f.field is not None}
        values = {p: loaded(_chunked(next(answer)), FAMILIES[p[1]].arrow) for p in self._places}
        columns |= {source: values[source, family] for source, family in self._declared}
        for source in dict.fromkeys(s for s, _ in self._others):
            columns[source + FAULT_SUFFIX] = as_text([values[p] for p in self._others if p[0] == source])
        return pa.table(columns)


def as_text(columns: list[pa.ChunkedArray]) -> pa.ChunkedArray:
    """Values of any families as one column of texts."""
    return pc.coalesce(*(column.cast(pa.string()) for column in columns))


def _chunked(column: pa.Array | pa.ChunkedArray) -> pa.ChunkedArray:
    return column if isinstance(column, pa.ChunkedArray) else pa.chunked_array([column])


def read(database: Database, stream: Stream, after: int, upto: int) -> Iterator[pa.Table]:
    """Rows of commits ``after < seq <= upto``."""
    selection = Selection(stream)
    where = "stream = $stream AND seq > $after AND seq <= $upto"
    sql = stream.table.union(lambda s: f"SELECT {selection.sql(s)} FROM {s.path} WHERE {where}")
    with database.reading() as connection:
        answer = connection.sql(sql, params={"stream": stream.number, "after": after, "upto": upto})
        for batch in answer.to_arrow_reader(selection.piece):
            if batch.num_rows:
                yield selection.table(batch)
