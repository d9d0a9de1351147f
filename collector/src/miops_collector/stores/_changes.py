"""What joined pairs of prediction and latest truth changed between two commits, as one SQL query per piece."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from miops_collector.stores._database import Database
from miops_collector.stores._registry import Stream
from miops_collector.stores._selection import Selection
from miops_collector.stores._tables import Segment, Table
from miops_collector.stores._truth import Touched

__all__ = ["Span", "changes"]

MOST_TOUCHED = 262_144
"""Rows and truths a piece starts from; a long recovery is cut into pieces along its commits."""

_VALUE = "{'n': g.truth_number, 't': g.truth_text}"


@dataclass(frozen=True, slots=True)
class Span:
    """Commits ``after < seq <= upto`` of one stream."""

    stream: Stream
    truth_path: str
    after: int
    upto: int
    horizon: int

    @property
    def parameters(self) -> dict[str, object]:
        return {
            "after": self.after, "upto": self.upto, "model": self.stream.key.name, "stream": self.stream.number,
        }  # fmt: skip


def changes(database: Database, span: Span, touched: Touched, *, by_key_only: bool) -> Iterator[pa.Table]:
    """Pairs that hold now and did not before (sign 1), and the other way round (sign -1)."""
    for piece in _pieces(database, span, touched):
        sql, selection = _by_key(piece, touched) if by_key_only else _by_any_name(piece)
        used = {name: value for name, value in piece.parameters.items() if f"${name}" in sql}
        with database.reading() as connection:
            for batch in connection.sql(sql, params=used).to_arrow_reader(selection.piece):
                if batch.num_rows:
                    yield _signed(selection, batch)


def _pieces(database: Database, span: Span, touched: Touched) -> Iterator[Span]:
    """Cut along commits. Changes telescope: those of the pieces add up to those of the whole."""
    if touched.rows is not None and len(touched.rows) < MOST_TOUCHED // 16_384:
        yield span
        return
    between = "seq > $after AND seq <= $upto"
    rows_of = span.stream.table.union(lambda s: f"SELECT seq FROM {s.path} WHERE {between} AND stream = $stream")
    counts = database.fetch(
        f"SELECT seq, count(*) FROM (SELECT seq FROM {span.truth_path} WHERE {between} UNION ALL {rows_of})"
        " GROUP BY seq ORDER BY seq",
        {name: span.parameters[name] for name in ("after", "upto", "stream")},
    )
    after, rows = span.after, 0
    for seq, count in counts:
        rows += count
        if rows >= MOST_TOUCHED:
            yield Span(span.stream, span.truth_path, after, seq, span.horizon)
            after, rows = seq, 0
    if rows:
        yield Span(span.stream, span.truth_path, after, span.upto, span.horizon)


def _truth(span: Span, condition: str = "true") -> str:
    """Truth about this model that has a value: an outcome alone says nothing about what is true."""
    return (
        f"SELECT * FROM {span.truth_path} WHERE seq <= $upto AND (model IS NULL OR model = $model)"
        f" AND (truth_number IS NOT NULL OR truth_text IS NOT NULL) AND {condition}"
    )


def _by_key(span: Span, touched: Touched) -> tuple[str, Selection]:
    """The plain case, one hash join on the key: no truth ever named a trace or an entity."""
    selection, table = Selection(span.stream), span.stream.table
    wanted = f"SELECT DISTINCT key FROM ({_truth(span, 'seq > $after')})"
    if touched.rows is None:
        new = "stream = $stream AND seq > $after AND seq <= $upto"
        wanted += f" UNION ({table.union(lambda s: f'SELECT key FROM {s.path} WHERE {new}')})"
    elif touched.rows:
        seqs = [s for s in touched.rows if span.after < s <= span.upto]
        new = f"stream = $stream AND seq IN ({', '.join(str(s) for s in seqs) or 'NULL'})"
        wanted += f" UNION ({table.union(lambda s: f'SELECT key FROM {s.path} WHERE {new}')})"
    log = _truth(span) if touched.corrections else _truth(span, "seq > $after")
    sql = f"""
        WITH wanted AS MATERIALIZED ({wanted}),
        latest AS MATERIALIZED (
            SELECT g.key AS key, arg_max({_VALUE}, g.ord) AS now,
                arg_max({_VALUE}, g.ord) FILTER (g.seq <= $after) AS was
            FROM ({log}) g SEMI JOIN wanted USING (key) GROUP BY g.key)
        """
    held = "p.stream = $stream AND p.seq <= $upto AND (p.seq > $after OR now IS DISTINCT FROM was)"
    return sql + table.union(
        lambda s: (
            f"SELECT {selection.sql(s, 'p')}, {_SELECT} FROM {s.path} p JOIN latest ON p.key = latest.key WHERE {held}"
        )
    ), selection


_SELECT = (
    "now.n AS now_number, now.t AS now_text, was.n AS was_number, was.t AS was_text,"
    " now IS NOT NULL AS holds, was IS NOT NULL AND p.seq <= $after AS held"
)


def _by_any_name(span: Span) -> tuple[str, Selection]:
    """Truth by key, by trace and row, and by entity and time; the latest of any kind holds.

    Truth about an entity belongs to that entity's latest prediction at or before its time, which a prediction that
    comes late may take over: so every prediction of an entity concerned is looked at before and after.
    """
    selection, table = Selection(span.stream), span.stream.table
    at = "coalesce(g.prediction_time, g.time)"
    held = f"""
            SELECT g.ord AS ord, any_value(g.seq) AS seq, any_value({_VALUE}) AS value,
                arg_max(t.place, row(t.time, t.seq, t.place)) AS place
            FROM g JOIN t ON t.entity_id = g.entity_id AND t.time <= {at} AND t.time > {at} - {span.horizon}"""
    sql = f"""
        WITH g AS MATERIALIZED ({_truth(span)}),
        p AS ({table.union(_named_rows(table))}),
        fresh AS (SELECT * FROM g WHERE seq > $after),
        direct AS MATERIALIZED (
            SELECT p.* FROM p SEMI JOIN (SELECT * FROM fresh WHERE key IS NOT NULL) f USING (key)
            UNION SELECT p.* FROM p JOIN fresh f ON p.trace_id = f.trace_id AND p.nr = coalesce(f."row", 0)
            UNION SELECT p.* FROM p WHERE seq > $after),
        entities AS MATERIALIZED (
            SELECT DISTINCT entity_id FROM g WHERE entity_id IN (
                SELECT entity_id FROM fresh WHERE entity_id IS NOT NULL
                UNION SELECT entity_id FROM direct WHERE entity_id IS NOT NULL)),
        t AS MATERIALIZED (SELECT * FROM direct UNION SELECT p.* FROM p SEMI JOIN entities USING (entity_id)),
        named AS MATERIALIZED (
            SELECT g.ord AS ord, g.seq AS seq, {_VALUE} AS value, t.place AS place FROM t JOIN g ON t.key = g.key
            UNION ALL
            SELECT g.ord, g.seq, {_VALUE}, t.place
            FROM t JOIN g ON t.trace_id = g.trace_id AND t.nr = coalesce(g."row", 0)),
        now_pairs AS (
            SELECT place, arg_max(value, ord) AS now FROM (
                SELECT ord, value, place FROM named
                UNION ALL SELECT ord, value, place FROM ({held} GROUP BY g.ord)) GROUP BY place),
        was_pairs AS (
            SELECT place, arg_max(value, ord) AS was FROM (
                SELECT ord, value, place FROM named SEMI JOIN (SELECT place FROM t WHERE seq <= $after) USING (place)
                WHERE seq <= $after
                UNION ALL SELECT ord, value, place FROM (
                    {held} WHERE g.seq <= $after AND t.seq <= $after GROUP BY g.ord)) GROUP BY place),
        changed AS MATERIALIZED (
            SELECT coalesce(n.place, w.place) AS place, now, was
            FROM now_pairs n FULL JOIN was_pairs w ON n.place = w.place WHERE now IS DISTINCT FROM was)
        """
    return sql + table.union(
        lambda s: (
            f"SELECT {selection.sql(s, 'p')}, {_SELECT} FROM {s.path} p"
            f" JOIN changed ON p.rowid + {_first_place(table, s)} = changed.place"
        )
    ), selection


def _first_place(table: Table, segment: Segment) -> int:
    """Places are row numbers, counted on from segment to segment."""
    return table.segments.index(segment) << 48


def _named_rows(table: Table) -> Callable[[Segment], str]:
    return lambda s: (
        f'SELECT rowid + {_first_place(table, s)} AS place, seq, key, trace_id, coalesce("row", 0) AS nr,'
        f" entity_id, time FROM {s.path} WHERE stream = $stream AND seq <= $upto"
    )


def _signed(selection: Selection, batch: pa.RecordBatch) -> pa.Table:
    rows = selection.table(batch)
    now_number, now_text, was_number, was_text, holds, held = batch.columns[len(selection) :]
    plus = _one_side(rows, now_number, now_text, holds, 1.0)
    minus = _one_side(rows, was_number, was_text, held, -1.0)
    return pa.concat_tables([plus, minus])


def _one_side(rows: pa.Table, number: pa.Array, text: pa.Array, holds: pa.Array, sign: float) -> pa.Table:
    table = rows.append_column("truth_number", number).append_column("truth_text", text)
    table = table.append_column("sign", pa.array(np.full(rows.num_rows, sign)))
    chosen = holds.storage.cast(pa.bool_()) if isinstance(holds, pa.ExtensionArray) else holds
    return table if pc.all(chosen).as_py() else table.filter(chosen)
