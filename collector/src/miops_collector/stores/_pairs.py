"""Rows of two versions about the same entity at about the same time, as pairs, with what turned out to be true."""

from __future__ import annotations

from miops_collector.stores._answered import answered
from miops_collector.stores._database import Database
from miops_collector.stores._registry import Stream
from miops_collector.stores._store import Pairs

__all__ = ["pairs"]

_IN_TIME = "stream = $stream AND time >= $start AND time < $end AND entity_id <> ''"
_COLUMNS = 'entity_id, time, key, trace_id, "row", value_number, value_text, score'
_ROWS = """
    SELECT {side} AS side, entity_id, time, key, {{'key': key, 'trace': trace_id, 'nr': coalesce("row", 0),
        'number': value_number, 'text': value_text, 'score': score}} AS r
    FROM ({segments}) ORDER BY time DESC, key LIMIT {limit}"""
_NEIGHBOURS = "(PARTITION BY entity_id ORDER BY time, side, key)"
_PAIRS = f"""
    WITH one AS ({{one}}), other AS ({{other}}),
    linked AS (
        SELECT *, lead(r) OVER w AS following,
            CASE WHEN lead(side) OVER w <> side THEN lead(time) OVER w - time END AS gap
        FROM (FROM one UNION ALL FROM other) WINDOW w AS {_NEIGHBOURS}),
    compared AS (
        SELECT *, lag(gap) OVER w AS before, lead(gap) OVER w AS after FROM linked WINDOW w AS {_NEIGHBOURS}),
    p AS MATERIALIZED (
        SELECT row_number() OVER (ORDER BY time, key) AS pair, entity_id, time,
            CASE side WHEN 0 THEN r ELSE following END AS a, CASE side WHEN 0 THEN following ELSE r END AS b
        FROM compared
        WHERE gap <= $within AND coalesce(gap < before, true) AND coalesce(gap <= after, true)),
    t AS (
        SELECT key, trace_id, coalesce("row", 0) AS nr, entity_id, coalesce(prediction_time, time) AS at, ord,
            {{{{'n': truth_number, 't': truth_text}}}} AS value
        FROM {{truth}}
        WHERE (model IS NULL OR model = $model) AND (truth_number IS NOT NULL OR truth_text IS NOT NULL)),
    named AS (
        SELECT pair, ord, value FROM p JOIN t ON t.key = p.a.key
        UNION ALL SELECT pair, ord, value FROM p JOIN t ON t.key = p.b.key
        UNION ALL SELECT pair, ord, value FROM p JOIN t ON t.trace_id = p.a.trace AND t.nr = p.a.nr
        UNION ALL SELECT pair, ord, value FROM p JOIN t ON t.trace_id = p.b.trace AND t.nr = p.b.nr
        UNION ALL SELECT pair, ord, value
            FROM (FROM t WHERE entity_id IS NOT NULL) t ASOF JOIN p ON t.entity_id = p.entity_id AND t.at >= p.time
            WHERE t.at - p.time < $horizon),
    known AS (SELECT pair, arg_max(value, ord) AS value FROM named GROUP BY pair)
    SELECT p.time AS time, a.number AS one_number, a.text AS one_text, a.score AS one_score,
        b.number AS other_number, b.text AS other_text, b.score AS other_score,
        known.value.n AS truth_number, known.value.t AS truth_text
    FROM p LEFT JOIN known USING (pair) ORDER BY pair"""


def pairs(
    database: Database, one: Stream, other: Stream, truth: str, *,
    start: int, end: int, within: int, horizon: int, limit: int,
) -> Pairs:  # fmt: skip
    """As :meth:`Store.pairs <miops_collector.stores._store.Store.pairs>` says."""
    given = {"start": start, "end": end, "within": within, "horizon": horizon, "model": one.key.name,
             "one": one.number, "other": other.number}  # fmt: skip
    sql = _PAIRS.format(one=_rows(one, "one", 0, limit), other=_rows(other, "other", 1, limit), truth=truth)
    table = database.table(sql, given)
    return Pairs(table, _count(database, one, start, end), _count(database, other, start, end))


def _rows(stream: Stream, name: str, side: int, limit: int) -> str:
    where = _IN_TIME.replace("$stream", f"${name}")
    segments = stream.table.union(lambda s: f"SELECT {_COLUMNS} FROM {s.path} WHERE {where} AND {answered(s)}")
    return _ROWS.format(side=side, limit=int(limit), segments=segments)


def _count(database: Database, stream: Stream, start: int, end: int) -> int:
    rows = stream.table.union(lambda s: f"SELECT time FROM {s.path} WHERE {_IN_TIME} AND {answered(s)}")
    found = database.fetch(f"SELECT count(*) FROM ({rows})", {"stream": stream.number, "start": start, "end": end})
    return int(found[0][0])
