"""Captured inputs of a call as the model takes them: an array, or a data frame with its names."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from miops.frame_blocks import Blocks
from miops.layouts import Frames, Layout, Matrix

__all__ = ["concatenated", "inputs_of", "some"]


def inputs_of(layout: Layout, payload: Any) -> Any:
    """An ``(n, k)`` array or a frame, to be read only; ``None`` if the inputs were not kept in a form to ask with."""
    if isinstance(layout, Matrix):
        rows = np.frombuffer(payload, dtype=layout.dtype).reshape(-1, layout.width)
        pandas = sys.modules.get("pandas")
        return rows if layout.index is None or pandas is None else pandas.DataFrame(rows, columns=layout.index)
    if isinstance(layout, Blocks):
        return layout.frame(payload)
    return payload if isinstance(layout, Frames) and hasattr(payload, "iloc") else None


def some(inputs: Any, rows: NDArray[np.intp]) -> Any:
    """These rows of an array or a frame."""
    return inputs.iloc[rows] if hasattr(inputs, "iloc") else inputs[rows]


def concatenated(parts: Sequence[Any]) -> Any:
    """Parts of one kind after one another."""
    if hasattr(parts[0], "iloc"):
        return sys.modules["pandas"].concat(parts, ignore_index=True)
    return np.concatenate(parts)
