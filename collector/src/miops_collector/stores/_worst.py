"""Ids of the predictions of a time range that a model was most wrong or least sure about."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from miops_collector.stores._database import Database
from miops_collector.stores._registry import Stream

__all__ = ["WORST", "worst"]

_TEXT = "replace(replace(lower({0}), 'true', '1'), 'false', '0')"
_SAID, _TRUE = (_TEXT.format(f"coalesce({x}_text, CAST({x}_number AS VARCHAR))") for x in ("value", "truth"))
_ROWS = """
    SELECT coalesce(id_text, CAST(key AS VARCHAR)) AS id, key, trace_id, coalesce("row", 0) AS nr, time, score,
        value_number, value_text FROM {path}
    WHERE stream = $stream AND time >= $start AND time < $end"""
_TRUTH = """
    t AS (SELECT * FROM {truth} WHERE (model IS NULL OR model = $model)
        AND (truth_number IS NOT NULL OR truth_text IS NOT NULL)),
    named AS (SELECT p.*, t.truth_number, t.truth_text, t.ord FROM p JOIN t ON t.key = p.key
        UNION ALL SELECT p.*, t.truth_number, t.truth_text, t.ord
        FROM p JOIN t ON t.trace_id = p.trace_id AND coalesce(t."row", 0) = p.nr),
    known AS (SELECT * FROM named QUALIFY row_number() OVER (PARTITION BY key, time ORDER BY ord DESC) = 1)"""
WORST: Final = {
    "wrong": (
        "known", f"{_SAID} <> {_TRUE} AND coalesce(TRY_CAST({_SAID} AS DOUBLE) <> TRY_CAST({_TRUE} AS DOUBLE), true)",
        "abs(score - $wanted) DESC NULLS LAST",
    ),
    "error": ("known", "isfinite(value_number - truth_number)", "abs(value_number - truth_number) DESC"),
    "unsure": ("p", "isfinite(score)", "abs(score - $wanted)"),
}  # fmt: skip
"""Where to look, for what, and what comes first; ``wanted`` is the score of a model that does not know."""


def worst(
    database: Database, stream: Stream, truth: str, *, start: int, end: int, where: Mapping[str, Any], limit: int
) -> list[str]:
    """Wrong decisions, the surest first; values that were farthest off; or rows of which the model was least sure.

    Truth that names an entity is not looked for: which prediction it belongs to would take a longer search.
    """
    kind = next(name for name in WORST if name in where)
    source, condition, order = WORST[kind]
    rows = stream.table.union(lambda s: _ROWS.format(path=s.path))
    tables = f"p AS ({rows})" + (f",{_TRUTH.format(truth=truth)}" if source == "known" else "")
    sql = f"WITH {tables} SELECT id FROM {source} WHERE {condition} ORDER BY {order}, time DESC LIMIT {int(limit)}"
    given = {"stream": stream.number, "start": start, "end": end, "model": stream.key.name, "wanted": where[kind]}
    found = database.fetch(sql, {name: value for name, value in given.items() if f"${name}" in sql})
    return [str(one) for (one,) in found]
