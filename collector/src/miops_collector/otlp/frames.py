"""Frames of spans and single events, whose values are attributes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from miops import semconv
from miops_collector.otlp.arrow_column import ArrowColumn
from miops_collector.otlp.attributes import Attributes
from miops_collector.otlp.canonical import TelemetryKind
from miops_collector.otlp.cells import Cells, string_array
from miops_collector.otlp.class_scores import class_scores
from miops_collector.otlp.column import Array, Column, as_text, fixed
from miops_collector.otlp.failures import failed_spans, with_status
from miops_collector.otlp.frame import Frame, Model
from miops_collector.otlp.hashing import hash_ranges
from miops_collector.otlp.items import SPAN_ID, TEXT, TRACE_ID, Items
from miops_collector.otlp.kernel import kernel
from miops_collector.otlp.model import by_model, describe
from miops_collector.otlp.rows import RowItems, rows_of
from miops_collector.otlp.sampling import adjusted_counts
from miops_collector.otlp.settings import DecodeSettings
from miops_collector.otlp.types import Bytes, Flags, Longs
from miops_collector.otlp.verdict import Tally

__all__ = ["frames"]


def frames(
    kind: TelemetryKind, items: Items, names: tuple[str, ...], settings: DecodeSettings, tally: Tally, *,
    model_required: bool = True,
) -> Iterator[tuple[Model, Frame]]:  # fmt: skip
    """Frames by model version; rows without a usable model name are refused."""
    for rows in rows_of(items, names, settings, tally):
        columns = Attributes(rows.items, names, max_cells=settings.max_cells)
        refused, groups = by_model(columns, len(rows.items), settings, model_required=model_required)
        owner = rows.owner
        lost = np.flatnonzero(refused)
        tally.refuse("model_name", len(lost if owner is None else np.unique(owner[lost])), len(lost))
        for name, version, index in groups:
            part = rows if index is None else _take(rows, index)
            own = columns if index is None else Attributes(part.items, names, max_cells=settings.max_cells)
            tally.ignored["columns"] += own.left_out
            yield describe(name, version, own), _frame(kind, part, own, settings)


def _take(rows: RowItems, index: Longs) -> RowItems:
    owner = None if rows.owner is None else rows.owner[index]
    numbered = None if rows.numbered is None else rows.numbered[index]
    return RowItems(rows.items.take(index), rows.number[index], owner, numbered)


def _frame(kind: TelemetryKind, rows: RowItems, columns: Attributes, settings: DecodeSettings) -> Frame:
    items = rows.items
    trace, has_trace = _bytes_at(items, TRACE_ID, 16)
    span, has_span = _bytes_at(items, SPAN_ID, 8)
    scores = columns.get(semconv.PREDICTION_SCORES)
    begin, end = items.times.T
    base = Frame(
        columns=_with_ids(rows, columns),
        time=np.where((begin == 0) & (kind == "logs"), end, begin),
        seeds=_seeds(items, np.concatenate((trace, span), axis=1), has_trace & has_span & (kind == "traces")),
        numbers=rows.number,
        trace_id=fixed(pa.binary(16), trace, has_trace),
        span_id=fixed(pa.binary(8), span, has_span),
        row=fixed(pa.int32(), rows.number.astype(np.int32)),
        owner=rows.owner,
        class_scores=class_scores(scores, max_cells=settings.max_cells) if isinstance(scores, Cells) else {},
    )
    if kind == "logs":
        return base
    told = with_status(base.columns, failed_spans(items))
    duration = fixed(pa.int64(), end - begin, end >= begin)
    return replace(base, columns=told, duration=duration, weight=_weights(items))


def _with_ids(rows: RowItems, columns: Attributes) -> Mapping[str, Column]:
    """The columns; ids of rows that share the id of their call are told apart by their number."""
    given = columns.get(semconv.COLUMN_PREDICTION_ID)
    if rows.numbered is None or given is None or not rows.numbered.any():
        return columns
    ids = as_text(given, np.zeros(len(rows.items), np.bool_))
    if ids is None:
        return columns
    numbers = pc.cast(pa.array(rows.number), pa.string())
    ids = pc.if_else(pa.array(rows.numbered), pc.binary_join_element_wise(ids, numbers, "/"), ids)
    return {**columns, semconv.COLUMN_PREDICTION_ID: ArrowColumn.of(ids)}


def _seeds(items: Items, of_span: Bytes, known: Flags) -> Bytes:
    """Bytes that are the same when the item is sent again: trace and span id, else a hash of the whole item."""
    if known.all():
        return of_span
    out = np.zeros((len(items), 24), np.uint8)
    hash_ranges(items.data, items.low, items.high - items.low, out)
    return np.where(known[:, None], of_span, out)


def _weights(items: Items) -> Array | None:
    start, size = items.places[:, TEXT].T
    wanted = size > 0
    if not wanted.any():
        return None
    start, size = np.ascontiguousarray(start), np.ascontiguousarray(size)
    return adjusted_counts(string_array(items.data, start, size, wanted, np.zeros(len(items), np.bool_)))


def _bytes_at(items: Items, place: int, width: int) -> tuple[Bytes, Flags]:
    out, valid = np.zeros((len(items), width), np.uint8), np.zeros(len(items), np.bool_)
    _copy(items.data, items.places, place, out, valid)
    return out, valid


@kernel
def _copy(b: Bytes, places: Longs, place: int, out: Bytes, valid: Flags) -> None:
    """Ids of the right length that are not all zero."""
    for i in range(valid.size):
        if places[i, place, 1] != out.shape[1]:
            continue
        p = places[i, place, 0]
        for k in range(out.shape[1]):
            out[i, k] = b[p + k]
            valid[i] |= b[p + k] != 0
