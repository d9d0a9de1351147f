"""Ours at its defaults: a collector's engine that is served the rows; and two fixed rules beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from miops_collector.monitored import Monitored
from miops_collector.statistics import statistics_of
from miops_collector.window import Window
from tests.trust.running import Look, run
from tests.trust.served import HOUR, START, Served, lean
from tests.trust.streams import Cell
from tests.trust.streams import Window as Shown

__all__ = ["DAY", "looks", "miops", "shown"]

DAY = 24
"""Hours that are served at once."""
FIXED = {"PSI > 0.2": ("psi", 0.2), "KS p < 0.05": ("kolmogorov_smirnov", 0.05)}
LEVEL = 0.05


def miops(cell: Cell, reference: Shown):
    concept = cell.stream == "concept"
    served = Served(shown(reference, concept=concept))
    seen = 0

    def look(windows: Sequence[Shown]) -> list[Mapping[str, Look]]:
        nonlocal seen
        found = looks(served, seen, windows, concept=concept)
        said = [{"MIOps": one} for one in found]
        if not concept and seen >= cell.before:
            for i, more in enumerate(said):
                more |= dict(_fixed(served.model, Window(START + (seen + i) * HOUR, START + (seen + i + 1) * HOUR)))
        seen += len(windows)
        return said

    return look


def shown(window: Shown, *, concept: bool) -> dict[str, np.ndarray]:
    """Columns as the collector stores them; where only errors matter a classifier's decisions and truth, no features.

    It records no scores: where there are some, a part of what performance may spend goes to their ranking.
    """
    if not concept:
        return {f"feature.{name}": values for name, values in window.columns.items()}
    decided = (np.arange(len(window.errors)) % 2).astype(np.float64)
    return {"value_number": decided, "truth_number": np.abs(decided - window.errors)}


def looks(served: Served, first: int, windows: Sequence[Shown], *, concept: bool) -> list[Look]:
    """What the alarms said of each of these hours; those that were raised are counted with the last."""
    before = len(served.raised)
    served.serve(first, [shown(w, concept=concept) for w in windows])
    starts = [START + (first + i) * HOUR for i in range(len(windows))]
    found = [_loss(*served.losses.get(s, (False, 0.0))) if concept else _drift(served.said[s]) for s in starts]
    last = found[-1]
    return [*found[:-1], Look(last.alarmed, last.scores, len(served.raised) - before)]


def _drift(evidence: Sequence[Any]) -> Look:
    return Look(frozenset(e.column for e in evidence if e.rejected), {e.column: -e.log_p_value for e in evidence})


def _loss(alarmed: bool, log_value: float) -> Look:
    return Look(frozenset({"errors"} if alarmed else ()), {"errors": log_value})


def _fixed(model: Monitored, window: Window) -> Iterator[tuple[str, Look]]:
    """Two rules that people use, on our statistics."""
    assert model.reference is not None
    reference, current = model.reference.summaries, model.window(window)
    statistics = {s.name: s for s in statistics_of("drift")}
    psi, ks = statistics["psi"], statistics["kolmogorov_smirnov"]
    of_psi, of_ks = {}, {}
    for column in (c for c in model.layout.columns if c.role == "feature"):
        then, now = reference.distribution(column), current.distribution(column)
        of_psi[column.name] = psi.function(then, now)
        if type(now) in ks.takes:
            of_ks[column.name] = -np.log10(max(ks.p_value(then, now), 1e-300)) if ks.p_value else 0.0
    yield "PSI > 0.2", Look(frozenset(c for c, v in of_psi.items() if v > FIXED["PSI > 0.2"][1]), of_psi)
    if of_ks:
        yield "KS p < 0.05", Look(frozenset(c for c, v in of_ks.items() if v > -np.log10(LEVEL)), of_ks)


if __name__ == "__main__":
    lean()
    run(miops, all_columns=True, errors=True, learns=True, together=DAY)
