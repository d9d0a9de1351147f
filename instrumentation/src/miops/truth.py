"""Ground truth and business outcomes, told when they become known."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from time import time_ns
from typing import Any

import numpy as np

from miops import runtime, semconv
from miops.columns import doubles
from miops.incoming import unix_nano
from miops.privacy import Privacy
from miops.told import per_row
from miops.truth_frames import columns_of, is_table
from miops.truths import Truth

__all__ = ["record_ground_truth"]


def record_ground_truth(
    prediction_id: Any = None,
    value: Any = None,
    *,
    trace_id: Any = None,
    row: Any = None,
    entity_id: Any = None,
    outcome: Mapping[str, Any] | None = None,
    time: Any = None,
    prediction_time: Any = None,
    columns: Mapping[str, str] | None = None,
    model: str | None = None,
    version: str | None = None,
) -> int:
    """Tell what turned out to be true, about one prediction or, with sequences, about many.

    A prediction is named by its id; or by its trace id and row within the call; or by its entity, which means the
    latest prediction about it before ``time``. Truth may come before its prediction, and may be corrected later.

    Parameters
    ----------
    prediction_id
        An id, or one per row. Or a table: a data frame (pandas, polars …) or mapping of columns called as the
        arguments here, and ``outcome.<name>``. Its rows without value and outcome are left out.
    value
        The truth; may be left out if only outcomes are known.
    trace_id
        32 hexadecimal digits, or OpenTelemetry's integer.
    outcome
        Business outcomes by name: numbers. Those that are denied, or that a transform makes anything else of, are
        left out.
    time
        When the truth became known, if not now.
    prediction_time
        When the prediction was made, if you know: it makes finding it cheap.
    columns
        What the columns of a table are, where they are called otherwise: ``{"loan": "prediction_id"}``. Columns that
        are not named here are then ignored.
    model, version
        Which model is meant, where several answer for the same entity.

    Returns
    -------
    int
        How many rows were taken in; 0 if the arguments make no sense, which is counted and logged once.
    """
    try:
        recorder = runtime.ensure()
        if recorder is None:
            return 0
        table = columns_of(prediction_id, columns) if is_table(prediction_id) else {}
        named = {
            semconv.COLUMN_PREDICTION_ID: None if table else prediction_id,
            semconv.COLUMN_TRACE_ID: trace_id,
            semconv.COLUMN_ENTITY_ID: entity_id,
        }
        if not table and all(name is None for name in named.values()):
            raise ValueError("truth must name its prediction: prediction_id, trace_id or entity_id")
        told = {
            **named,
            semconv.COLUMN_ROW: row,
            semconv.COLUMN_VALUE: value,
            semconv.COLUMN_TIME: time_ns() if time is None else time,
            semconv.COLUMN_PREDICTION_TIME: prediction_time,
            **{f"{semconv.COLUMN_OUTCOME_PREFIX}{name}": number for name, number in (outcome or {}).items()},
            **table,
        }
        entities = told[semconv.COLUMN_ENTITY_ID]
        if runtime.config.entity_salt and entities is not None:
            told[semconv.COLUMN_ENTITY_ID] = _salted(entities, runtime.config.entity_salt)
        truth = _truth({name: said for name, said in told.items() if said is not None}, model, version)
        if truth is None:
            return 0
        recorder.append_truth(truth)
        return truth.rows
    except Exception as error:  # noqa: BLE001
        runtime.faults.add("ground_truth_not_recorded", error)
        return 0


def _salted(ids: Any, salt: str) -> Any:
    """Entity ids as predictions carry them."""
    privacy = Privacy(salt=salt)
    if not _many(ids):
        return privacy.entities([str(ids)])[0]
    return privacy.entities([None if one is None else str(one) for one in per_row(ids).tolist()])


def _truth(told: Mapping[str, Any], model: str | None, version: str | None) -> Truth | None:
    """``None`` if all that is told is kept back."""
    rows = max((len(v) for v in told.values() if _many(v)), default=1)
    listed = {name: _listed(values, rows, name) for name, values in told.items()}
    columns = _sent(listed, model)
    if len(columns) < len(listed) and not any(map(_is_said, columns)):
        return None
    attributes = ((semconv.MODEL_NAME, model), (semconv.MODEL_VERSION, version))
    kind = next((type(v).__name__ for v in columns.get(semconv.COLUMN_VALUE, ()) if v is not None), None)
    key = (tuple(a for a in attributes if a[1] is not None), tuple(columns), kind)
    return Truth(key, columns, rows, 80 * rows * len(columns) + 200)


def _sent(columns: dict[str, list[Any]], model: str | None) -> dict[str, list[Any]]:
    """Outcomes go the way of features and context."""
    outcomes = {name: doubles(values) for name, values in columns.items() if _is_outcome(name)}
    if not outcomes:
        return columns
    sent = runtime.sources.privacy(model).columns(outcomes)
    others = {name: values for name, values in columns.items() if name not in outcomes}
    return {**others, **{name: column.data.tolist() for name, column in sent.items()}}


def _is_outcome(name: str) -> bool:
    return name.startswith(semconv.COLUMN_OUTCOME_PREFIX)


def _is_said(name: str) -> bool:
    return name == semconv.COLUMN_VALUE or _is_outcome(name)


def _many(values: Any) -> bool:
    return hasattr(values, "__len__") and not isinstance(values, str | bytes)


def _listed(values: Any, rows: int, name: str) -> list[Any]:
    if not _many(values):
        listed = [values] * rows
    else:
        listed = per_row(values).tolist()
        if len(listed) != rows:
            raise ValueError(f"{len(listed)} values of {name} for {rows} rows")
    if name in (semconv.COLUMN_TIME, semconv.COLUMN_PREDICTION_TIME):
        return _times(values, listed)
    if _is_outcome(name):
        return [math.nan if number is None else float(number) for number in listed]
    return list(map(_trace_bytes, listed)) if name == semconv.COLUMN_TRACE_ID else listed


def _times(values: Any, listed: Sequence[Any]) -> list[Any]:
    if getattr(getattr(values, "dtype", None), "kind", "") == "M":
        nanos: list[Any] = np.asarray(values, dtype="datetime64[ns]").view(np.int64).tolist()
        return nanos
    return list(map(unix_nano, listed))


def _trace_bytes(value: Any) -> bytes:
    raw = value.to_bytes(16, "big") if isinstance(value, int) else bytes.fromhex(str(value))
    if len(raw) != 16:
        raise ValueError(f"{value!r} is no trace id")
    return raw
