"""Reference data: what the model was trained or validated on, against which production is compared."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Mapping
from time import time_ns
from typing import Any

import numpy as np

from miops import runtime, semconv
from miops.call import Output
from miops.columns import Column, column, from_array
from miops.incoming import unix_nano
from miops.record import Recorder
from miops.scores import score as scored
from miops.sources import Source
from miops.told import features_by_name, model_named, per_row

__all__ = ["record_reference"]

_log = logging.getLogger("miops")


def record_reference(
    features: Any,
    *,
    model: object,
    version: str | None = None,
    ground_truth: Any = None,
    prediction: Any = None,
    score: Any = None,
    scores: Any = None,
    context: Mapping[str, Any] | None = None,
    time: Any = None,
    reference_id: str | None = None,
    last: bool = True,
    timeout_seconds: float = 30.0,
) -> str:
    """Send reference data of a model; it replaces the reference there was once the last batch has arrived.

    Unlike predictions this is encoded on the calling thread, and waits while the buffer is full: a reference
    is of no use with rows missing. Where features are kept back (``MIOPS_CAPTURE_FEATURES``) the others are sent alone.

    Parameters
    ----------
    features
        Data frame, mapping of columns, or ``(n, k)`` array.
    ground_truth, prediction, score, scores
        ``(n,)`` truth, decisions and scores, ``(n, classes)`` class scores: as far as known.
    context
        Columns to slice by that are no inputs.
    time
        Event time of the rows, one or ``(n,)``; now if left out.
    reference_id, last
        To send a reference in several calls give all but the first the id that the first returned, and
        ``last=False`` to all but the last.

    Returns
    -------
    str
        The reference's id; empty if the data make no sense, which is counted and logged once.
    """
    try:
        recorder = runtime.ensure()
        if recorder is None:
            return ""
        source = runtime.sources.of(model_named(model, version))
        identity = reference_id or str(uuid.uuid4())
        columns = {
            **_outcome(source, prediction, score, scores),
            **({} if ground_truth is None else {semconv.COLUMN_GROUND_TRUTH: _labels(source, ground_truth)}),
            **{name: column(values) for name, values in features_by_name(features, source).items()},
            **{f"{semconv.COLUMN_CONTEXT_PREFIX}{n}": column(v) for n, v in (context or {}).items()},
        }
        rows = _same_length(columns)
        sent = _sent(source, columns)
        columns = {**_identity(recorder, rows, time), **sent}
        _send(recorder, source, columns, rows, identity, last=last, timeout_seconds=timeout_seconds)
        return identity
    except Exception as error:  # noqa: BLE001
        runtime.faults.add("reference_not_recorded", error)
        return ""


def _sent(source: Source, columns: Mapping[str, Column]) -> Mapping[str, Column]:
    sent = source.privacy.columns(columns)
    if runtime.config.capture_features != "all":
        _log.warning(
            "miops: the reference of %s is sent without its features: MIOPS_CAPTURE_FEATURES is %r",
            source.model.name,
            runtime.config.capture_features,
        )
    if columns and not sent:
        raise ValueError("all columns of the reference are kept back; give prediction, score, scores or ground_truth")
    return sent


def _send(
    recorder: Recorder,
    source: Source,
    columns: Mapping[str, Column],
    rows: int,
    identity: str,
    *,
    last: bool,
    timeout_seconds: float,
) -> None:
    requests = recorder.sender.requests(
        semconv.EVENT_REFERENCE_BATCH,
        {**source.model.attributes(), semconv.REFERENCE_ID: identity},
        columns,
        rows,
        final={semconv.REFERENCE_LAST: True} if last else {},
    )
    recorder.enqueue(requests, timeout_seconds=timeout_seconds)


def _same_length(columns: Mapping[str, Column]) -> int:
    lengths = {name: len(data) for name, data in columns.items()}
    if len(set(lengths.values())) != 1:
        raise ValueError(f"columns have different lengths: {lengths}")
    return next(iter(lengths.values()))


def _identity(recorder: Recorder, rows: int, time: Any) -> dict[str, Column]:
    """Ids and event times. A call number stands for ``ROW_LIMIT`` rows, so many rows take several."""
    row = np.arange(rows)
    numbers = np.full(rows, recorder.ids.next_call(rows), dtype=np.int64)
    now = np.full(rows, time_ns(), dtype=np.int64)
    times = now if time is None else np.broadcast_to(_times(time), rows).astype(np.int64)
    return {
        semconv.COLUMN_PREDICTION_ID: Column("binary16", recorder.ids.many(now, numbers, row)),
        semconv.COLUMN_TIME: Column("int64", times),
        semconv.COLUMN_ROW: Column("int32", row.astype(np.int32)),
    }


def _times(time: Any) -> Any:
    if getattr(getattr(time, "dtype", None), "kind", "") == "M":
        return np.asarray(time, dtype="datetime64[ns]").view(np.int64)
    if isinstance(time, str) or not hasattr(time, "__len__"):
        return unix_nano(time)
    return np.array(list(map(unix_nano, per_row(time).tolist())), dtype=np.int64)


def _labels(source: Source, values: Any) -> Column:
    regression = source.model.task in (semconv.REGRESSION, semconv.FORECAST)
    return from_array(per_row(values), keep_integers=not regression)


def _outcome(source: Source, prediction: Any, score: Any, scores: Any) -> dict[str, Column]:
    decision = None if prediction is None else per_row(prediction)
    if scores is not None:
        matrix = np.asarray(scores, dtype=np.float64)
        return scored(source, Output.PROBABILITIES, decision, matrix, len(matrix)).columns
    if score is not None:
        flat = np.asarray(score, dtype=np.float64).reshape(-1)
        return scored(source, Output.SCORE, decision, flat, len(flat)).columns
    return {} if decision is None else scored(source, Output.DECISION, decision, None, len(decision)).columns
