"""Which model versions the items of a request are about, and what they say of each."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from miops import semconv
from miops_collector.otlp.cells import Cells
from miops_collector.otlp.column import Column, as_text, encoded_text
from miops_collector.otlp.explode import read_array
from miops_collector.otlp.frame import Model
from miops_collector.otlp.settings import DecodeSettings
from miops_collector.otlp.types import Flags, Longs
from miops_collector.otlp.walk import ARRAY, BOOL, STRING

__all__ = ["by_model", "describe"]

_MOST_CLASSES = 1_000
_ATTRIBUTES = (semconv.MODEL_ROLE, semconv.ATTRIBUTION_METHOD)


def by_model(
    columns: Mapping[str, Column], n: int, settings: DecodeSettings, *, model_required: bool = True
) -> tuple[Flags, list[tuple[str, str, Longs | None]]]:
    """Rows whose model has no usable name or version; and name, version and rows of each model version.

    Rows are ``None`` when they are all rows.
    """
    bad = np.zeros(n, np.bool_)
    names, models = _codes(columns.get(semconv.MODEL_NAME), "", bad)
    versions, deployed = _codes(columns.get(semconv.MODEL_VERSION), semconv.UNVERSIONED, bad)
    fits = [int(model_required) <= len(name) <= settings.max_name for name in models]
    short = [len(version) <= settings.max_name for version in deployed]
    refused = bad | ~np.array(fits)[names] | ~np.array(short)[versions]
    pairs = names * len(deployed) + versions
    if len(models) == len(deployed) == 1:
        return refused, [] if refused.any() else [(models[0], deployed[0], None)]
    found = [(pair, np.flatnonzero((pairs == pair) & ~refused)) for pair in np.unique(pairs[~refused])]
    return refused, [(models[p // len(deployed)], deployed[p % len(deployed)], rows) for p, rows in found]


def _codes(column: Column | None, otherwise: str, bad: Flags) -> tuple[Longs, list[str]]:
    """Codes of texts and the texts; missing and empty ones are ``otherwise``."""
    texts = encoded_text(column, bad)
    if texts is None:
        return np.zeros(len(bad), np.int64), [otherwise]
    if not pa.types.is_dictionary(texts.type) or texts.null_count:
        texts = pc.fill_null(texts.cast(pa.string()), otherwise).dictionary_encode()
    words = [word or otherwise for word in texts.dictionary.to_pylist()]
    return texts.indices.to_numpy(zero_copy_only=False).astype(np.int64), words


def describe(name: str, version: str, columns: Mapping[str, Column]) -> Model:
    """What the first row that says something says."""
    said = {key: _first_text(columns.get(key)) for key in (semconv.MODEL_TASK, semconv.MODEL_FRAMEWORK, *_ATTRIBUTES)}
    return Model(
        name=name,
        version=version,
        task=said[semconv.MODEL_TASK] if said[semconv.MODEL_TASK] in semconv.TASKS else "",
        classes=_first_texts(columns.get(semconv.MODEL_CLASSES)),
        positive_class=_first_text(columns.get(semconv.MODEL_POSITIVE_CLASS)),
        sensitive=_first_texts(columns.get(semconv.MODEL_SENSITIVE_FEATURES)),
        framework=said[semconv.MODEL_FRAMEWORK],
        reference_id=_first_text(columns.get(semconv.REFERENCE_ID)),
        reference_last=_first_flag(columns.get(semconv.REFERENCE_LAST)),
        attributes=tuple((key, said[key]) for key in _ATTRIBUTES if said[key]),
    )


def _first(column: Column | None, kind: int | None) -> Cells | None:
    """The first value of a kind, as one cell."""
    if not isinstance(column, Cells):
        return None
    rows = np.flatnonzero(column.kind == kind if kind is not None else column.kind > 0)[:1]
    return Cells.of(column.data, column.kind[rows], column.bits[rows], column.size[rows]) if len(rows) else None


def _first_text(column: Column | None) -> str:
    cell = _first(column, None)
    return "" if cell is None else _decoded(cell)[0]


def _decoded(cells: Cells) -> list[str]:
    bad = np.zeros(len(cells.kind), np.bool_)
    texts = as_text(cells, bad)
    return [""] * len(bad) if texts is None else [text or "" for text in texts.to_pylist()]


def _first_texts(column: Column | None) -> tuple[str, ...]:
    cell = _first(column, ARRAY)
    if cell is None:
        one = _first(column, STRING)
        return () if one is None else tuple(text.strip() for text in _decoded(one)[0].split(",") if text.strip())
    found = read_array(cell.data, int(cell.bits[0]), int(cell.size[0]))
    if found is None or not 0 < len(found[0]) <= _MOST_CLASSES:
        return ()
    return tuple(_decoded(Cells.of(cell.data, *found)))


def _first_flag(column: Column | None) -> bool:
    cell = _first(column, BOOL)
    return cell is not None and bool(cell.bits[0])
