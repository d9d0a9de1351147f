"""Judge the rows of a frame and lay them out as the tables that stores take."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from miops import semconv
from miops_collector.otlp.column import Array, Column, as_numbers, as_text, fixed, merged, words
from miops_collector.otlp.frame import Frame, Model
from miops_collector.otlp.ids import keys_of, numbered_keys
from miops_collector.otlp.names import DYNAMIC, usable
from miops_collector.otlp.settings import DecodeSettings
from miops_collector.otlp.times import nanoseconds
from miops_collector.otlp.types import Flags
from miops_collector.otlp.verdict import Tally, Verdict
from miops_collector.schema import FAULT_SUFFIX, GROUND_TRUTH, PREDICTIONS, Kind, Records

__all__ = ["ground_truth", "predictions"]

_DISTINCT_TRUTH: Final = {"value_number": "truth_number", "value_text": "truth_text"}


def predictions(
    frame: Frame, model: Model, settings: DecodeSettings, tally: Tally, *, now: int, kind: Kind = "predictions"
) -> Records | None:
    """Predictions or a reference; ``None`` when every row is refused."""
    verdict = Verdict(len(frame))
    bad = np.zeros(len(frame), np.bool_)
    columns: dict[str, Array | None] = {"time": _time(frame, verdict, settings, now)}
    columns["key"], columns["id_text"] = _ids(frame, bad)
    columns |= _outcome(frame.columns.get(semconv.COLUMN_VALUE), "value", bad)
    if kind == "reference":
        columns |= _outcome(frame.columns.get(semconv.COLUMN_GROUND_TRUTH), "truth", bad)
    columns["score"] = as_numbers(frame.columns.get(semconv.COLUMN_SCORE))
    columns["threshold"] = as_numbers(frame.columns.get(semconv.COLUMN_THRESHOLD))
    columns["entity_id"] = as_text(frame.columns.get(semconv.COLUMN_ENTITY_ID), bad)
    columns["weight"] = _weight(frame, verdict)
    for name in ("duration", "trace_id", "span_id", "row"):
        columns[name] = getattr(frame, name)
    dynamic = {**frame.class_scores, **_dynamic(frame, settings, tally, bad)}
    verdict.refuse("encoding", bad)
    return _finish(_schema(kind), columns, dynamic, verdict, frame, tally, lambda t: model.records(kind, t))


def ground_truth(frame: Frame, model: Model, settings: DecodeSettings, tally: Tally, *, now: int) -> Records | None:
    """Ground truth; ``None`` when every row is refused."""
    n = len(frame)
    verdict = Verdict(n)
    bad = np.zeros(n, np.bool_)
    columns: dict[str, Array | None] = {"time": _time(frame, verdict, settings, now)}
    columns |= _truth_target(frame, verdict, bad)
    columns |= _outcome(frame.columns.get(semconv.COLUMN_VALUE), "truth", bad)
    when = frame.columns.get(semconv.COLUMN_PREDICTION_TIME)
    if when is not None:
        wrong, unknown = np.zeros(n, np.bool_), np.full(n, np.iinfo(np.int64).min)
        times = nanoseconds(when, unknown, wrong)
        columns["prediction_time"] = fixed(pa.int64(), times, times != unknown)
    dynamic = _dynamic(frame, settings, tally, bad)
    told = [columns["truth_number"], columns["truth_text"], *dynamic.values()]
    verdict.refuse("no_truth", ~_any_valid(told, n))
    verdict.refuse("encoding", bad)
    return _finish(GROUND_TRUTH, columns, dynamic, verdict, frame, tally, lambda t: model.records("ground_truth", t))


def _schema(kind: Kind) -> pa.Schema:
    truth = [pa.field("truth_number", pa.float64()), pa.field("truth_text", pa.string())]
    return pa.schema([*PREDICTIONS, *truth]) if kind == "reference" else PREDICTIONS


def _finish(
    schema: pa.Schema, columns: Mapping[str, Array | None], dynamic: Mapping[str, Array], verdict: Verdict,
    frame: Frame, tally: Tally, records: Callable[[pa.Table], Records],
) -> Records | None:  # fmt: skip
    n = len(frame)
    tally.add(verdict, frame.owner)
    if not verdict.kept.any():
        return None
    found = {f.name: columns.get(f.name) for f in schema}
    arrays = [pa.nulls(n, f.type) if found[f.name] is None else found[f.name] for f in schema]
    names = sorted(dynamic)
    fields = [*schema, *(pa.field(name, dynamic[name].type) for name in names)]
    table = pa.Table.from_arrays([*arrays, *(dynamic[name] for name in names)], schema=pa.schema(fields))
    return records(table if verdict.kept.all() else table.filter(pa.array(verdict.kept)))


def _time(frame: Frame, verdict: Verdict, settings: DecodeSettings, now: int) -> Array:
    column = frame.columns.get(semconv.COLUMN_TIME)
    bad = np.zeros(len(frame), np.bool_)
    times = frame.time if column is None else nanoseconds(column, frame.time, bad)
    verdict.refuse("event_time", bad | (times < settings.earliest) | (times > now + settings.max_future))
    return fixed(pa.int64(), times)


def _ids(frame: Frame, bad: Flags) -> tuple[Array, Array | None]:
    """Keys, made up where no id is given, and the ids as text where the key alone does not say them."""
    given = frame.columns.get(semconv.COLUMN_PREDICTION_ID)
    keys, present, texts = _given_ids(given, bad)
    if present is None or not present.all():
        made = numbered_keys(frame.seeds, frame.numbers)
        keys = made if present is None else np.where(present[:, None], keys, made)
    return fixed(pa.binary(16), keys), texts


def _given_ids(given: Column | None, bad: Flags) -> tuple[np.ndarray, Flags | None, Array | None]:
    uuids = getattr(given, "array", None)
    if uuids is not None and uuids.type == pa.binary(16):
        data = np.frombuffer(uuids.buffers()[1], np.uint8)[uuids.offset * 16 :][: len(uuids) * 16]
        return data.reshape(-1, 16), uuids.is_valid().to_numpy(zero_copy_only=False), None
    texts = as_text(given, bad)
    if texts is None:
        return np.zeros((len(bad), 16), np.uint8), None, None
    filled = pc.fill_null(texts, "")
    present = pc.not_equal(filled, "").to_numpy(zero_copy_only=False)
    _, offsets, data = filled.buffers()
    start = np.frombuffer(offsets, np.int32)[filled.offset :][: len(filled) + 1].astype(np.int64)
    text = np.frombuffer(data, np.uint8) if data is not None else np.empty(0, np.uint8)
    keys, canonical = keys_of(text, start[:-1], np.diff(start), present)
    kept = present & ~canonical
    return keys, present, pc.if_else(pa.array(kept), texts, pa.scalar(None, pa.string())) if kept.any() else None


def _outcome(column: Column | None, name: str, bad: Flags) -> dict[str, Array | None]:
    """A value as number or as text; booleans are texts."""
    if column is None:
        return {f"{name}_number": None, f"{name}_text": None}
    booleans = column.booleans()
    texts = merged(column.texts(bad), None if booleans is None else words(booleans))
    if texts is not None and pa.types.is_dictionary(texts.type):
        texts = pc.cast(texts, pa.string())
    return {f"{name}_number": column.numbers(), f"{name}_text": texts}


def _weight(frame: Frame, verdict: Verdict) -> Array | None:
    weights = merged(as_numbers(frame.columns.get(semconv.COLUMN_WEIGHT)), frame.weight)
    if weights is not None:
        fine = pc.and_(pc.is_finite(weights), pc.greater_equal(weights, 0.0))
        verdict.refuse("weight", pc.fill_null(pc.invert(fine), False).to_numpy(zero_copy_only=False))  # noqa: FBT003
    return weights


def _dynamic(frame: Frame, settings: DecodeSettings, tally: Tally, bad: Flags) -> dict[str, Array]:
    found: dict[str, Array] = {}
    names = [name for name in frame.columns if name.startswith(DYNAMIC)]
    allowed = usable(names, longest=settings.max_column_name, most=settings.max_columns)
    for name in names:
        column = frame.columns[name]
        if name not in allowed:
            tally.ignored["column"] += len(frame)
            continue
        tally.ignored["type"] += column.faults
        found |= _typed(name, column, bad)
    return found


def _typed(name: str, column: Column, bad: Flags) -> dict[str, Array]:
    """One column of one type; two where a batch has both numbers and texts."""
    numbers, booleans, texts = column.numbers(), column.booleans(), column.texts(bad)
    if numbers is not None:
        numbers = merged(numbers, None if booleans is None else pc.cast(booleans, pa.float64()))
        return {name: numbers} | ({} if texts is None else {name + FAULT_SUFFIX: texts})
    if texts is not None:
        return {name: merged(texts, None if booleans is None else words(booleans))}
    return {} if booleans is None else {name: booleans}


def _truth_target(frame: Frame, verdict: Verdict, bad: Flags) -> dict[str, Array | None]:
    """Exactly one of prediction id, trace and entity, tried in this order.

    An entity that is named comes before a trace that the sender's context merely had.
    """
    n = len(frame)
    keys, present, _ = _given_ids(frame.columns.get(semconv.COLUMN_PREDICTION_ID), bad)
    by_key = np.zeros(n, np.bool_) if present is None else present
    entities = as_text(frame.columns.get(semconv.COLUMN_ENTITY_ID), bad)
    trace, named = frame.trace_id, semconv.COLUMN_TRACE_ID in frame.columns
    has_trace, has_entity = _valid(trace, n), _valid(entities, n)
    by_trace = has_trace & ~by_key & (np.ones(n, np.bool_) if named else ~has_entity)
    by_entity = has_entity & ~by_key & ~by_trace
    verdict.refuse("unnamed_truth", ~(by_key | by_trace | by_entity))
    return {
        "key": fixed(pa.binary(16), keys, by_key),
        "trace_id": _only(trace, by_trace),
        "row": _only(_row(frame), by_trace),
        "entity_id": _only(entities, by_entity),
    }


def _row(frame: Frame) -> Array | None:
    column = frame.columns.get(semconv.COLUMN_ROW)
    integers = None if column is None else column.integers()
    return frame.row if integers is None else pc.cast(integers, pa.int32(), safe=False)


def _valid(array: Array | None, n: int) -> Flags:
    valid: Flags = np.zeros(n, np.bool_) if array is None else array.is_valid().to_numpy(zero_copy_only=False)
    return valid


def _any_valid(arrays: list[Array | None], n: int) -> Flags:
    found = np.zeros(n, np.bool_)
    for array in arrays:
        found |= _valid(array, n)
    return found


def _only(array: Array | None, rows: Flags) -> Array | None:
    return None if array is None else pc.if_else(pa.array(rows), array, pa.scalar(None, array.type))
