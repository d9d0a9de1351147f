"""Ground truth and business outcomes, told when they become known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from time import time_ns
from typing import Any

import numpy as np

from miops import runtime, semconv
from miops.incoming import unix_nano
from miops.privacy import Privacy
from miops.told import per_row
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
    model: str | None = None,
    version: str | None = None,
) -> int:
    """Tell what turned out to be true, about one prediction or, with sequences, about many.

    A prediction is named by its id; or by its trace id and row within the call; or by its entity, which means the
    latest prediction about it before ``time``. Truth may come before its prediction, and may be corrected later.

    Parameters
    ----------
    value
        The truth; may be left out if only outcomes are known.
    trace_id
        32 hexadecimal digits, or OpenTelemetry's integer.
    outcome
        Business outcomes by name: numbers.
    time
        When the truth became known, if not now.
    prediction_time
        When the prediction was made, if you know: it makes finding it cheap.
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
        named = {
            semconv.COLUMN_PREDICTION_ID: prediction_id,
            semconv.COLUMN_TRACE_ID: trace_id,
            semconv.COLUMN_ENTITY_ID: entity_id,
        }
        if all(name is None for name in named.values()):
            raise ValueError("truth must name its prediction: prediction_id, trace_id or entity_id")
        told = {
            **named,
            semconv.COLUMN_ROW: row,
            semconv.COLUMN_VALUE: value,
            semconv.COLUMN_TIME: time_ns() if time is None else time,
            semconv.COLUMN_PREDICTION_TIME: prediction_time,
            **{f"{semconv.COLUMN_OUTCOME_PREFIX}{name}": number for name, number in (outcome or {}).items()},
        }
        if runtime.config.entity_salt and entity_id is not None:
            told[semconv.COLUMN_ENTITY_ID] = _salted(entity_id, runtime.config.entity_salt)
        truth = _truth({name: said for name, said in told.items() if said is not None}, model, version)
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


def _truth(told: Mapping[str, Any], model: str | None, version: str | None) -> Truth:
    rows = max((len(v) for v in told.values() if _many(v)), default=1)
    columns = {name: _listed(values, rows, name) for name, values in told.items()}
    attributes = ((semconv.MODEL_NAME, model), (semconv.MODEL_VERSION, version))
    kind = next((type(v).__name__ for v in columns.get(semconv.COLUMN_VALUE, ()) if v is not None), None)
    key = (tuple(a for a in attributes if a[1] is not None), tuple(columns), kind)
    return Truth(key, columns, rows, 80 * rows * len(columns) + 200)


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
