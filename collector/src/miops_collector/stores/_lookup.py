"""Single predictions for people: one by its id with everything known of it, and ids of examples of an alarm."""

from __future__ import annotations

import math
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import pyarrow as pa

from miops.semconv import (
    COLUMN_ATTRIBUTION_PREFIX,
    COLUMN_CONTEXT_PREFIX,
    COLUMN_FEATURE_PREFIX,
    COLUMN_SCORES_PREFIX,
)
from miops_collector.errors import InputError, did_you_mean
from miops_collector.otlp.ids import key_of
from miops_collector.report import ModelKey
from miops_collector.schema import FAULT_SUFFIX
from miops_collector.stores._columns import FIXED
from miops_collector.stores._database import Database
from miops_collector.stores._registry import Registry, Stream, Table
from miops_collector.stores._rows import Selection

__all__ = ["examples", "prediction"]

_GROUPS: Final = {
    "features": COLUMN_FEATURE_PREFIX,
    "context": COLUMN_CONTEXT_PREFIX,
    "attributions": COLUMN_ATTRIBUTION_PREFIX,
    "scores": COLUMN_SCORES_PREFIX,
}


def prediction(
    database: Database, registry: Registry, prediction_id: str, upto: int, horizon: int
) -> dict[str, Any] | None:
    """The newest prediction with this id, JSON-ready, with the truth that holds for it."""
    key = uuid.UUID(bytes=key_of(prediction_id))
    tables = {s.table.name: s.table for s in registry.of_kind("predictions")}
    for table in tables.values():
        sql = f"SELECT stream, rowid FROM {table.path} WHERE key = ? AND seq <= ? ORDER BY seq DESC LIMIT 1"
        found = database.fetch(sql, [key, upto])
        if found:
            number, place = found[0]
            stream = next(s for s in registry.streams if s.number == number)
            return _described(database, registry, stream, place, upto, horizon)
    return None


def _described(
    database: Database, registry: Registry, stream: Stream, place: int, upto: int, horizon: int
) -> dict[str, Any]:
    selection = Selection(stream)
    answer = database.table(f"SELECT {selection.sql} FROM {stream.table.path} WHERE rowid = ?", [place])
    row = selection.table(answer).to_pylist()[0]
    value = row["value_text"] if row["value_text"] is not None else row["value_number"]
    found: dict[str, Any] = {
        "prediction_id": row["id_text"] or str(uuid.UUID(bytes=row["key"])),
        "model": stream.key.name,
        "version": stream.key.version,
        "time": _time(row["time"]),
        "duration_seconds": None if row["duration"] is None else row["duration"] * 1e-9,
        "trace_id": row["trace_id"].hex() if row["trace_id"] else None,
        "span_id": row["span_id"].hex() if row["span_id"] else None,
        "row": row["row"],
        "value": _plain(value),
        "score": _plain(row["score"]),
        "threshold": _plain(row["threshold"]),
        "entity_id": row["entity_id"],
        "weight": 1.0 if row["weight"] is None else _plain(row["weight"]),
    }
    for group, prefix in _GROUPS.items():
        found[group] = {name.removeprefix(prefix): _plain(v) for name, v in row.items() if name.startswith(prefix)}
    found["ground_truth"] = _truth(database, registry, stream, row, place, upto, horizon)
    return found


def _truth(
    database: Database, registry: Registry, stream: Stream, row: Mapping[str, Any], place: int, upto: int, horizon: int
) -> dict[str, Any] | None:
    log, outcomes = registry.truth, list(registry.truth.columns.items())
    names = "".join(f", g.{name}" for _, name in outcomes)
    sql = f"""
        SELECT g.truth_number, g.truth_text, g.time{names} FROM {log.path} g
        WHERE g.seq <= $upto AND (g.model IS NULL OR g.model = $model) AND (
            g.key = $key OR (g.trace_id = $trace AND coalesce(g."row", 0) = $row)
            OR (g.entity_id = $entity AND {_AT} >= $time AND {_AT} < $time + $horizon AND NOT EXISTS (
                SELECT 1 FROM {stream.table.path} t
                WHERE t.stream = $stream AND t.seq <= $upto AND t.entity_id = $entity AND t.time <= {_AT}
                AND row(t.time, t.seq, t.rowid) > row($time, (SELECT seq FROM {stream.table.path} WHERE rowid = $place), $place))))
        ORDER BY g.ord"""
    parameters = {
        "upto": upto, "model": stream.key.name, "key": uuid.UUID(bytes=row["key"]), "row": row["row"] or 0,
        "trace": uuid.UUID(bytes=row["trace_id"]) if row["trace_id"] else None, "entity": row["entity_id"],
        "time": row["time"], "horizon": horizon, "stream": stream.number, "place": place,
    }  # fmt: skip
    found = database.fetch(sql, parameters)
    if not found:
        return None
    told = [r for r in found if r[0] is not None or r[1] is not None]
    newest = told[-1] if told else found[-1]
    outcome = {s: r[3 + i] for r in found for i, ((s, _), _n) in enumerate(outcomes) if r[3 + i] is not None}
    return {
        "value": _plain(newest[1] if newest[1] is not None else newest[0]),
        "time": _time(newest[2]),
        "outcome": {source.partition(".")[2]: _plain(v) for source, v in outcome.items()},
    }


_AT = "coalesce(g.prediction_time, g.time)"


def _time(nanos: int) -> str:
    seconds, rest = divmod(nanos, 1_000_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest // 1000:06d}Z"


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


# --- examples ------------------------------------------------------------------------------------------------------------

_CONDITIONS: Final = ("missing", "below", "above", "equals", "not_in", "fault")


def examples(
    database: Database, stream: Stream, *, start: int, end: int, where: Mapping[str, Any], limit: int
) -> list[str]:
    """Ids of predictions in ``[start, end)`` that fulfil a condition on one column, newest first."""
    condition, parameters = _condition(stream, where)
    rows = database.fetch(
        f"SELECT coalesce(id_text, CAST(key AS VARCHAR)) FROM {stream.table.path}"
        f" WHERE stream = ? AND time >= ? AND time < ? AND {condition} ORDER BY time DESC LIMIT ?",
        [stream.number, start, end, *parameters, limit],
    )
    return [str(found) for (found,) in rows]


def _condition(stream: Stream, where: Mapping[str, Any]) -> tuple[str, list[Any]]:
    if not where:
        return "true", []
    kind = next((name for name in _CONDITIONS if name in where), "")
    if not kind:
        msg = f"no condition in {dict(where)!r}{did_you_mean('', _CONDITIONS)}"
        raise InputError(msg)
    column, faults = _expressions(stream, str(where.get("source", "")))
    wanted = where[kind]
    texts = [str(text) for text in wanted] if kind == "not_in" else []
    table: dict[str, tuple[str, list[Any]]] = {
        "missing": (f"({column} IS NULL OR CAST({column} AS VARCHAR) = 'nan') AND {faults} IS NULL", []),
        "below": (f"TRY_CAST({column} AS DOUBLE) < ?", [wanted]),
        "above": (f"TRY_CAST({column} AS DOUBLE) > ? AND NOT isnan(TRY_CAST({column} AS DOUBLE))", [wanted]),
        "equals": (f"CAST({column} AS VARCHAR) = ?", [str(wanted)]),
        "not_in": (f"CAST({column} AS VARCHAR) NOT IN (SELECT unnest(?::VARCHAR[]))", [texts]),
        "fault": (f"{faults} IS NOT NULL", []),
    }
    return table[kind]


def _expressions(stream: Stream, source: str) -> tuple[str, str]:
    """SQL of a column and of its faults."""
    if source in ("value", "prediction"):
        return "coalesce(value_text, CAST(value_number AS VARCHAR))", "NULL"
    if source in {f.name for f in FIXED["predictions"]}:
        return f'"{source}"', "NULL"
    if source not in stream.declared:
        msg = f"model {stream.key.name!r} has no column {source!r}{did_you_mean(source, stream.declared)}"
        raise InputError(msg)
    columns = stream.table.columns
    others = [name for (s, f), name in columns.items() if s == source and f != stream.declared[source]]
    texts = ", ".join(f"CAST({name} AS VARCHAR)" for name in others)
    return columns[source, stream.declared[source]], f"coalesce({texts})" if others else "NULL"
