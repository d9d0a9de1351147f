"""Which rows belong to which pane."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from miops_collector.columns import FloatArray

__all__ = ["Grouping", "group_by_pane"]


@dataclass(frozen=True, slots=True, eq=False)
class Grouping:
    """Rows by pane: rows ``order[offsets[i]:offsets[i + 1]]`` belong to the pane that starts at ``starts[i]``.

    All ``int64``; ``order`` is ``(n,)``, ``starts`` ``(p,)`` rising, ``offsets`` ``(p + 1,)``. No pane is empty.
    """

    starts: NDArray[np.int64]
    offsets: NDArray[np.int64]
    order: NDArray[np.int64]

    def sums(self, values: FloatArray) -> FloatArray:
        """``(p, m)`` sums by pane of ``values (m, n)``."""
        if len(self.starts) == 1:
            return np.asarray(values.sum(axis=1)[None, :], np.float64)
        return np.asarray(np.add.reduceat(values[:, self.order], self.offsets[:-1], axis=1).T, np.float64)


def group_by_pane(times: NDArray[np.int64], length: int) -> Grouping:
    """Rows by the pane of this length, in nanoseconds, that holds their event time. There is at least one row."""
    starts = times - times % length
    rows = np.arange(len(times), dtype=np.int64)
    if starts[0] == starts[-1] and (starts == starts[0]).all():
        return Grouping(starts[:1].copy(), np.array([0, len(times)], np.int64), rows)
    if (starts[1:] < starts[:-1]).any():
        rows = _sorted_rows(starts, length)
        starts = starts[rows]
    first = np.flatnonzero(np.concatenate(([True], starts[1:] != starts[:-1])))
    return Grouping(starts[first], np.append(first, len(times)), rows)


def _sorted_rows(starts: NDArray[np.int64], length: int) -> NDArray[np.int64]:
    """A radix sort does in a tenth of the time, where pane numbers fit into 16 bits."""
    number = (starts - starts.min()) // length
    return np.argsort(number.astype(np.uint16) if number.max() < 2**16 else number, kind="stable")
