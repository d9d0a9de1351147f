"""The drift scan of one model version: its complete windows in the order of event time, each once."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from miops_collector.alerts import Finding, drift_findings, evaluations_per_month
from miops_collector.config import AlarmConfig
from miops_collector.dependence import Dependence, learning_windows, look_backs_of
from miops_collector.layout import Summaries
from miops_collector.look_backs import LookBacks
from miops_collector.monitored import Monitored
from miops_collector.report import ModelKey
from miops_collector.scanned import Scanned
from miops_collector.statistics.scan import LOOK_BACKS, RATES, ColumnEvidence, Scan, ScanSettings
from miops_collector.stores._store import Store
from miops_collector.window import Window

__all__ = ["Scanning"]

SCANS_PER_TICK = 200
NEVER = 2**62


@dataclass(eq=False)
class Scanning:
    """What was scanned and learned, and what comes next; durable as JSON, what was learned apart from the rest."""

    key: ModelKey
    smallest: int
    """Length of the windows."""
    config: AlarmConfig
    compared_with: str
    """Layout of the reference."""
    scan: Scan | None
    """``None`` without a reference."""
    dependence: Dependence | None = None
    """``None`` where rows are declared to be independent."""
    scanned: Scanned = field(default_factory=Scanned)
    next_end: int = 0
    """No window that ends before this event time is scanned any more."""
    looks_from: int = 0
    """No look-back reaches beyond this event time: what was before is not what the reference says."""

    @classmethod
    def of(cls, model: Monitored, config: AlarmConfig, smallest: int) -> Scanning:
        """Of a model of which nothing was scanned yet."""
        scan = _scan(model, config, smallest)
        return cls(
            model.key, smallest, config, compared_with=model.reference.layout.id if model.reference else "", scan=scan,
            dependence=Dependence(scan, smallest) if scan and config.dependence == "learn" else None,
        )  # fmt: skip

    @property
    def _is_on(self) -> bool:
        return self.scan is not None and self.config.defaults

    def may_be_due(self, complete: int) -> bool:
        """Whether a window that was not scanned may be complete, if it has rows."""
        return self._is_on and self.next_end <= complete

    def advance(
        self, model: Monitored, complete: int, enough: Callable[[], bool], alarming: Collection[str]
    ) -> list[Finding]:
        """Scan windows that became complete since and have rows, until it is enough; what was found.

        A window whose verdict changes what may have been shown of it already is evaluated again. Columns in
        ``alarming`` have an open alarm.
        """
        if self.scan is None or not self.may_be_due(complete):
            return []
        starts, sums = model.pane_starts(), LookBacks(model.window, self.smallest)
        findings: list[Finding] = []
        known = set(alarming)
        for _ in range(SCANS_PER_TICK):
            window = self._next(model, starts, complete)
            if window is None:
                break
            looked = list(sums.of(window.end, self._counts(model, window, starts)))
            evidence = self._evidence(self.scan, looked)
            known |= {e.column for e in evidence if e.rejected}
            if self.dependence is not None:
                self.dependence.note(window.end, looked[0][1], known)
            if self.scanned.note(window.end, {e.column: e.status for e in evidence}):
                model.touch(window)
            findings += drift_findings(evidence, model=self.key, window=window)
            self.next_end = window.end + self.smallest
            if enough():
                break
        return findings

    def _evidence(self, scan: Scan, looked: list[tuple[int, Summaries]]) -> tuple[ColumnEvidence, ...]:
        """While dependence is being learned only what should not be there at all opens an alarm."""
        if self.dependence is None:
            return scan.evaluate(looked)
        known = self.dependence.dispersion
        if known is not None:
            counts = self.dependence.known([count for count, _ in looked])
            chosen = [(count, sums) for count, sums in looked if count in counts]
            return scan.evaluate(chosen, dispersion=known.at(counts))
        sure = scan.evaluate(looked, statistics=RATES)
        guessed = scan.evaluate(looked)
        return tuple(
            r if r.rejected or not g.stays else replace(g, rejected=False, stays=False, status="warning")
            for r, g in zip(sure, guessed, strict=True)
        )

    def is_behind(self, model: Monitored, complete: int) -> bool:
        """Whether a window waits for its scan."""
        return self.may_be_due(complete) and self._next(model, model.pane_starts(), complete) is not None

    @property
    def needed_from(self) -> int:
        """Event time from which panes must not merge yet: the longest look-back of the next scan."""
        if not self._is_on:
            return NEVER
        return self.next_end - (LOOK_BACKS[-1] + 1) * self.smallest if self.next_end else 0

    def _next(self, model: Monitored, starts: NDArray[np.int64], complete: int) -> Window | None:
        """The first complete window with rows that was not scanned; panes that are longer than it tell nothing."""
        first = int(np.searchsorted(starts, self.next_end - self.smallest))
        for start in starts[first:]:
            window = Window.holding(int(start), self.smallest)
            if window.end > complete:
                return None
            if model.resolves(window):
                return window
        return None

    def _counts(self, model: Monitored, window: Window, starts: NDArray[np.int64]) -> Iterator[int]:
        """How many windows to look back: as far as there have been rows, and panes are short enough."""
        begin = max(Window.holding(int(starts[0]), self.smallest).start, self.looks_from)
        for count in look_backs_of(self.smallest):
            first = window.end - count * self.smallest
            if count == 1 or (first >= begin and model.resolves(Window(first, first + self.smallest))):
                yield count

    def spend(self, per_month: float, warnings: float) -> None:
        """So many false alarms and false warnings it may raise from now on, all families of alarms together."""
        if self.scan is not None:
            settings = replace(self.scan.settings, budget_per_month=per_month, warnings_per_month=warnings)
            self.scan = replace(self.scan, settings=settings)

    @property
    def learned(self) -> tuple[int, int]:
        """Windows learned from, and windows until it is known how rows depend on one another."""
        if self.dependence is not None:
            return self.dependence.progress
        return 0, learning_windows(self.smallest) if self.config.dependence == "learn" else 0

    @property
    def dispersion(self) -> Mapping[str, Mapping[int, float]]:
        """By column and look-back how many times more it varies than independent rows; empty until it is known."""
        return self.dependence.by_column if self.dependence is not None else {}

    def go_on_from(self, before: Scanning, start: int) -> None:
        """What was scanned stays scanned; windows from ``start`` on were accepted as the reference."""
        self.next_end, self.looks_from = before.next_end, start
        self.scanned = before.scanned
        if self.scan is not None:
            self.scanned.note(before.next_end, {c.name: "ok" for c in self.scan.columns})
        if self.dependence is not None and before.dependence is not None:
            self.dependence.go_on_from(before.dependence)

    def to_json(self) -> dict[str, Any]:
        return {"next_end": self.next_end, "looks_from": self.looks_from, "scanned": self.scanned.to_json()}

    def load(self, data: Mapping[str, Any], store: Store) -> None:
        """As :meth:`to_json` and :meth:`save_learned` wrote it, for the same reference."""
        self.next_end, self.looks_from = data["next_end"], data.get("looks_from", 0)
        self.scanned = Scanned.from_json(data["scanned"])
        learned = store.state(self._learned_key)
        if self.dependence is not None and learned:
            self.dependence.load(learned)

    def save_learned(self, store: Store) -> None:
        if self.dependence is not None:
            store.put_state(self._learned_key, self.dependence.to_json())

    @property
    def _learned_key(self) -> str:
        """Of this reference: what was learned about another one is never read."""
        return json.dumps(["dependence", self.key.name, self.key.version, self.compared_with, self.smallest])


def _scan(model: Monitored, config: AlarmConfig, smallest: int) -> Scan | None:
    if model.reference is None:
        return None
    settings = ScanSettings(
        budget_per_month=config.budget_per_month,
        share=config.shares.drift,
        warnings_per_month=config.warnings_per_month,
        evaluations_per_month=evaluations_per_month(Window(0, smallest)),
        tolerance=config.ignore_shifts_below,
        minimum_effect=max(config.ignore_shifts_below, ScanSettings().minimum_effect),
        shape_tolerance=2.0 * config.ignore_shifts_below,
    )
    return Scan.of(model.layout, model.reference.summaries, settings)
