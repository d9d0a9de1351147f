"""Ours where the configuration says that rows are independent (``dependence: none``), as they are in most streams."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from tests.trust.runners.miops import DAY, looks, shown
from tests.trust.running import Look, run
from tests.trust.served import Served, lean
from tests.trust.streams import STREAMS, Cell
from tests.trust.streams import Window as Shown

__all__ = ["miops_independent"]


def miops_independent(cell: Cell, reference: Shown):
    """Nothing is learned, so of the windows before those that count only the last day is looked at."""
    served = Served(shown(reference, concept=False), dependence="none")
    seen = 0

    def look(windows: Sequence[Shown]) -> list[Mapping[str, Look]]:
        nonlocal seen
        first, seen = seen, seen + len(windows)
        if seen < cell.before:
            return [{} for _ in windows]
        return [{"MIOps, dependence: none": one} for one in looks(served, first, windows, concept=False)]

    return look


if __name__ == "__main__":
    lean()
    skipped = [s.name for s in STREAMS.values() if s.history or s.name == "concept"]
    run(miops_independent, all_columns=True, learns=True, skipped=skipped, together=DAY)
