"""Ground truth as the tables that stores take."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from miops import semconv
from miops_collector.otlp.column import Array, as_text, fixed
from miops_collector.otlp.frame import Frame, Model
from miops_collector.otlp.given_ids import given_ids
from miops_collector.otlp.settings import DecodeSettings
from miops_collector.otlp.table import event_time, finish
from miops_collector.otlp.times import nanoseconds
from miops_collector.otlp.types import Flags
from miops_collector.otlp.values import dynamic, outcome
from miops_collector.otlp.verdict import Tally, Verdict
from miops_collector.schema import GROUND_TRUTH, Records

__all__ = ["ground_truth"]


def ground_truth(frame: Frame, model: Model, settings: DecodeSettings, tally: Tally, *, now: int) -> Records | None:
    """Ground truth; ``None`` when every row is refused."""
    n = len(frame)
    verdict, bad = Verdict(n), np.zeros(n, np.bool_)
    columns: dict[str, Array | None] = {"time": event_time(frame, verdict, settings, now)}
    columns |= _target(frame, verdict, bad)
    columns |= outcome(frame.columns.get(semconv.COLUMN_VALUE), "truth", bad)
    columns["prediction_time"] = _prediction_time(frame)
    outcomes = dynamic(frame, settings, tally, bad)
    told = [columns["truth_number"], columns["truth_text"], *outcomes.values()]
    verdict.refuse("no_truth", ~np.logical_or.reduce([_valid(array, n) for array in told]))
    verdict.refuse("encoding", bad)
    return finish(
        GROUND_TRUTH, columns, outcomes, verdict, frame, tally, lambda table: model.records("ground_truth", table)
    )


def _prediction_time(frame: Frame) -> Array | None:
    """Only a hint that makes the join cheap: what is no time is left out."""
    column = frame.columns.get(semconv.COLUMN_PREDICTION_TIME)
    if column is None:
        return None
    unknown = np.full(len(frame), np.iinfo(np.int64).min)
    times = nanoseconds(column, unknown, np.zeros(len(frame), np.bool_))
    return fixed(pa.int64(), times, times != unknown)


def _target(frame: Frame, verdict: Verdict, bad: Flags) -> dict[str, Array | None]:
    """Exactly one of prediction id, trace and entity, tried in this order.

    An entity that is named comes before a trace that the sender's context merely had.
    """
    n = len(frame)
    keys, present, _ = given_ids(frame.columns.get(semconv.COLUMN_PREDICTION_ID), bad)
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


def _only(array: Array | None, rows: Flags) -> Array | None:
    return None if array is None else pc.if_else(pa.array(rows), array, pa.scalar(None, array.type))
