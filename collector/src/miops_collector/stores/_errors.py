"""What a model failed by, in a time range: each kind of error, how often, and some rows that show it."""

from __future__ import annotations

from typing import Final

from miops_collector.stores._answered import ERROR
from miops_collector.stores._database import Database
from miops_collector.stores._registry import Stream
from miops_collector.stores._store import Failures

__all__ = ["failures"]

_MOST_KINDS: Final = 1000
"""Names of classes may be made while a program runs."""
_ROWS: Final = """
    SELECT {error} AS error, time, coalesce(id_text, CAST(key AS VARCHAR)) AS id FROM {path}
    WHERE stream = $stream AND time >= $start AND time < $end AND {error} IS NOT NULL"""


def failures(database: Database, stream: Stream, *, start: int, end: int, examples: int) -> list[Failures]:
    """As :meth:`Store.failures <miops_collector.stores._store.Store.failures>` says."""
    segments = [(s.columns[ERROR], s.path) for s in stream.table.segments if ERROR in s.columns]
    if not segments:
        return []
    rows = " UNION ALL ".join(_ROWS.format(error=error, path=path) for error, path in segments)
    sql = (
        f"SELECT error, count(*), min(time), max(time), max_by(id, time, {int(examples)}) FROM ({rows})"
        f" GROUP BY error ORDER BY count(*) DESC, error LIMIT {_MOST_KINDS}"
    )
    found = database.fetch(sql, {"stream": stream.number, "start": start, "end": end})
    return [Failures(error, count, first, last, tuple(ids)) for error, count, first, last, ids in found]
