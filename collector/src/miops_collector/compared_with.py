"""What a model version is compared with, and how that is stored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from miops_collector.layout import Layout, Summaries
from miops_collector.report import ModelKey
from miops_collector.stores._store import Store, StoredReference
from miops_collector.summary import FloatArray

__all__ = ["ANY_VERSION", "Reference", "read_reference", "serving_reference", "store_reference"]

ANY_VERSION: Final = ""
"""A reference of this version serves every version of its model that was given none of its own."""


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """What a model version is compared with: a layout frozen with it, and its summaries in that layout.

    ``sample`` is some of its rows as an Arrow stream, empty where none were kept.
    """

    layout: Layout
    summaries: Summaries
    rows: int
    created_at: int
    sample: bytes = b""


def serving_reference(store: Store, key: ModelKey) -> tuple[ModelKey, StoredReference] | None:
    """What this model version is compared with, and of whom it is: its own, or that of every version.

    One that somebody gave for every version goes before its own first rows, which were taken for want of one.
    """
    whole = ModelKey(key.name, ANY_VERSION)
    own, common = store.reference(key), store.reference(whole)
    if own is not None and (common is None or own.origin != "auto"):
        return key, own
    return None if common is None else (whole, common)


def read_reference(stored: StoredReference) -> Reference | None:
    """The reference as it was stored; ``None`` if a release that summarised other things has stored it."""
    layout = Layout.from_json(stored.layout_json)
    vector = _with_failures(layout, np.frombuffer(stored.vector, dtype=np.float64))
    if len(vector) != layout.size:
        return None
    extremes = np.frombuffer(stored.extremes, dtype=np.float64).reshape(-1, 2)
    return Reference(layout, Summaries(layout, vector, extremes), stored.rows, stored.created_at, stored.sample)


def _with_failures(layout: Layout, vector: FloatArray) -> FloatArray:
    """Earlier builds kept no rows that a model failed on, and a reference has none."""
    cells = layout.blocks["failures"]
    lacks = cells.stop - cells.start
    return np.insert(vector, cells.start, np.zeros(lacks)) if len(vector) == layout.size - lacks else vector


def store_reference(reference: Reference) -> StoredReference:
    """The reference as it is stored."""
    return StoredReference(
        layout_json=reference.layout.to_json(),
        vector=reference.summaries.vector.tobytes(),
        extremes=reference.summaries.extremes.tobytes(),
        origin=reference.layout.origin,
        rows=reference.rows,
        created_at=reference.created_at,
        sample=reference.sample,
    )
