"""The alarms of one model version: which windows are due, what the rules say of them, and the book they go into."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from miops_collector.alerts import (
    DRIFT,
    DRIFT_P_VALUE,
    FOUR_FIFTHS,
    Book,
    Budget,
    Finding,
    Judge,
    Lifecycle,
    Rule,
    advance,
    drift_findings,
    evaluations_per_month,
    performance_findings,
    quality_findings,
    ranked,
    rule_findings,
)
from miops_collector.alerts.budget import SHARES
from miops_collector.config import AlarmConfig, Config, RuleConfig
from miops_collector.layout import ColumnLayout, Summaries
from miops_collector.monitored import Monitored
from miops_collector.report import Alert, ModelKey, Observation, Status
from miops_collector.statistics.scan import LOOK_BACKS, ColumnEvidence, Scan, ScanSettings
from miops_collector.stores._store import Store
from miops_collector.summary import Histogram
from miops_collector.window import Window, parse_length

__all__ = ["Alarming"]

DRIFT_FAMILY = DRIFT_P_VALUE.rpartition(".")[0] + "."
SCANS_PER_TICK = 200
SCANS_REMEMBERED = 1000
EXAMPLES = 5


@dataclass(eq=False)
class Alarming:
    """Everything about the alarms of one model version that lasts from tick to tick; durable as JSON."""

    key: ModelKey
    smallest: int
    config: AlarmConfig
    lengths: int
    scan: Scan | None
    columns: dict[str, ColumnLayout]
    layout_id: str
    book: Book = field(default_factory=Book)
    next_end: int = 0
    """End of the next window to scan, event time; 0 before the first."""
    scanned: dict[int, dict[str, Status]] = field(default_factory=dict)
    """By end of the window: columns whose drift was not quiet."""
    examples: dict[tuple[str, ...], tuple[str, ...]] = field(default_factory=dict)
    judge: Judge = field(default_factory=lambda: Judge({}))
    changed: bool = False

    @classmethod
    def of(cls, model: Monitored, config: Config, store: Store) -> Alarming:
        """With the book that was saved for this layout, or an empty one."""
        smallest = config.window_nanos[0]
        alarming = cls(
            key=model.key, smallest=smallest, config=config.alarms, lengths=len(config.window_nanos),
            scan=_scan(model, config.alarms, smallest), columns={c.name: c for c in model.layout.columns},
            layout_id=model.layout.id,
        )  # fmt: skip
        saved = store.state(alarming._state_key)
        data = json.loads(saved) if saved else {}
        if data.get("layout") == model.layout.id:
            alarming.book = Book.from_json(data["book"])
            alarming.next_end = data["next_end"]
            alarming.scanned = {int(end): columns for end, columns in data["scanned"].items()}
        return alarming

    @property
    def _state_key(self) -> str:
        return json.dumps(["alarms", self.key.name, self.key.version])

    def save(self, store: Store) -> None:
        """Make the book durable."""
        data = {
            "layout": self.layout_id,
            "book": self.book.to_json(),
            "next_end": self.next_end,
            "scanned": self.scanned,
        }
        store.put_state(self._state_key, json.dumps(data))

    # --- one tick ----------------------------------------------------------------------------------------------------

    def advance(self, model: Monitored, computed: Sequence[Observation], store: Store, now: int) -> None:
        """Judge the windows that became complete, and every observation that was computed anew."""
        complete = model.complete_before(now)
        drift = self._scan_due(model, complete) if self.config.defaults else []
        findings = [*drift, *self._findings(computed)]
        before = self.book
        self.book = advance(self.book, findings, model=self.key, now=complete)
        self.judge = Judge.of(findings)
        self._keep_examples(store)
        self.changed = self.book.alerts != before.alerts

    def _findings(self, computed: Sequence[Observation]) -> Iterator[Finding]:
        budget = Budget(self.config.budget_per_month)
        if self.config.defaults:
            yield from performance_findings(computed, budget, lengths=self.lengths)
            yield from quality_findings(computed, budget, lengths=self.lengths)
            yield from rule_findings([FOUR_FIFTHS], computed)
        yield from rule_findings([_rule(r) for r in self.config.rules], computed)

    def _scan_due(self, model: Monitored, complete: int) -> list[Finding]:
        """In the order of event time, every window that became complete since the last tick and has rows."""
        findings: list[Finding] = []
        starts = model.pane_starts()
        if self.scan is None or not starts:
            return findings
        self.next_end = self.next_end or Window.holding(starts[0], self.smallest).end
        for _ in range(SCANS_PER_TICK):
            later = [s for s in starts if s >= self.next_end - self.smallest]
            if not later:
                break
            self.next_end = max(self.next_end, Window.holding(later[0], self.smallest).end)
            if self.next_end > complete:
                break
            findings += self._scan_window(model, self.scan, starts[0])
            self.next_end += self.smallest
        return findings

    def _scan_window(self, model: Monitored, scan: Scan, first: int) -> tuple[Finding, ...]:
        window = Window(self.next_end - self.smallest, self.next_end)
        backs = [(n, Window(window.end - n * self.smallest, window.end)) for n in LOOK_BACKS]
        filled = [(n, w) for n, w in backs if n == 1 or w.start >= Window.holding(first, self.smallest).start]
        evidence = scan.evaluate([(n, model.window(w)) for n, w in filled])
        self._remember(window, evidence)
        return drift_findings(evidence, model=self.key, window=window)

    def _remember(self, window: Window, evidence: Sequence[ColumnEvidence]) -> None:
        self.scanned[window.end] = {e.column: e.status for e in evidence if e.status in ("warning", "alert")}
        for end in sorted(self.scanned)[:-SCANS_REMEMBERED]:
            del self.scanned[end]

    # --- what is said outside ---------------------------------------------------------------------------------------

    def judged(self, observation: Observation) -> Observation:
        """The observation with the status that follows from the rules.

        A drift statistic has the status the scan gave its column in the newest smallest window inside its own.
        """
        o = observation
        if not o.metric.startswith(DRIFT_FAMILY) or o.status == "insufficient_data":
            return self.judge.judged(o)
        ends = [end for end in self.scanned if o.window.start < end <= o.window.end]
        status = self.scanned[max(ends)].get(o.column, "ok") if ends else "ok"
        return replace(o, status=status)

    def alerts(self) -> tuple[Alert, ...]:
        """Pending, firing and recently resolved alerts, the one to look at first in front."""
        return tuple(replace(a, examples=self.examples.get(a.identity, ())) for a in ranked(self.book.alerts))

    def _keep_examples(self, store: Store) -> None:
        """Prediction ids for every alarm that began to fire; they are looked up once."""
        firing = [a for a in self.book.alerts if a.state == "firing"]
        for alert in firing:
            if alert.identity not in self.examples:
                self.examples[alert.identity] = self._examples_of(alert, store)
        open_ = {a.identity for a in self.book.alerts}
        self.examples = {k: v for k, v in self.examples.items() if k in open_}

    def _examples_of(self, alert: Alert, store: Store) -> tuple[str, ...]:
        column = self.columns.get(alert.column)
        if alert.rule != DRIFT or column is None or self.scan is None:
            return ()
        where = _where(column, alert, self.scan.reference)
        if where is not None and not self._is_sent(column, store):
            where = {} if "missing" in where else None
        if where is None:
            return ()
        look_back = int(float(alert.evidence.get("look_back", 1)))
        start = alert.window.end - look_back * self.smallest
        found = store.examples(self.key, start=start, end=alert.window.end, where=where, limit=EXAMPLES)
        return tuple(found)

    def _is_sent(self, column: ColumnLayout, store: Store) -> bool:
        """The reference may have columns that no prediction ever had; then every prediction shows it."""
        return any(column.source in info.columns for info in store.models() if info.key == self.key)


def _where(column: ColumnLayout, alert: Alert, reference: Summaries) -> dict[str, object] | None:
    """Rows that show what the alarm is about: the missing, the unseen, or those far out on the side that grew."""
    statistic, effect = alert.evidence.get("statistic"), float(alert.evidence.get("effect", 0.0))
    if not column.source:
        return None
    if statistic == "missing":
        return {"source": column.source, "missing": effect > 0}
    if column.kind == "categorical":
        return {"source": column.source, "not_in": column.categories} if statistic == "unseen" else None
    return {"source": column.source, **_far_out(column, effect, reference, outside=statistic == "range")}


def _far_out(column: ColumnLayout, effect: float, reference: Summaries, *, outside: bool) -> dict[str, float]:
    distribution = reference.distribution(column)
    if outside or not isinstance(distribution, Histogram):
        return {"above": column.edges[-1]}
    if effect > 0:
        return {"above": column.edges[int(0.95 * (len(column.edges) - 1))]}
    return {"below": column.edges[max(int(0.05 * (len(column.edges) - 1)), 1)]}


def _scan(model: Monitored, config: AlarmConfig, smallest: int) -> Scan | None:
    if model.reference is None:
        return None
    settings = ScanSettings(
        budget_per_month=config.budget_per_month,
        share=SHARES["drift"],
        evaluations_per_month=evaluations_per_month(Window(0, smallest)),
        tolerance=config.ignore_shifts_below,
    )
    return Scan.of(model.layout, model.reference.summaries, settings)


def _rule(config: RuleConfig) -> Rule:
    hold = parse_length(config.hold) if config.hold else 0
    return Rule(
        name=config.name, metric=config.metric, comparison=config.comparison, threshold=config.threshold,
        match=config.match, severity=config.severity,
        lifecycle=Lifecycle(pending_for=hold, close_after=1, rejoin_within=0),
    )  # fmt: skip
