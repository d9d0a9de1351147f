"""Ids of predictions that show what an alarm is about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from miops_collector.errors import InputError, did_you_mean
from miops_collector.stores._columns import FIXED
from miops_collector.stores._database import Database
from miops_collector.stores._registry import Stream

__all__ = ["examples"]

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
