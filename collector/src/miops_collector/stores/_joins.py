"""SQL that finds, between two commits, which predictions have another latest truth than before.

Each query has common tables that end in one of predictions and their truth ``now`` and before (``was``), and a final
part for each segment of the predictions' table.
"""

from __future__ import annotations

from dataclasses import dataclass

from miops_collector.stores._answered import answered
from miops_collector.stores._registry import Stream
from miops_collector.stores._selection import Selection
from miops_collector.stores._tables import Segment
from miops_collector.stores._truth import Touched

__all__ = ["Span", "by_any_name", "by_key"]


@dataclass(frozen=True, slots=True)
class Span:
    """Commits ``after < seq <= upto`` of one stream, and what is known to have happened in them."""

    stream: Stream
    truth_path: str
    after: int
    upto: int
    horizon: int
    touched: Touched

    @property
    def parameters(self) -> dict[str, object]:
        return {
            "after": self.after, "upto": self.upto, "model": self.stream.key.name, "stream": self.stream.number,
            "horizon": self.horizon,
        }  # fmt: skip

    @property
    def waited_for(self) -> str:
        """Condition on new predictions that truth may have been waiting for."""
        if self.touched.rows is None:
            return "seq > $after"
        seqs = [str(seq) for seq in self.touched.rows if self.after < seq <= self.upto]
        return f"seq IN ({', '.join(seqs)})" if seqs else "false"

    def truth(self, condition: str = "true") -> str:
        """Truth about this model that has a value: an outcome alone says nothing about what is true."""
        return (
            f"SELECT * FROM {self.truth_path} WHERE seq <= $upto AND (model IS NULL OR model = $model)"
            f" AND (truth_number IS NOT NULL OR truth_text IS NOT NULL) AND {condition}"
        )

    def union(self, columns: str, condition: str) -> str:
        """Predictions of the stream that fulfil a condition."""
        where = f"stream = $stream AND seq <= $upto AND {condition}"
        return self.stream.table.union(lambda s: f"SELECT {columns} FROM {s.path} WHERE {where}")


_VALUE = "{'n': g.truth_number, 't': g.truth_text}"
_AT = "coalesce(g.prediction_time, g.time)"
_SELECT = (
    "now.n AS now_number, now.t AS now_text, was.n AS was_number, was.t AS was_text,"
    " now IS NOT NULL AS holds, was IS NOT NULL AND p.seq <= $after AS held"
)


def by_key(span: Span, selection: Selection) -> str:
    """The plain case, one hash join on the key: no truth ever named a trace or an entity."""
    log = span.truth() if span.touched.corrections else span.truth("seq > $after")
    common = f"""
        WITH wanted AS MATERIALIZED (
            SELECT key FROM ({span.truth("seq > $after")}) UNION ({span.union("key", span.waited_for)})),
        latest AS MATERIALIZED (
            SELECT g.key AS key, arg_max({_VALUE}, g.ord) AS now,
                arg_max({_VALUE}, g.ord) FILTER (g.seq <= $after) AS was
            FROM ({log}) g SEMI JOIN wanted USING (key) GROUP BY g.key)
        """
    changed = "p.stream = $stream AND p.seq <= $upto AND (p.seq > $after OR now IS DISTINCT FROM was)"
    return common + span.stream.table.union(
        lambda s: (
            f"SELECT {selection.sql(s, 'p')}, {_SELECT} FROM {s.path} p JOIN latest ON p.key = latest.key"
            f" WHERE {changed} AND {answered(s, 'p')}"
        )
    )


_BY_ANY_NAME = """
        WITH log AS NOT MATERIALIZED ({truth}),
        fresh AS MATERIALIZED ({fresh}),
        p AS NOT MATERIALIZED ({rows}),
        direct AS MATERIALIZED (
            SELECT p.* FROM p SEMI JOIN (SELECT key FROM fresh WHERE key IS NOT NULL) f USING (key)
            UNION SELECT p.* FROM p JOIN fresh f ON p.trace_id = f.trace_id AND p.nr = coalesce(f."row", 0)
            UNION {waited_for}),
        concerned AS MATERIALIZED (
            SELECT entity_id FROM fresh WHERE entity_id IS NOT NULL
            UNION SELECT entity_id FROM direct WHERE entity_id IS NOT NULL),
        entities AS MATERIALIZED (SELECT DISTINCT entity_id FROM log SEMI JOIN concerned USING (entity_id)),
        t AS MATERIALIZED (SELECT * FROM direct UNION SELECT p.* FROM p SEMI JOIN entities USING (entity_id)),
        g AS MATERIALIZED (
            SELECT log.* FROM log SEMI JOIN t USING (key)
            UNION ALL SELECT log.* FROM log SEMI JOIN t USING (trace_id)
            UNION ALL SELECT log.* FROM log SEMI JOIN entities USING (entity_id)),
        named AS MATERIALIZED (
            SELECT g.ord AS ord, g.seq AS seq, {value} AS value, t.place AS place FROM t JOIN g ON t.key = g.key
            UNION ALL
            SELECT g.ord, g.seq, {value}, t.place
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
_HELD = f"""
            SELECT g.ord AS ord, any_value({_VALUE}) AS value, arg_max(t.place, row(t.time, t.seq, t.place)) AS place
            FROM g JOIN t ON t.entity_id = g.entity_id AND t.time <= {_AT} AND t.time > {_AT} - $horizon"""


def by_any_name(span: Span, selection: Selection) -> str:
    """Truth by key, by trace and row, and by entity and time; the latest of any kind holds.

    Truth about an entity belongs to that entity's latest prediction at or before its time, which a prediction that
    comes late may take over: so every prediction of an entity concerned is looked at before and after.
    """
    common = _BY_ANY_NAME.format(
        truth=span.truth(),
        fresh=span.truth("seq > $after"),
        rows=span.stream.table.union(lambda s: _named(span, s, "true")),
        waited_for=span.stream.table.union(lambda s: _named(span, s, span.waited_for)).replace("UNION ALL", "UNION"),
        value=_VALUE,
        held=_HELD,
    )
    return common + span.stream.table.union(
        lambda s: (
            f"SELECT {selection.sql(s, 'p')}, {_SELECT} FROM {s.path} p"
            f" JOIN changed ON p.rowid + {_first_place(span, s)} = changed.place"
        )
    )


def _first_place(span: Span, segment: Segment) -> int:
    """Places are row numbers, counted on from segment to segment."""
    return span.stream.table.segments.index(segment) << 48


def _named(span: Span, segment: Segment, condition: str) -> str:
    return (
        f'SELECT rowid + {_first_place(span, segment)} AS place, seq, key, trace_id, coalesce("row", 0) AS nr,'
        f" entity_id, time FROM {segment.path} WHERE stream = $stream AND seq <= $upto AND {condition}"
        f" AND {answered(segment)}"
    )
