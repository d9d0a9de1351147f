"""Ours at its defaults: what the engine does at every tick, by the same functions; and two fixed rules beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import log

import numpy as np

from miops_collector.alerts import Book, advance, drift_findings
from miops_collector.alerts.budget import SHARES, evaluations_per_month
from miops_collector.binning import summarise
from miops_collector.columns import Column, Numbers, Rows, Texts
from miops_collector.dependence import Dependence, look_backs_of
from miops_collector.labelled import DOUBT, TOLERANCE
from miops_collector.layout import Layout, Summaries
from miops_collector.look_backs import LookBacks
from miops_collector.panes import PaneSet
from miops_collector.reference import build_layout
from miops_collector.report import ModelKey
from miops_collector.statistics import statistics_of
from miops_collector.statistics.scan import LOOK_BACKS, RATES, ColumnEvidence, Scan, ScanSettings
from miops_collector.statistics.sequential.shiryaev_roberts import (
    STEPS,
    Evidence,
    error_bound,
    error_log_ratios,
    follow,
)
from miops_collector.window import NANOS, Window
from tests.trust.running import Look, run
from tests.trust.streams import Cell
from tests.trust.streams import Window as Shown

__all__ = ["Watched", "miops", "reference_of", "rows_of"]

HOUR = 3600 * NANOS
MODEL = ModelKey("trust", "1")
FIXED = {"PSI > 0.2": ("psi", 0.2), "KS p < 0.05": ("kolmogorov_smirnov", 0.05)}
LEVEL = 0.05


def miops(cell: Cell, reference: Shown):
    if cell.stream == "concept":
        return _of_errors(reference)
    rows = rows_of(reference, 0)
    layout = build_layout(rows)
    then = reference_of(layout, rows)
    watched = Watched(layout, then)

    def look(window: Shown) -> Mapping[str, Look]:
        return {"MIOps": watched.look(window), **dict(_fixed(layout, then, watched.newest))}

    return look


class Watched:
    """One model version from window to window: panes, dependence if it is to be learned, and the book of alarms."""

    def __init__(self, layout: Layout, reference: Summaries, *, learns: bool = True) -> None:
        settings = ScanSettings(share=SHARES["drift"], evaluations_per_month=evaluations_per_month(Window(0, HOUR)))
        self._scan = Scan.of(layout, reference, settings)
        self._dependence = Dependence(self._scan, HOUR) if learns else None
        self._panes = PaneSet(layout, HOUR, ((HOUR, 0),))
        self._sums = LookBacks(self._panes.window, HOUR)
        self._look_backs = look_backs_of(HOUR) if learns else LOOK_BACKS
        self._book = Book()
        self._seen = 0
        self.newest = Summaries.none(layout)

    def skip(self) -> None:
        """An hour passes unseen."""
        self._seen += 1

    def look(self, shown: Shown) -> Look:
        start = self._seen * HOUR
        self._panes.add(summarise(self._panes.layout, rows_of(shown, start), HOUR))
        self._seen += 1
        looked = list(self._sums.of(start + HOUR, (n for n in self._look_backs if n <= self._seen)))
        self.newest = looked[0][1]
        evidence = self._evidence(looked)
        before = self._firing()
        self._book = advance(
            self._book, drift_findings(evidence, model=MODEL, window=Window(start, start + HOUR)),
            model=MODEL, now=start + HOUR,
        )  # fmt: skip
        firing = self._firing()
        if self._dependence is not None:
            self._dependence.note(start + HOUR, self.newest, {column for column, _ in firing})
        return Look(
            frozenset(e.column for e in evidence if e.rejected),
            {e.column: -e.log_p_value for e in evidence},
            len(firing - before),
        )

    def _evidence(self, looked: list[tuple[int, Summaries]]) -> tuple[ColumnEvidence, ...]:
        if self._dependence is None:
            return self._scan.evaluate(looked)
        known = self._dependence.dispersion
        if known is None:
            return self._scan.evaluate(looked, statistics=RATES)
        counts = self._dependence.known([count for count, _ in looked])
        return self._scan.evaluate([(n, s) for n, s in looked if n in counts], dispersion=known.at(counts))

    def _firing(self) -> set[tuple[str, int]]:
        """Column and beginning of every open alarm; one that is open again within a day is the same alarm."""
        return {(a.column, a.since) for a in self._book.alerts if a.state == "firing"}


def _fixed(layout: Layout, reference: Summaries, current: Summaries) -> Iterator[tuple[str, Look]]:
    """Two rules that people use, on our statistics."""
    statistics = {s.name: s for s in statistics_of("drift")}
    psi, ks = statistics["psi"], statistics["kolmogorov_smirnov"]
    of_psi, of_ks = {}, {}
    for column in (c for c in layout.columns if c.role == "feature"):
        then, now = reference.distribution(column), current.distribution(column)
        of_psi[column.name] = psi.function(then, now)
        if type(now) in ks.takes:
            of_ks[column.name] = -np.log10(max(ks.p_value(then, now), 1e-300)) if ks.p_value else 0.0
    yield "PSI > 0.2", Look(frozenset(c for c, v in of_psi.items() if v > FIXED["PSI > 0.2"][1]), of_psi)
    if of_ks:
        yield "KS p < 0.05", Look(frozenset(c for c, v in of_ks.items() if v > -np.log10(LEVEL)), of_ks)


def _of_errors(reference: Shown):
    """The default alarm on truth: an e-detector on the errors of each window, whose labels come at once."""
    bound = error_bound(float(reference.errors.sum()), len(reference.errors), doubt=DOUBT, tolerance=TOLERANCE)
    threshold = log(2.0 * evaluations_per_month(Window(0, HOUR)) / SHARES["performance"])
    evidence = Evidence.none(len(STEPS))

    def look(window: Shown) -> Mapping[str, Look]:
        nonlocal evidence
        evidence = follow(evidence, error_log_ratios(float(window.errors.sum()), len(window.errors), bound))
        value = evidence.log_value
        if value >= threshold:
            evidence = Evidence.none(len(STEPS))
        return {"MIOps": Look(frozenset({"errors"} if value >= threshold else ()), {"errors": value})}

    return look


def rows_of(window: Shown, start: int) -> Rows:
    n = len(window.errors)
    columns = {f"feature.{name}": _column(values) for name, values in window.columns.items()}
    return Rows(
        time=start + np.arange(n, dtype=np.int64) * (HOUR // max(n, 1)),
        weight=np.ones(n), duration=np.full(n, np.nan), value=Numbers(np.full(n, np.nan)), score=np.full(n, np.nan),
        columns=columns,
    )  # fmt: skip


def _column(values: np.ndarray) -> Column:
    if values.dtype.kind == "f":
        return Numbers(values)
    words, codes = np.unique(values, return_inverse=True)
    return Texts(codes.astype(np.int32), tuple(words.tolist()))


def reference_of(layout: Layout, rows: Rows) -> Summaries:
    panes = PaneSet(layout, 2**62, ((2**62, 0),))
    panes.add(summarise(layout, rows, 2**62))
    return panes.window(Window(0, 2**62))


if __name__ == "__main__":
    run(miops, all_columns=True, errors=True, learns=True)
