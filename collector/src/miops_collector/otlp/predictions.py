"""Predictions and references as the tables that stores take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from miops import semconv
from miops_collector.otlp.column import Array, as_text, merged
from miops_collector.otlp.failures import error_types
from miops_collector.otlp.frame import Frame, Model
from miops_collector.otlp.given_ids import row_keys
from miops_collector.otlp.settings import DecodeSettings
from miops_collector.otlp.table import event_time, finish
from miops_collector.otlp.types import Flags
from miops_collector.otlp.values import dynamic, number, outcome
from miops_collector.otlp.verdict import Tally, Verdict
from miops_collector.schema import PREDICTIONS, Kind, Records

__all__ = ["predictions"]

_Named: TypeAlias = dict[str, Array]
_TRUTH = (pa.field("truth_number", pa.float64()), pa.field("truth_text", pa.string()))
_SCHEMAS = {"predictions": PREDICTIONS, "reference": pa.schema([*PREDICTIONS, *_TRUTH])}


def predictions(
    frame: Frame, model: Model, settings: DecodeSettings, tally: Tally, *, now: int, kind: Kind = "predictions"
) -> Records | None:
    """Predictions or a reference; ``None`` when every row is refused."""
    verdict, bad = Verdict(len(frame)), np.zeros(len(frame), np.bool_)
    given = frame.columns.get
    columns: dict[str, Array | None] = {"time": event_time(frame, verdict, settings, now)}
    columns["key"], columns["id_text"] = row_keys(frame, bad)
    columns |= outcome(given(semconv.COLUMN_VALUE), "value", bad)
    columns |= outcome(given(semconv.COLUMN_GROUND_TRUTH), "truth", bad) if kind == "reference" else {}
    columns["score"] = number(frame, semconv.COLUMN_SCORE, tally, bad)
    columns["threshold"] = number(frame, semconv.COLUMN_THRESHOLD, tally, bad)
    columns["entity_id"] = as_text(given(semconv.COLUMN_ENTITY_ID), bad)
    columns["weight"] = _weight(frame, verdict, tally, bad)
    columns |= {name: getattr(frame, name) for name in ("duration", "trace_id", "span_id", "row")}
    features = {**frame.class_scores, **dynamic(frame, settings, tally, bad)}
    if kind == "predictions":
        features |= _errors(frame, columns, features, bad)
    verdict.refuse("encoding", bad)
    return finish(_SCHEMAS[kind], columns, features, verdict, frame, tally, lambda table: model.records(kind, table))


def _errors(frame: Frame, columns: Mapping[str, Array | None], dynamic: Mapping[str, Array], bad: Flags) -> _Named:
    scores = [array for name, array in dynamic.items() if name.startswith(semconv.COLUMN_SCORES_PREFIX)]
    outcome = (columns["value_number"], columns["value_text"], columns["score"], *scores)
    found = error_types(frame.columns.get(semconv.COLUMN_ERROR_TYPE), outcome, bad)
    return {} if found is None else {semconv.COLUMN_ERROR_TYPE: found}


def _weight(frame: Frame, verdict: Verdict, tally: Tally, bad: Flags) -> Array | None:
    weights = merged(number(frame, semconv.COLUMN_WEIGHT, tally, bad), frame.weight)
    if weights is not None:
        fine = pc.and_(pc.is_finite(weights), pc.greater_equal(weights, 0.0))
        verdict.refuse("weight", pc.fill_null(pc.invert(fine), False).to_numpy(zero_copy_only=False))  # noqa: FBT003
    return weights
