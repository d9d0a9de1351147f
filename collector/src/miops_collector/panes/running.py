"""Sums of the windows that were asked for last, kept up to date while rows come in."""

from __future__ import annotations

from miops_collector.columns import FloatArray
from miops_collector.panes.pane import Cells, merge_extremes
from miops_collector.window import Window

__all__ = ["RunningSums"]

KEPT = 4
"""Windows: the aligned and the trailing one of two lengths."""


class RunningSums:
    """So that a window of hundreds of panes is not summed anew at every tick. Its numbers only grow by addition."""

    def __init__(self) -> None:
        self._sums: dict[Window, tuple[FloatArray, FloatArray]] = {}

    def get(self, window: Window) -> tuple[FloatArray, FloatArray] | None:
        """Vector and extremes, which stay ours; ``None`` if the window is not kept."""
        found = self._sums.pop(window, None)
        if found is not None:
            self._sums[window] = found
        return found

    def keep(self, window: Window, vector: FloatArray, extremes: FloatArray) -> None:
        """Keep this window, and let go of the one that was not asked for the longest."""
        self._sums[window] = (vector, extremes)
        if len(self._sums) > KEPT:
            del self._sums[next(iter(self._sums))]

    def add(self, start: int, cells: Cells, values: FloatArray, extremes: FloatArray) -> None:
        """The pane that starts here has grown."""
        for window, (vector, widest) in self._sums.items():
            if window.start <= start < window.end:
                vector[cells] += values
                merge_extremes(widest, extremes)

    def forget(self) -> None:
        """Panes have moved: sum anew."""
        self._sums.clear()
