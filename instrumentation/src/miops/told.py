"""What the user tells about predictions by hand → the same :class:`miops.call.Call` that patched methods make."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from miops import runtime, semconv
from miops.attributions import Attributions, told_attributions
from miops.call import CALL_BYTES, Call, Extras, Output
from miops.capture import Capture, capture, mapping, names_of
from miops.composite import is_composite, text_of
from miops.ids import ROW_LIMIT
from miops.incoming import unix_nano
from miops.models import Model, Registration, registered, resolve
from miops.names import distinct
from miops.outputs import take_output
from miops.record import Recorder
from miops.sources import Source
from miops.spans import Opened

__all__ = ["Told", "call_of", "captured_of", "extras_of", "features_by_name", "model_named", "per_row"]


@dataclass(slots=True, kw_only=True)
class Told:
    """A prediction of one row or of many; see :func:`miops.record_prediction`."""

    features: Any = None
    value: Any = None
    score: Any = None
    scores: Any = None
    threshold: Any = None
    context: Mapping[str, Any] | None = None
    prediction_id: str | Sequence[str] | None = None
    entity_id: str | Sequence[str] | None = None
    weight: Any = None
    time: Any = None
    attributions: Mapping[str, Any] | None = None
    attribution_method: str = "shap"


def model_named(model: object, version: str | None, role: str | None = None) -> Model:
    """The model meant by a name, a :class:`Model` or a model object; what is said here wins over everything."""
    if isinstance(model, Model):
        described, name = model, model.name
    elif isinstance(model, str):
        described, name = Model(name=model), model
    else:
        described, name = Model(name=type(model).__name__), None
    resolved = resolve(described, registered(model), runtime.config)
    own = model if isinstance(model, Model) else None
    said = Registration(
        name=name, version=version or (own.version if own else None), role=role or (own.role if own else None)
    )
    return resolved if said == Registration() else _with(resolved, said)


def _with(model: Model, said: Registration) -> Model:
    from dataclasses import replace

    return replace(
        model, name=said.name or model.name, version=said.version or model.version, role=said.role or model.role
    )


def call_of(
    recorder: Recorder, source: Source, told: Told, *, start: int, duration: int, span: Opened, call: int
) -> Call:
    """The call to record, without features and context where these do not fit its outcome.

    Raises
    ------
    ValueError
        If value and scores have different numbers of rows, or there is neither.
    """
    decision = None if told.value is None else take_output(per_row(told.value))
    outputs, scores, width = _scores(told)
    rows = _rows(decision.rows if decision else None, scores.rows if scores else None)
    captured = _fitting(told, source, recorder, rows)
    return Call(
        serial=captured.layout.serial,
        decision_dtype=decision.dtype if decision else None,
        outputs=outputs | (Output.DECISION if decision else 0),
        scores_dtype=scores.dtype if scores else None,
        scores_width=width,
        layout=captured.layout,
        decision=decision.payload if decision else None,
        scores=scores.payload if scores else None,
        features=captured.payload,
        rows=rows,
        size=captured.size + CALL_BYTES,
        call=call,
        start=start,
        duration=duration,
        trace_id=span.trace_id,
        span_id=span.span_id,
        extras=extras_of(told, rows),
    )


def per_row(values: Any) -> Any:
    """An array with one entry per row: a single value is one row, lists of mixed values stay Python objects."""
    if isinstance(values, np.ndarray):
        return values if values.ndim else values.reshape(1)
    if isinstance(values, str | bytes) or not hasattr(values, "__len__"):
        values = [values]
    items = values.tolist() if hasattr(values, "tolist") else list(values)
    types = set(map(type, items))
    if types <= {int} or types <= {float} or types <= {bool}:
        return np.array(items)
    boxed = np.empty(len(items), dtype=object)
    boxed[:] = items
    return boxed


def _scores(told: Told) -> tuple[int, Any, int]:
    if told.scores is not None:
        matrix = np.asarray(told.scores, dtype=np.float64)
        taken = take_output(matrix.reshape(1, -1) if matrix.ndim == 1 else matrix)
        return Output.PROBABILITIES, taken, taken.width
    if told.score is not None:
        return Output.SCORE, take_output(np.asarray(told.score, dtype=np.float64).reshape(-1)), 0
    return 0, None, 0


def _rows(*told: int | None) -> int:
    counts = {count for count in told if count is not None}
    if not counts:
        raise ValueError("a prediction needs a value, a score or scores")
    if len(counts) > 1:
        raise ValueError(f"value and scores have different numbers of rows: {sorted(counts)}")
    rows = counts.pop()
    if rows > ROW_LIMIT:
        raise ValueError(f"{rows} rows in one call; record at most {ROW_LIMIT} at once")
    return rows


def _fitting(told: Told, source: Source, recorder: Recorder, rows: int) -> Capture:
    """Features and context, if they can be copied and are of so many rows; else nothing, which is counted."""
    try:
        captured = captured_of(told, source, recorder, rows)
        if captured.layout is source.nothing or captured.rows == rows:
            return captured
        if isinstance(captured.payload, memoryview):
            recorder.pool.give(captured.payload)
        raise ValueError(f"features and context of {captured.rows} rows for a prediction of {rows}")
    except Exception as error:  # noqa: BLE001  # the prediction matters more
        runtime.faults.add("input_not_captured", error)
        return Capture(source.nothing, None, -1, 0)


def captured_of(told: Told, source: Source, recorder: Recorder, rows: int | None = None) -> Capture:
    """Features and context, copied.

    Parameters
    ----------
    rows
        Of the outcome, if there is one. Lists and the like are then values of the only row, not columns, where they
        have not one entry; single values are those of all rows.
    """
    if not told.context and told.features is None:
        return Capture(source.nothing, None, -1, 0)
    if not told.context and not isinstance(told.features, Mapping):
        return capture(_one_row(told.features), source, recorder.pool)
    named = {} if told.features is None else features_by_name(told.features, source)
    context = {f"{semconv.COLUMN_CONTEXT_PREFIX}{name}": value for name, value in (told.context or {}).items()}
    columns = {**named, **context}
    if rows == 1:
        columns = {name: text_of(value) if is_composite(value) else value for name, value in columns.items()}
    return mapping(columns, source, rows=None if rows == 1 else rows)


def _one_row(features: Any) -> Any:
    """A flat list or array of features is one row, not one feature of many."""
    if isinstance(features, np.ndarray):
        return features.reshape(1, -1) if features.ndim == 1 else features
    flat = isinstance(features, list | tuple) and not any(
        hasattr(f, "__len__") and not isinstance(f, str) for f in features
    )
    return [features] if flat else features


def features_by_name(features: Any, source: Source) -> dict[str, Any]:
    """Columns by wire name from a mapping, a frame or a matrix."""
    if isinstance(features, Mapping):
        named = dict(features)
    elif isinstance(features, list | tuple) and features and isinstance(features[0], Mapping):
        named = {name: [row.get(name) for row in features] for name in names_of(features)}
    elif hasattr(features, "columns"):
        by_place = getattr(features, "iloc", None)  # of pandas, where names need not be different
        columns = list(features.columns)
        series = (features[name] if by_place is None else by_place[:, i] for i, name in enumerate(columns))
        named = dict(zip(distinct(columns), series, strict=True))
    else:
        matrix = np.asarray(features)
        matrix = matrix.reshape(1, -1) if matrix.ndim == 1 else matrix
        named = dict(zip(source.feature_names(matrix.shape[1]), matrix.T, strict=True))
    return {f"{semconv.COLUMN_FEATURE_PREFIX}{name}": value for name, value in named.items()}


def extras_of(told: Told, rows: int) -> Extras | None:
    """What was told beside features and outcome.

    Raises
    ------
    ValueError
        If a list has not one value per row.
    """
    extras = Extras(
        ids=_texts(told.prediction_id, rows, "prediction_id"),
        entity=_texts(told.entity_id, rows, "entity_id"),
        time=_times(told.time, rows),
        weight=_numbers(told.weight, rows, "weight"),
        threshold=_numbers(told.threshold, rows, "threshold"),
        attributions=_attributions(told, rows),
    )
    return extras if any(part is not None for part in extras) else None


def _listed(values: Any, rows: int, name: str) -> list[Any]:
    listed = values.tolist() if hasattr(values, "tolist") else list(values)
    if len(listed) != rows:
        raise ValueError(f"{len(listed)} {name}s for {rows} rows")
    return listed


def _attributions(told: Told, rows: int) -> Attributions | None:
    found = told_attributions(told.attributions, told.attribution_method)
    if found is not None and len(found.values) != rows:
        raise ValueError(f"{len(found.values)} attributions for {rows} rows")
    return found


def _texts(value: Any, rows: int, name: str) -> str | list[str] | None:
    if value is None or isinstance(value, str):
        return value or None
    return list(map(str, _listed(value, rows, name))) if hasattr(value, "__len__") else str(value)


def _numbers(value: Any, rows: int, name: str) -> float | list[float] | None:
    if value is None:
        return None
    return list(map(float, _listed(value, rows, name))) if hasattr(value, "__len__") else float(value)


def _times(value: Any, rows: int) -> int | list[int] | None:
    if value is None:
        return None
    if isinstance(value, str) or not hasattr(value, "__len__"):
        return unix_nano(value)
    if getattr(getattr(value, "dtype", None), "kind", "") == "M":
        nanos: list[int] = np.asarray(value, dtype="datetime64[ns]").view(np.int64).tolist()
        return nanos
    return list(map(unix_nano, _listed(value, rows, "time")))
