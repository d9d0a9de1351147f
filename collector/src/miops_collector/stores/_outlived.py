"""Old truth leaves the log once no stored prediction holds it; what it said stays in the panes.

As long as a prediction is stored its whole truth is: a correction takes back what the log says it held before, and
panes that are made anew count it again.
"""

from __future__ import annotations

import pyarrow as pa

from miops_collector.stores._database import DATA, Database
from miops_collector.stores._registry import Registry
from miops_collector.stores._tables import Segment
from miops_collector.stores._truth import TruthLog

__all__ = ["forget_truth"]

_AT = "coalesce(prediction_time, time)"
_NAMES = {
    "key": "p.key = old.key",
    "trace_id": 'p.trace_id = old.trace_id AND coalesce(p."row", 0) = coalesce(old."row", 0)',
    "entity_id": "p.entity_id = old.entity_id AND p.time <= old.at AND p.time > old.at - $horizon",
}
"""How a prediction holds truth, by what the truth names."""


def forget_truth(
    database: Database, registry: Registry, log: TruthLog, newest: int, *,
    before: int, upto: int, horizon: int, at_most: int,
) -> int:  # fmt: skip
    """Delete about ``at_most`` of the oldest rows of commits up to ``upto`` that nothing needs; how many it were.

    They are looked for on a connection of their own: a table of all predictions takes seconds, and commits go on.
    """
    path = registry.truth.path
    given = {"before": before, "upto": upto}
    if not database.fetch(f"SELECT 1 FROM {path} WHERE time < $before AND seq <= $upto LIMIT 1", given):
        return 0
    asked = _outlived(registry, log, at_most)
    ords = database.table(asked, given | ({"horizon": horizon} if log.by_entity else {}))
    if not ords.num_rows:
        return 0
    with database.transaction(DATA) as connection:
        connection.register("outlived", pa.table({"ord": ords.column("ord")}))
        try:
            connection.execute(f"DELETE FROM {path} WHERE ord IN (SELECT ord FROM outlived)")
        finally:
            connection.unregister("outlived")
        connection.execute("UPDATE data.main.store SET seq = ?", [newest])  # the rows carry it no more
    return int(ords.num_rows)


def _outlived(registry: Registry, log: TruthLog, at_most: int) -> str:
    names = ["key", *["trace_id"] * log.by_trace, *["entity_id"] * log.by_entity]
    segments = [s for t in registry.rows_tables if t.kind == "predictions" for s in t.segments]
    held = " UNION ".join(_held(segment, name) for segment in segments for name in names)
    return (
        f'WITH old AS MATERIALIZED (SELECT ord, time, key, trace_id, "row", entity_id, {_AT} AS at'
        f" FROM {registry.truth.path} WHERE time < $before AND seq <= $upto)"
        f" SELECT ord FROM old {f'ANTI JOIN ({held}) held USING (ord)' if held else ''} ORDER BY time LIMIT {at_most:d}"
    )


def _held(segment: Segment, name: str) -> str:
    return f"SELECT old.ord FROM old JOIN {segment.path} p ON {_NAMES[name]}"
