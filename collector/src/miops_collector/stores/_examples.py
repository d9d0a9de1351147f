"""Ids of predictions that show what an alarm is about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from miops_collector.errors import InputError, did_you_mean
from miops_collector.stores._columns import FIXED
from miops_collector.stores._database import Database
from miops_collector.stores._registry import Stream
from miops_collector.stores._tables import Segment

__all__ = ["examples"]

_VALUE: Final = "coalesce(value_text, CAST(value_number AS VARCHAR))"
_CONDITIONS: Final = {
    "": "true",
    "missing": "({0} IS NULL OR CAST({0} AS VARCHAR) = 'nan') AND {1} IS NULL",
    "present": "({0} IS NOT NULL AND CAST({0} AS VARCHAR) <> 'nan' OR {1} IS NOT NULL)",
    "below": "TRY_CAST({0} AS DOUBLE) < $wanted",
    "above": "TRY_CAST({0} AS DOUBLE) > $wanted AND NOT isnan(TRY_CAST({0} AS DOUBLE))",
    "equals": "CAST({0} AS VARCHAR) = $texts",
    "not_in": "CAST({0} AS VARCHAR) NOT IN (SELECT unnest($texts::VARCHAR[]))",
    "fault": "{1} IS NOT NULL",
}
"""SQL of each condition on a column and on its values of another type."""


def examples(
    database: Database, stream: Stream, *, start: int, end: int, where: Mapping[str, Any], limit: int
) -> list[str]:
    """Ids of predictions in ``[start, end)`` that fulfil a condition on a column, newest first.

    ``also`` besides says what other columns equal.
    """
    kind, wanted = _wanted(where)
    texts = [str(text) for text in wanted] if kind == "not_in" else str(wanted)
    source, decided = str(where.get("source", "")), [str(text) for text in where.get("decided", ())]
    of_decision = f" AND {_VALUE} IN (SELECT unnest($decided::VARCHAR[]))" if decided else ""
    also = list(where.get("also", {}).items())
    sql = stream.table.union(
        lambda s: (
            f"SELECT coalesce(id_text, CAST(key AS VARCHAR)) AS id, time FROM {s.path}"
            " WHERE stream = $stream AND time >= $start AND time < $end"
            f" AND {_CONDITIONS[kind].format(*_expressions(stream, s, source))}{of_decision}"
            + "".join(
                f" AND CAST({_expressions(stream, s, other)[0]} AS VARCHAR) = $also{i}"
                for i, (other, _) in enumerate(also)
            )
        )
    )
    parameters = {
        "stream": stream.number, "start": start, "end": end, "wanted": wanted, "texts": texts, "decided": decided,
    }  # fmt: skip
    parameters |= {f"also{i}": str(text) for i, (_, text) in enumerate(also)}
    used = {name: value for name, value in parameters.items() if f"${name}" in sql}
    rows = database.fetch(f"SELECT id FROM ({sql}) ORDER BY time DESC LIMIT {int(limit)}", used)
    return [str(found) for (found,) in rows]


def _wanted(where: Mapping[str, Any]) -> tuple[str, Any]:
    if not where:
        return "", None
    kind = next((name for name in _CONDITIONS if name and name in where), "")
    if not kind:
        msg = f"no condition in {dict(where)!r}{did_you_mean('', filter(None, _CONDITIONS))}"
        raise InputError(msg)
    wanted = where[kind]
    return ("present" if kind == "missing" and not wanted else kind), wanted


def _expressions(stream: Stream, segment: Segment, source: str) -> tuple[str, str]:
    """SQL of a column and of its faults."""
    if source in ("", "value", "prediction"):
        return _VALUE, "NULL"
    if source in {f.name for f in FIXED["predictions"]}:
        return f'"{source}"', "NULL"
    if source not in stream.declared:
        msg = f"model {stream.key.name!r} has no column {source!r}{did_you_mean(source, stream.declared)}"
        raise InputError(msg)
    declared = stream.declared[source]
    others = [name for (s, family), name in segment.columns.items() if s == source and family != declared]
    texts = ", ".join(f"CAST({name} AS VARCHAR)" for name in others)
    return segment.columns.get((source, declared), "NULL"), f"coalesce({texts})" if others else "NULL"
