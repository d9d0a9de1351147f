"""The alarms of one model version: what the rules say of what was computed, and the book it goes into."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from miops_collector.alerts import (
    ACCEPTED,
    DRIFT,
    DRIFT_P_VALUE,
    ROC_AUC,
    SILENCE,
    Book,
    Budget,
    Finding,
    Judge,
    Lifecycle,
    Rule,
    advance,
    closed,
    estimate_findings,
    four_fifths_findings,
    performance_findings,
    quality_findings,
    ranked,
    rule_findings,
    silence_finding,
    usual_silence,
    verdicts,
)
from miops_collector.alerts.budget import Family
from miops_collector.compared_with import Reference
from miops_collector.config import AlarmConfig, Config, RuleConfig
from miops_collector.examples import examples_of, looked_back, traces_of
from miops_collector.favourable import is_adverse
from miops_collector.labelled import Labelled
from miops_collector.layout import ColumnLayout
from miops_collector.monitored import Monitored
from miops_collector.report import AlarmPlan, Alert, ModelKey, Observation
from miops_collector.scanning import Scanning
from miops_collector.stores._store import Store
from miops_collector.window import Window, parse_length

__all__ = ["Alarming"]

DRIFT_FAMILY = DRIFT_P_VALUE.rpartition(".")[0] + "."
RANKING_PART = 1 / 3
"""Of what performance may spend."""


@dataclass(eq=False)
class Alarming:
    """Everything about the alarms of one model version that lasts from tick to tick; durable as JSON."""

    key: ModelKey
    smallest: int
    config: AlarmConfig
    lengths: int
    columns: Mapping[str, ColumnLayout]
    compared_with: str
    """Layout of the reference: with another one the alarms start anew."""
    scanning: Scanning
    labelled: Labelled
    book: Book = field(default_factory=Book)
    examples: dict[tuple[str, ...], dict[str, str]] = field(default_factory=dict)
    judge: Judge = field(default_factory=lambda: Judge({}))
    saved: str = ""
    adverse: bool = False
    """The positive class is what nobody wants."""
    versions: int = 1
    classes: int = 1
    """That scores are held against: 1 where one of two is positive."""
    is_latest: bool = True
    """No other version of the model has newer rows."""
    silent_until: int = 0

    @classmethod
    def of(cls, model: Monitored, config: Config, store: Store) -> Alarming:
        """With the book that was saved for this reference, or an empty one."""
        smallest, reference = config.window_nanos[0], model.reference
        alarming = cls(
            key=model.key, smallest=smallest, config=config.alarms, lengths=len(config.window_nanos),
            scanning=Scanning.of(model, config.alarms, smallest),
            columns={c.name: c for c in reference.layout.columns} if reference else {},
            compared_with=reference.layout.id if reference else "", classes=_compared_classes(reference),
            adverse=reference is not None and is_adverse(reference.layout, config, model.key),
            labelled=Labelled(
                reference.summaries if reference else None, window=smallest,
                waits=parse_length(config.alarms.truth_within), learns=config.alarms.dependence == "learn",
            ),
        )  # fmt: skip
        saved = store.state(alarming._state_key)
        data = json.loads(saved) if saved else {}
        if data.get("compared_with") == alarming.compared_with:
            alarming.book = Book.from_json(data["book"])
            alarming.scanning.load(data, store)
            alarming.saved = saved
            if "labelled" in data:
                alarming.labelled.load(data["labelled"])
        return alarming

    def go_on_from(self, before: Alarming, start: int, end: int) -> None:
        """Windows from ``start`` to ``end`` were accepted as the reference of which these are the alarms.

        That closes those that are open; they and what was resolved before are history, which stays. What was judged
        stays judged, and dependence and labels are known as before.
        """
        self.book = closed(before.book, until=end, why=ACCEPTED, but=SILENCE)
        self.examples = before.examples
        self.scanning.go_on_from(before.scanning, start)
        self.labelled.go_on_from(before.labelled, start)

    @property
    def _state_key(self) -> str:
        return json.dumps(["alarms", self.key.name, self.key.version])

    def save(self, store: Store) -> None:
        """Make the book durable, if it has changed."""
        data = {
            "compared_with": self.compared_with,
            "book": self.book.to_json(),
            **self.scanning.to_json(),
            "labelled": self.labelled.to_json(),
        }
        text = json.dumps(data)
        if text != self.saved:
            self.scanning.save_learned(store)  # first: after a crash in between, windows it knows are not noted again
            store.put_state(self._state_key, text)
            self.saved = text

    def advance_scan(self, model: Monitored, complete: int, enough: Callable[[], bool]) -> None:
        """Look for drift in windows that became complete since, until it is enough."""
        if self.scanning.may_be_due(complete):
            alarming = {a.column for a in self.book.alerts if a.rule == DRIFT and a.state == "firing"}
            findings = self.scanning.advance(model, complete, enough, alarming)
            self.book = advance(self.book, findings, model=self.key, now=complete)

    def advance(self, model: Monitored, computed: Sequence[Observation], store: Store, complete: int) -> None:
        """Let the rules judge what was computed anew, and the book grow older.

        Windows that are not complete have the status of the alarms that are open: those whose alarms have opened or
        closed since are evaluated again, so that what is stored of them is what the gauges show.
        """
        before = self._of_open_alarms
        findings = [
            *self._findings(computed),
            *self._truth_findings(model, complete),
            *self._silence_findings(model, complete),
        ]
        self.book = advance(self.book, findings, model=self.key, now=complete)
        self.judge = Judge.of(findings)
        if self._of_open_alarms != before:
            _touch_incomplete(model, complete)
        self._keep_examples(model, store)

    @property
    def _budget(self) -> Budget:
        """Part of what the model may spend that falls to one of its versions."""
        return Budget(self.config.budget_per_month / self.versions, _shares(self.config))

    def share_with(self, versions: int, *, is_latest: bool) -> None:
        """So many versions of the model are in use, this one included: together they keep to its budget."""
        self.is_latest = is_latest
        if versions == self.versions:
            return
        self.versions = versions
        self.scanning.spend(self.config.budget_per_month / versions, self.config.warnings_per_month / versions)

    def _silence_findings(self, model: Monitored, complete: int) -> Iterator[Finding]:
        """Only of the version that had rows last: another one may have taken over."""
        if not (self.config.defaults and self.config.silence) or complete <= self.smallest:
            return
        starts = model.pane_starts()
        allowed = usual_silence(starts, self.smallest)
        window = Window.holding(complete - self.smallest, self.smallest)
        if allowed and window.end > self.silent_until:
            last = int(starts[-1]) + model.settings.pane
            silent = complete - last if self.is_latest else 0
            if silent > allowed or any(a.rule == SILENCE and a.state == "firing" for a in self.book.alerts):
                self.silent_until = window.end
                yield silence_finding(self.key, window, silent=silent, allowed=allowed)

    def _truth_findings(self, model: Monitored, complete: int) -> Iterator[Finding]:
        """Losses are most of what performance may spend; a classifier's ranking is compared window by window too."""
        if self.config.defaults:
            part = 1.0 - RANKING_PART if model.layout.score_edges else 1.0
            budget = self._budget.per_month * self._budget.shares["performance"] * part
            yield from self.labelled.findings(model, complete, budget)

    def _findings(self, computed: Sequence[Observation]) -> Iterator[Finding]:
        budget = self._budget
        if self.config.defaults:
            ranking = Budget(budget.per_month * RANKING_PART, budget.shares)
            yield from performance_findings(computed, ranking, lengths=self.lengths, metrics=(ROC_AUC,))
            yield from estimate_findings(computed, budget, lengths=self.lengths, classes=self.classes)
            parts = 2.0 if any(o.sensitive_feature for o in computed) else 1.0
            quality = Budget(budget.per_month / parts, budget.shares)
            yield from quality_findings(computed, quality, lengths=self.lengths)
            yield from four_fifths_findings(computed, quality, lengths=self.lengths, adverse=self.adverse)
        yield from rule_findings([_rule(r) for r in self.config.rules], computed)

    def judged(self, observations: Sequence[Observation]) -> list[Observation]:
        """The observations with the statuses that follow from the rules, and the verdicts on their windows.

        A complete window has the status of what was found in it, one that is not yet complete that of the open alarms
        of its series. A drift statistic has what the scan said last before the window's end, if that is worse.
        """
        judges = {True: self.judge, False: self._of_open_alarms}
        judged = [judges[o.complete].judged(self._scanned(o)) for o in observations]
        return [*judged, *verdicts(judged, classes=self.classes)]

    @property
    def _of_open_alarms(self) -> Judge:
        """Of drift the scan tells."""
        return Judge.of_alerts(a for a in self.book.alerts if a.rule != DRIFT)

    def _scanned(self, o: Observation) -> Observation:
        if not o.metric.startswith(DRIFT_FAMILY) or o.status == "insufficient_data" or o.definition:
            return o  # of another tool's number that tool's threshold says
        return replace(o, status=self.scanning.scanned.at(o.column, o.window.end))

    @property
    def plan(self) -> AlarmPlan | None:
        """What the default rules may spend and have learned; ``None`` where they are switched off."""
        if not self.config.defaults:
            return None
        (learned, wanted), dispersion = self.scanning.learned, self.scanning.dispersion
        budget, length = self._budget, Window(0, self.smallest).label
        shares = {str(family): share for family, share in budget.shares.items()}
        reason = self.labelled.unwatched
        return AlarmPlan(
            self.key, budget.per_month, shares, self.versions, length, learned, wanted, dispersion,
            {"performance": reason} if reason else {},
        )  # fmt: skip

    def alerts(self) -> tuple[Alert, ...]:
        """Pending, firing and recently resolved alerts, the one to look at first in front."""
        shown = [(a, self.examples.get(a.identity, {})) for a in ranked(self.book.alerts)]
        return tuple(replace(a, examples=tuple(found), traces=tuple(found.values())) for a, found in shown)

    def _keep_examples(self, model: Monitored, store: Store) -> None:
        """Predictions, with their traces, for every alarm that began to fire; they are looked up once."""
        alerts = self.book.alerts
        for alert in alerts:
            if alert.state == "firing" and alert.identity not in self.examples:
                found = self._examples_of(alert, model, store)
                self.examples[alert.identity] = traces_of(found, store)
        open_ = {a.identity for a in alerts}
        self.examples = {k: v for k, v in self.examples.items() if k in open_}

    def _examples_of(self, alert: Alert, model: Monitored, store: Store) -> tuple[str, ...]:
        column = self.columns.get(alert.column)
        reference = self.scanning.scan.reference if self.scanning.scan else None
        return examples_of(alert, store, column, reference, model.window(looked_back(alert)))


def _compared_classes(reference: Reference | None) -> int:
    if reference is None or reference.layout.positive >= 0:
        return 1
    return max(len(reference.layout.classes), 1)


def _touch_incomplete(model: Monitored, complete: int) -> None:
    """Windows with rows that end after this; one that holds it may have none since."""
    starts = model.pane_starts()
    first = max(int(np.searchsorted(starts, complete)) - 1, 0)
    for start in starts[first:].tolist():
        model.touch(Window.holding(start, model.settings.pane))


def _shares(config: AlarmConfig) -> dict[Family, float]:
    shares = config.shares
    return {
        "drift": shares.drift, "performance": shares.performance, "quality": shares.quality,
        "estimated_performance": shares.estimated_performance,
    }  # fmt: skip


def _rule(config: RuleConfig) -> Rule:
    hold = parse_length(config.hold) if config.hold else 0
    return Rule(
        name=config.name, metric=config.metric, comparison=config.comparison, threshold=config.threshold,
        match=config.match, severity=config.severity, margin=config.margin, minimum_rows=config.minimum_rows,
        lifecycle=Lifecycle(pending_for=hold, close_after=1, rejoin_within=0),
    )  # fmt: skip
