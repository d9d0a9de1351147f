"""Frames of batch events: bodies of one model version and one shape are joined, for each frame has its price."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import numpy as np

from miops_collector.errors import InputError
from miops_collector.otlp.attributes import Attributes
from miops_collector.otlp.batch import Body, joined_frame, read_body
from miops_collector.otlp.frame import Frame, Model
from miops_collector.otlp.items import BODY, Items
from miops_collector.otlp.model import by_model, describe
from miops_collector.otlp.settings import DecodeSettings
from miops_collector.otlp.verdict import Tally
from miops_collector.otlp.walk import BOOL, DOUBLE, INT

__all__ = ["batch_frames"]


def batch_frames(
    items: Items, columns: tuple[str, ...], settings: DecodeSettings, tally: Tally, *, model_required: bool = True
) -> Iterator[tuple[Model, Frame]]:
    """Frames of events whose slots count ``columns``; events without a readable body or a model are refused."""
    models: dict[object, Model | None] = {}
    groups: dict[tuple[Model, object], list[Body]] = defaultdict(list)
    for i in range(len(items)):
        body = _body(items, i, settings)
        if body is None:
            tally.refuse("body", 1)
            continue
        said = _said(items, i)
        if said not in models:
            models[said] = _model(items.take(np.array([i])), columns, settings, model_required=model_required)
        model = models[said]
        if model is None:
            tally.refuse("model_name", 1, body.rows)
        else:
            groups[model, body.shape].append(body)
    for (model, _), bodies in groups.items():
        yield model, joined_frame(bodies)


def _body(items: Items, i: int, settings: DecodeSettings) -> Body | None:
    start, size = items.places[i, BODY].tolist()
    time, observed = items.times[i].tolist()
    try:
        return read_body(items.data, start, size, settings, time=time or observed)
    except InputError:
        return None


def _said(items: Items, i: int) -> object:
    """The attributes of an event, comparable: senders say the same with every batch."""
    rows = slice(items.first[i], items.first[i + 1])
    each = zip(items.slot[rows], items.kind[rows], items.bits[rows].tolist(), items.size[rows].tolist(), strict=True)
    scalar = (BOOL, INT, DOUBLE)
    return tuple(
        (slot, kind, bits if kind in scalar else items.data[bits : bits + size].tobytes())
        for slot, kind, bits, size in each
    )


def _model(item: Items, columns: tuple[str, ...], settings: DecodeSettings, *, model_required: bool) -> Model | None:
    said = Attributes(item, columns, max_cells=settings.max_cells)
    _, models = by_model(said, 1, settings, model_required=model_required)
    return describe(models[0][0], models[0][1], said) if models else None
