"""Keys of rows, from the ids they were given or from what is the same when they are sent again."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from miops import semconv
from miops_collector.otlp.column import Array, Column, as_text, fixed
from miops_collector.otlp.frame import Frame
from miops_collector.otlp.ids import keys_of, numbered_keys
from miops_collector.otlp.types import Bytes, Flags

__all__ = ["given_ids", "row_keys"]


def row_keys(frame: Frame, bad: Flags) -> tuple[Array, Array | None]:
    """Keys, made up where no id is given, and the ids as text where the key alone does not say them."""
    given = frame.columns.get(semconv.COLUMN_PREDICTION_ID)
    keys, present, texts = given_ids(given, bad)
    if present is None or not present.all():
        made = numbered_keys(frame.seeds, frame.numbers)
        keys = made if present is None else np.where(present[:, None], keys, made)
    return fixed(pa.binary(16), keys), texts


def given_ids(given: Column | None, bad: Flags) -> tuple[Bytes, Flags | None, Array | None]:
    uuids = getattr(given, "array", None)
    if uuids is not None and uuids.type == pa.binary(16):
        data = np.frombuffer(uuids.buffers()[1], np.uint8)[uuids.offset * 16 :][: len(uuids) * 16]
        return data.reshape(-1, 16), uuids.is_valid().to_numpy(zero_copy_only=False), None
    texts = as_text(given, bad)
    if texts is None:
        return np.zeros((len(bad), 16), np.uint8), None, None
    filled = pc.fill_null(texts, "")
    present = pc.not_equal(filled, "").to_numpy(zero_copy_only=False)
    _, offsets, data = filled.buffers()
    start = np.frombuffer(offsets, np.int32)[filled.offset :][: len(filled) + 1].astype(np.int64)
    text = np.frombuffer(data, np.uint8) if data is not None else np.empty(0, np.uint8)
    keys, canonical = keys_of(text, start[:-1], np.diff(start), present)
    kept = present & ~canonical
    return keys, present, pc.if_else(pa.array(kept), texts, pa.scalar(None, pa.string())) if kept.any() else None
