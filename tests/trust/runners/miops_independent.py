"""Ours where the configuration says that rows are independent (``dependence: none``), as they are in most streams."""

from __future__ import annotations

from collections.abc import Mapping

from miops_collector.reference import build_layout
from miops_collector.statistics.scan import LOOK_BACKS
from tests.trust.runners.miops import Watched, reference_of, rows_of
from tests.trust.running import Look, run
from tests.trust.streams import STREAMS, Cell
from tests.trust.streams import Window as Shown

__all__ = ["miops_independent"]


def miops_independent(cell: Cell, reference: Shown):
    """Nothing is learned, so of the windows before those that count only the longest look-back is looked at."""
    rows = rows_of(reference, 0)
    layout = build_layout(rows)
    watched = Watched(layout, reference_of(layout, rows), learns=False)
    unseen = cell.before - LOOK_BACKS[-1]

    def look(window: Shown) -> Mapping[str, Look]:
        nonlocal unseen
        if unseen > 0:
            unseen -= 1
            watched.skip()
            return {}
        return {"MIOps, dependence: none": watched.look(window)}

    return look


if __name__ == "__main__":
    run(miops_independent, all_columns=True, learns=True, skipped=[s.name for s in STREAMS.values() if s.history])
