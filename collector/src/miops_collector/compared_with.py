"""What a model version is compared with, and how that is stored."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from miops_collector.layout import Layout, Summaries
from miops_collector.stores._store import StoredReference
from miops_collector.summary import FloatArray

__all__ = ["Reference", "read_reference", "store_reference"]


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
