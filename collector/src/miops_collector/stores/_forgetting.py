"""Old rows leave the store in small steps; what is known of them stays in the panes."""

from __future__ import annotations

from dataclasses import replace

from miops_collector.stores._database import DATA, Database
from miops_collector.stores._registry import Registry, Stream
from miops_collector.stores._tables import Segment

__all__ = ["forget"]


def forget(
    database: Database, registry: Registry, stream: Stream, newest: int, *, before: int, upto: int, at_most: int
) -> int:
    """Delete about ``at_most`` of the stream's oldest rows that are of commits up to ``upto``; how many it were."""
    if not stream.info.rows or stream.info.first_seen >= before:
        return 0
    left = at_most
    for segment in stream.table.segments:
        if left > 0 and segment.rows:
            left -= _forget(database, registry, stream, segment, newest, (before, upto, left))
    _look_again(database, stream)
    return at_most - left


def _forget(
    database: Database, registry: Registry, stream: Stream, segment: Segment, newest: int, limits: tuple[int, int, int]
) -> int:
    before, upto, at_most = limits
    given = {"stream": stream.number, "before": before, "upto": upto}
    which = "stream = $stream AND time < $before AND seq <= $upto"
    oldest = f"SELECT time FROM {segment.path} WHERE {which} ORDER BY time LIMIT {at_most:d}"
    ((last,),) = database.fetch(f"SELECT max(time) FROM ({oldest})", given)
    if last is None:
        return 0
    given["before"] = last + 1
    keys = f"SELECT key FROM {segment.path} WHERE {which}"
    known = f"SELECT count(*) FROM ({keys}) SEMI JOIN {registry.truth.path} USING (key)"
    ((labelled,),) = database.fetch(known, given)
    with database.transaction(DATA) as connection:
        ((deleted,),) = connection.execute(f"DELETE FROM {segment.path} WHERE {which}", given).fetchall()
        connection.execute("UPDATE data.main.store SET seq = ?", [newest])  # the rows carry it no more
    segment.rows -= deleted
    info = stream.info
    rows = info.rows - deleted
    stream.info = replace(info, rows=rows, labelled=min(max(info.labelled - labelled, 0), rows))
    return int(deleted)


def _look_again(database: Database, stream: Stream) -> None:
    """The oldest row is another now."""
    sql = stream.table.union(lambda s: f"SELECT min(time) AS first FROM {s.path} WHERE stream = $stream")
    ((first,),) = database.fetch(f"SELECT min(first) FROM ({sql})", {"stream": stream.number})
    stream.info = replace(stream.info, first_seen=stream.info.last_seen if first is None else first)
