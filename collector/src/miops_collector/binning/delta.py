"""What rows add to panes: the cells they touch and the extremes they reach."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from miops_collector.columns import FloatArray

__all__ = ["PaneDelta"]

Cells: TypeAlias = NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class PaneDelta:
    """Additions to ``p`` panes of one layout, only the cells they touch.

    Attributes
    ----------
    starts
        ``(p,) int64`` start of each pane, rising.
    extremes
        ``(p, numeric, 2)`` smallest and largest finite value of each numeric column; (∞, -∞) where there is none.
    offsets
        ``(p + 1,) int64``: the additions of pane ``i`` are ``offsets[i]`` up to ``offsets[i + 1]`` of the next two.
    cells
        ``(m,) int32`` cells of the layout's vector; within one pane each at most once, in no particular order.
    values
        ``(m,) float64`` what to add there; never 0.
    """

    starts: NDArray[np.int64]
    extremes: FloatArray
    offsets: NDArray[np.int64]
    cells: Cells
    values: FloatArray

    def __len__(self) -> int:
        return len(self.starts)
