"""One prediction by its id, with everything known of it."""

from __future__ import annotations

import math
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from miops.semconv import (
    COLUMN_ATTRIBUTION_PREFIX,
    COLUMN_CONTEXT_PREFIX,
    COLUMN_ERROR_TYPE,
    COLUMN_FEATURE_PREFIX,
    COLUMN_SCORES_PREFIX,
)
from miops_collector.otlp.ids import key_of
from miops_collector.schema import FAULT_SUFFIX
from miops_collector.stores._answered import answered
from miops_collector.stores._database import Connection, Database
from miops_collector.stores._registry import Registry, Stream
from miops_collector.stores._selection import Selection
from miops_collector.stores._tables import Segment, Table

__all__ = ["Lookup"]

_GROUPS: Final = {
    "features": COLUMN_FEATURE_PREFIX,
    "context": COLUMN_CONTEXT_PREFIX,
    "attributions": COLUMN_ATTRIBUTION_PREFIX,
    "scores": COLUMN_SCORES_PREFIX,
}
_AT = "coalesce(g.prediction_time, g.time)"


@dataclass(frozen=True, slots=True)
class Lookup:
    """What is stored up to one commit. ``horizon`` is how far back truth about an entity reaches."""

    database: Database
    registry: Registry
    upto: int
    horizon: int

    def prediction(self, prediction_id: str) -> dict[str, Any] | None:
        """The newest prediction with this id, JSON-ready, with the truth that holds for it."""
        key = uuid.UUID(bytes=key_of(prediction_id))
        tables = {s.table.name: s.table for s in self.registry.of_kind("predictions")}
        with self.database.reading() as connection:
            for segment in (s for table in tables.values() for s in reversed(table.segments)):
                sql = f"SELECT stream, seq, rowid FROM {segment.path} WHERE key = ? AND seq <= ?"
                found = connection.execute(f"{sql} ORDER BY seq DESC LIMIT 1", [key, self.upto]).fetchall()
                if found:
                    return self._described(connection, segment, *found[0])
        return None

    def _described(self, connection: Connection, segment: Segment, number: int, seq: int, place: int) -> dict[str, Any]:
        stream = next(s for s in self.registry.streams if s.number == number)
        selection = Selection(stream)
        sql = f"SELECT {selection.sql(segment)} FROM {segment.path} WHERE rowid = ?"
        row = selection.table(connection.sql(sql, params=[place]).to_arrow_table()).to_pylist()[0]
        found = _fixed(row) | {"model": stream.key.name, "version": stream.key.version}
        for group, prefix in _GROUPS.items():
            found[group] = _named({n.removeprefix(prefix): v for n, v in row.items() if n.startswith(prefix)})
        failed = found["error_type"] is not None
        found["ground_truth"] = None if failed else self._truth(connection, stream, row, {"seq": seq, "place": place})
        return found

    def _truth(
        self, connection: Connection, stream: Stream, row: Mapping[str, Any], at: Mapping[str, int]
    ) -> dict[str, Any] | None:
        """The latest truth with a value, and the latest of each outcome."""
        outcomes = [(source, name) for (source, _), name in self.registry.truth.columns.items()]
        sql = _truth_sql(self.registry.truth.path, stream.table, [name for _, name in outcomes])
        trace = uuid.UUID(bytes=row["trace_id"]) if row["trace_id"] else None
        parameters = {
            "upto": self.upto, "horizon": self.horizon, "model": stream.key.name, "stream": stream.number,
            "key": uuid.UUID(bytes=row["key"]), "trace": trace, "row": row["row"] or 0, "entity": row["entity_id"],
            "time": row["time"], **at,
        }  # fmt: skip
        found = connection.execute(sql, parameters).fetchall()
        if not found:
            return None
        number, text, time, *_ = next((r for r in reversed(found) if r[0] is not None or r[1] is not None), found[-1])
        values = {
            source.partition(".")[2]: _plain(r[3 + i])
            for r in found for i, (source, _) in enumerate(outcomes) if r[3 + i] is not None
        }  # fmt: skip
        return {"value": _plain(number if text is None else text), "time": _time(time), "outcome": values}


def _truth_sql(log: str, table: Table, outcomes: list[str]) -> str:
    """All truth about one row, oldest first; about its entity only where no later prediction takes it over."""
    later = (
        "stream = $stream AND seq <= $upto AND entity_id = $entity AND row(time, seq, rowid) > row($time, $seq, $place)"
    )
    rows = table.union(lambda s: f"SELECT time FROM {s.path} WHERE {later} AND {answered(s)}")
    columns = "".join(f", g.{name}" for name in outcomes)
    return f"""
        SELECT g.truth_number, g.truth_text, g.time{columns} FROM {log} g
        WHERE g.seq <= $upto AND (g.model IS NULL OR g.model = $model) AND (
            g.key = $key OR (g.trace_id = $trace AND coalesce(g."row", 0) = $row)
            OR (g.entity_id = $entity AND {_AT} >= $time AND {_AT} < $time + $horizon AND NOT EXISTS (
                SELECT 1 FROM ({rows}) later WHERE later.time <= {_AT})))
        ORDER BY g.ord"""


def _fixed(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "prediction_id": row["id_text"] or str(uuid.UUID(bytes=row["key"])),
        "time": _time(row["time"]),
        "duration_seconds": None if row["duration"] is None else row["duration"] * 1e-9,
        "trace_id": row["trace_id"].hex() if row["trace_id"] else None,
        "span_id": row["span_id"].hex() if row["span_id"] else None,
        "row": row["row"],
        "value": _plain(row["value_number"] if row["value_text"] is None else row["value_text"]),
        "score": _plain(row["score"]),
        "threshold": _plain(row["threshold"]),
        "entity_id": row["entity_id"],
        "weight": 1.0 if row["weight"] is None else _plain(row["weight"]),
        "error_type": row.get(COLUMN_ERROR_TYPE),
    }


def _named(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values by column; one that came with another type than its column has is shown as it came."""
    faults = {name.removesuffix(FAULT_SUFFIX): v for name, v in values.items() if name.endswith(FAULT_SUFFIX)}
    own = {name: value for name, value in values.items() if not name.endswith(FAULT_SUFFIX)}
    return {name: _plain(value if faults.get(name) is None else faults[name]) for name, value in own.items()}


def _time(nanos: int) -> str:
    seconds, rest = divmod(nanos, 1_000_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest // 1000:06d}Z"


def _plain(value: Any) -> Any:
    """JSON has no NaN and no infinity."""
    return None if isinstance(value, float) and not math.isfinite(value) else value
