"""What joined pairs of prediction and latest truth changed between two commits, in bounded pieces."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from miops_collector.stores._database import Database
from miops_collector.stores._joins import Span, by_any_name, by_key
from miops_collector.stores._selection import Selection

__all__ = ["changes"]

MOST_TOUCHED = 262_144
"""Rows and truths a piece starts from; a long recovery is cut into pieces along its commits."""
FEW_COMMITS = 16
"""So few commits of new rows are one piece without counting them."""


def changes(
    database: Database, span: Span, columns: Collection[str] | None, *, by_key_only: bool
) -> Iterator[pa.Table]:
    """Pairs that hold now and did not before (sign 1), and the other way round (sign -1)."""
    selection = Selection(span.stream, columns)
    for piece in _pieces(database, span):
        sql = by_key(piece, selection) if by_key_only else by_any_name(piece, selection)
        used = {name: value for name, value in piece.parameters.items() if f"${name}" in sql}
        with database.reading() as connection:
            for batch in connection.sql(sql, params=used).to_arrow_reader(selection.piece):
                if batch.num_rows:
                    yield _signed(selection, batch)


def _pieces(database: Database, span: Span) -> Iterator[Span]:
    """Cut along commits. Changes telescope: those of the pieces add up to those of the whole."""
    if span.touched.rows is not None and len(span.touched.rows) < FEW_COMMITS:
        yield span
        return
    truth = f"SELECT seq FROM {span.truth_path} WHERE seq > $after AND seq <= $upto"
    rows = span.union("seq", "seq > $after")
    names = ("after", "upto", "stream")
    counts = database.fetch(
        f"SELECT seq, count(*) FROM ({truth} UNION ALL {rows}) GROUP BY seq ORDER BY seq",
        {name: span.parameters[name] for name in names},
    )
    after, total = span.after, 0
    for seq, count in counts:
        total += count
        if total >= MOST_TOUCHED:
            yield replace(span, after=after, upto=seq)
            after, total = seq, 0
    if total:
        yield replace(span, after=after)


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
