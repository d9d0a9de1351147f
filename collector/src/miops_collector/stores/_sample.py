"""A bounded sample of the rows of a window: the same rows whenever it is asked for."""

from __future__ import annotations

from collections.abc import Collection

import pyarrow as pa

from miops_collector.stores._answered import answered
from miops_collector.stores._database import Database
from miops_collector.stores._registry import Stream
from miops_collector.stores._selection import Selection
from miops_collector.stores._tables import Segment

__all__ = ["sample"]

_ORDER = "hash_of_key, time_of_row, seq_of_row"


def sample(
    database: Database, stream: Stream, *, start: int, end: int, columns: Collection[str], rows: int
) -> pa.Table | None:
    """Those of the smallest hash of their prediction id that the model answered; ``None`` if there is no row.

    Which row is taken does not depend on when it came or what lies beside it, so rows that come late take the places of
    as many others, and no more. Each segment gives its own smallest first: then the database reads the wide columns of
    these alone.
    """
    selection = Selection(stream, columns)
    limit = f"ORDER BY {_ORDER} LIMIT {int(rows)}"
    parts = stream.table.union(lambda s: f"SELECT * FROM ({_rows(selection, s)} {limit})")
    parameters = {"stream": stream.number, "start": start, "end": end}
    with database.reading() as connection:
        found = connection.sql(f"SELECT * FROM ({parts}) {limit}", params=parameters).to_arrow_table()
    return selection.table(found) if found.num_rows else None


def _rows(selection: Selection, segment: Segment) -> str:
    return (
        f"SELECT {selection.sql(segment)}, hash(key) AS hash_of_key, time AS time_of_row, seq AS seq_of_row"
        f" FROM {segment.path} WHERE stream = $stream AND time >= $start AND time < $end AND {answered(segment)}"
    )
