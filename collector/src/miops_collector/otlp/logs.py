"""Predictions, ground truth and references that came as events."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Final, TypeAlias

import numpy as np
import pyarrow.compute as pc

from miops import semconv
from miops_collector.otlp.attributes import Attributes
from miops_collector.otlp.batches import batch_frames
from miops_collector.otlp.cells import string_array
from miops_collector.otlp.column import Array, as_text
from miops_collector.otlp.frame import Frame, Model
from miops_collector.otlp.frames import frames
from miops_collector.otlp.ground_truth import ground_truth
from miops_collector.otlp.items import TEXT, Items, read_items
from miops_collector.otlp.names import EVENTS, TRUTH_EVENTS, Names, named
from miops_collector.otlp.predictions import predictions
from miops_collector.otlp.resources import with_resources
from miops_collector.otlp.settings import DecodeSettings
from miops_collector.otlp.verdict import Tally
from miops_collector.schema import Records

__all__ = ["decode_logs"]

_EVENT_NAME: Final = "event.name"
"""Where SDKs before OTLP 1.5 put the name of an event."""

_EVENT_NAMES: Final = Names({_EVENT_NAME: _EVENT_NAME}, {})

Assemble: TypeAlias = Callable[[Frame, Model, DecodeSettings, Tally], Records | None]
Decode: TypeAlias = Callable[[Items, DecodeSettings, Tally, Assemble], Iterator[Records | None]]


def decode_logs(payload: bytes, settings: DecodeSettings, tally: Tally, *, now: int) -> Iterator[Records]:
    """Records of all our events; other log records are only counted."""
    items = read_items("logs", payload)
    tally.items = tally.other = len(items)
    if not len(items):
        return
    items.times[~items.times.any(axis=1), 0] = now  # neither time is set: the receiver's counts as the observed one
    events = _event_names(items).dictionary_encode()
    codes = pc.fill_null(events.indices, -1).to_numpy(zero_copy_only=False)
    for code, event in enumerate(events.dictionary.to_pylist()):
        if event not in _EVENTS:
            continue
        rows = np.flatnonzero(codes == code)
        tally.other -= len(rows)
        decode, assemble = _EVENTS[event]
        found = decode(items.take(rows), settings, tally, partial(assemble, now=now))
        yield from (records for records in found if records is not None)


def _event_names(items: Items) -> Array:
    start, size = np.ascontiguousarray(items.places[:, TEXT].T)
    bad = np.zeros(len(items), np.bool_)
    names = string_array(items.data, start, size, size > 0, bad)
    if not names.null_count:
        return names
    marked, columns = named(items, _EVENT_NAMES, {})
    attribute = as_text(Attributes(marked, columns, max_cells=0).get(_EVENT_NAME), bad)
    return names if attribute is None else pc.coalesce(names, attribute)


def _single(items: Items, settings: DecodeSettings, tally: Tally, assemble: Assemble) -> Iterator[Records | None]:
    own, columns = _own(items, EVENTS, settings)
    for model, frame in frames("logs", own, columns, settings, tally):
        yield assemble(frame, model, settings, tally)


def _truth(items: Items, settings: DecodeSettings, tally: Tally, assemble: Assemble) -> Iterator[Records | None]:
    own, columns = _own(items, TRUTH_EVENTS, settings)
    for model, frame in frames("logs", own, columns, settings, tally, model_required=False):
        yield assemble(frame, model, settings, tally)


def _batches(
    items: Items, settings: DecodeSettings, tally: Tally, assemble: Assemble, *, names: Names = EVENTS
) -> Iterator[Records | None]:
    own, columns = _own(items, names, settings)
    for model, frame in batch_frames(own, columns, settings, tally, model_required=names is EVENTS):
        yield assemble(frame, model, settings, tally)


def _own(items: Items, names: Names, settings: DecodeSettings) -> tuple[Items, tuple[str, ...]]:
    """What events say, and what their resources say of their model; truth names its prediction, not its model."""
    own, columns = named(items, names, settings.attribute_map)
    return with_resources(own, columns, settings.attribute_map) if names is EVENTS else (own, columns)


_EVENTS: Final[Mapping[str, tuple[Decode, Callable[..., Records | None]]]] = {
    semconv.EVENT_PREDICTION: (_single, predictions),
    semconv.EVENT_PREDICTION_BATCH: (_batches, predictions),
    semconv.EVENT_GROUND_TRUTH: (_truth, ground_truth),
    semconv.EVENT_GROUND_TRUTH_BATCH: (partial(_batches, names=TRUTH_EVENTS), ground_truth),
    semconv.EVENT_REFERENCE_BATCH: (_batches, partial(predictions, kind="reference")),
}
