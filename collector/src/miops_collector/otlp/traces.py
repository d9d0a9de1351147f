"""Predictions that came as plain spans of any SDK."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from miops import semconv
from miops_collector.otlp.failures import failed_spans
from miops_collector.otlp.frames import frames
from miops_collector.otlp.items import Items, read_items
from miops_collector.otlp.kernel import kernel
from miops_collector.otlp.names import EVENTS, named
from miops_collector.otlp.predictions import predictions
from miops_collector.otlp.resources import with_resources
from miops_collector.otlp.settings import DecodeSettings
from miops_collector.otlp.types import Bytes, Ints, Longs, Words
from miops_collector.otlp.verdict import Tally
from miops_collector.schema import Records

__all__ = ["decode_traces"]

_PREDICTION, _RECORDED, _MODEL, _FAILED = 1, 2, 4, 8


def decode_traces(payload: bytes, settings: DecodeSettings, tally: Tally, *, now: int) -> Iterator[Records]:
    """Spans that hold a prediction; those of our own instrumentation are only counted, their rows travel as events."""
    raw = read_items("traces", payload)
    tally.items = len(raw)
    items, names = named(raw, EVENTS, settings.attribute_map)
    chosen = _predictions(items, names, tally)
    if len(chosen):
        items = items if len(chosen) == len(items) else items.take(chosen)
        items, names = with_resources(items, names, settings.attribute_map)
        for model, frame in frames("traces", items, names, settings, tally):
            records = predictions(frame, model, settings, tally, now=now)
            if records is not None:
                yield records


def _predictions(items: Items, names: tuple[str, ...], tally: Tally) -> Longs:
    """Spans with a value, a score or a feature, or that name a model and an error."""
    says = [
        _PREDICTION * _is_prediction(name)
        | _RECORDED * (name == semconv.RECORDED)
        | _MODEL * (name == semconv.MODEL_NAME)
        | _FAILED * (name == semconv.COLUMN_ERROR_TYPE)
        for name in names
    ]
    flags = np.zeros(len(items), np.uint8)
    _mark(items.first, items.slot, items.kind, items.bits, np.array([*says, 0], np.uint8), flags)
    recorded = (flags & _RECORDED) != 0
    flags[failed_spans(items)] |= _FAILED
    failed = flags & (_MODEL | _FAILED) == _MODEL | _FAILED
    chosen: Longs = np.flatnonzero(~recorded & (failed | ((flags & _PREDICTION) != 0)))
    tally.recorded = int(recorded.sum())
    tally.other = len(items) - tally.recorded - len(chosen)
    return chosen


def _is_prediction(name: str) -> bool:
    fixed = (semconv.COLUMN_VALUE, semconv.COLUMN_SCORE, semconv.PREDICTION_SCORES)
    return name in fixed or name.startswith(semconv.COLUMN_FEATURE_PREFIX)


@kernel
def _mark(first: Longs, slot: Ints, kind: Bytes, bits: Words, says: Bytes, flags: Bytes) -> None:
    """Slot -1 reads the last entry of ``says``, which is 0."""
    for i in range(flags.size):
        for a in range(first[i], first[i + 1]):
            said = says[slot[a]]
            if said != 2 or (kind[a] == 2 and bits[a] != 0):
                flags[i] |= said
