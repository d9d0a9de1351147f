"""The book of alarms of all models: pure, durable as JSON, advanced by findings in event time."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from miops_collector.alerts.finding import Finding
from miops_collector.alerts.lifecycle import ACCEPTED, Lifecycle, Mark, Phase, follow, lapse
from miops_collector.errors import InputError
from miops_collector.report import Alert, Latest, ModelKey
from miops_collector.window import Window

__all__ = ["ACCEPTED", "Book", "Entry", "advance", "closed"]

FORMAT = 1
REMEMBERED = 48
"""Windows of an alarm whose verdict may still be restated; older ones are settled."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One alarm: what raised it, what is now, the verdicts of its newest windows, its phase before and after these.

    ``finding`` is the last breach, ``latest`` the newest word about the series: of a window that only keeps the alarm
    open, or is quiet, the evidence is not what opened it.

    The state is always a fold over windows in the order of event time. So a window that comes late, or is restated
    because its truth arrived, has the same effect as if it had been known at once.
    """

    finding: Finding
    marks: tuple[Mark, ...]
    settled: Phase
    phase: Phase
    latest: Finding

    @property
    def length(self) -> int:
        return self.finding.window.length

    @property
    def alert(self) -> Alert:
        f, phase = self.finding, self.phase
        return Alert(
            rule=f.rule, metric=f.metric, model=f.model, state=phase.state, since=phase.since, until=phase.until,
            value=f.value, threshold=f.threshold, severity=f.severity, window=f.window, column=f.column,
            segment=f.segment, sensitive_feature=f.sensitive_feature, group=f.group, what=f.what,
            evidence={**f.evidence, **_life_evidence(phase)}, examples=f.examples, latest=_latest(self.latest),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Book:
    """Every alarm that is not inactive, by series; build new ones with :func:`advance`."""

    entries: Mapping[tuple[str, ...], Entry] = field(default_factory=dict)

    @property
    def alerts(self) -> tuple[Alert, ...]:
        """Pending, firing and recently resolved alerts."""
        return tuple(entry.alert for entry in self.entries.values())

    def to_json(self) -> str:
        return json.dumps({"format": FORMAT, "entries": [asdict(e) for e in self.entries.values()]})

    @classmethod
    def from_json(cls, text: str) -> Book:
        """A book as :meth:`to_json` wrote it; an empty text is an empty book.

        Raises
        ------
        InputError
            If another release wrote it in another format.
        """
        if not text:
            return cls()
        data = json.loads(text)
        if data.get("format") != FORMAT:
            msg = f"stored alarms have format {data.get('format')!r}; this release reads {FORMAT}"
            raise InputError(msg)
        entries = [_entry(e) for e in data["entries"]]
        return cls({e.finding.key: e for e in entries})


def advance(book: Book, findings: Iterable[Finding], *, model: ModelKey, now: int) -> Book:
    """The book after these findings about one model.

    Parameters
    ----------
    findings
        About any windows, in any order, restated ones included. Of two about the same series and window the later
        one in the sequence counts.
    now
        Event time up to which the model is known (its watermark): what was silent for too long is closed for want of
        data, what was resolved long ago is dropped. Call it with no findings when no rows come.
    """
    news: dict[tuple[str, ...], list[Finding]] = {}
    for finding in findings:
        if finding.verdict != "unknown":
            news.setdefault(finding.key, []).append(finding)
    entries = dict(book.entries)
    for key, group in news.items():
        old = entries.get(key)
        if old is not None or any(f.verdict == "breach" for f in group):
            entries[key] = _heard(old, group)
    return Book({key: kept for key, e in entries.items() if (kept := _aged(e, model, now)) is not None})


def _heard(old: Entry | None, news: list[Finding]) -> Entry:
    """The alarm after verdicts about some of its windows, put where they belong in time."""
    settled = old.settled if old else Phase()
    news = [f for f in news if f.window.end > settled.last_end]
    if old is not None and not news:
        return old
    marks = {m.end: m for m in old.marks} if old else {}
    marks |= {f.window.end: Mark(f.window.start, f.window.end, f.verdict, f.support) for f in news}
    ordered = [m for _, m in sorted(marks.items()) if m.end > settled.last_end]
    life = news[-1].lifecycle
    settled = follow(settled, ordered[:-REMEMBERED], life)
    kept = tuple(ordered[-REMEMBERED:])
    by_window = {f.window.end: f for f in news}
    latest = max([*by_window.values(), *([old.latest] if old else [])], key=lambda f: f.window.end)
    shown = replace(_raising(old, by_window), lifecycle=life)
    return Entry(shown, kept, settled, follow(settled, kept, life), latest)


def _raising(old: Entry | None, news: Mapping[int, Finding]) -> Finding:
    """The newest breach; what was shown before if there is none any more, because its window has been restated."""
    breaches = [f for f in news.values() if f.verdict == "breach"]
    if old is not None and old.finding.window.end not in news:
        breaches.append(old.finding)
    if breaches or old is None:
        return max(breaches, key=lambda f: f.window.end)
    return old.finding


def closed(book: Book, *, until: int, why: str, but: str) -> Book:
    """Every open alarm resolved at this event time, or when its newest window ended; those of rule ``but`` go on.

    What is known of windows until then is settled.
    """
    entries = {key: e if e.finding.rule == but else _closed(e, until, why) for key, e in book.entries.items()}
    return Book({key: e for key, e in entries.items() if e.phase.state != "pending"})


def _closed(entry: Entry, until: int, why: str) -> Entry:
    end = max(until, entry.phase.last_end)
    phase = replace(entry.phase, last_end=end)
    if phase.state == "firing":
        phase = replace(phase, state="resolved", until=end, closed_by=why)
    return replace(entry, marks=(), settled=phase, phase=phase)


def _aged(entry: Entry, model: ModelKey, now: int) -> Entry | None:
    if entry.finding.model != model:
        return entry
    life = entry.finding.lifecycle
    phase = lapse(entry.phase, now, entry.length, life)
    kept = max(life.keep_resolved, life.rejoin_within * entry.length)
    over = phase.state == "resolved" and now - phase.until > kept
    return None if over or phase.state == "inactive" else replace(entry, phase=phase)


def _life_evidence(phase: Phase) -> dict[str, float | str]:
    return {"raised": phase.raised, **({"closed_by": phase.closed_by} if phase.closed_by else {})}


def _latest(f: Finding) -> Latest:
    return Latest(f.window, f.verdict, f.value, f.threshold, f.what, f.evidence)


def _entry(data: dict[str, Any]) -> Entry:
    finding = _finding(data["finding"])
    marks = tuple(Mark(**m) for m in data["marks"])
    latest = _finding(data["latest"]) if "latest" in data else finding  # earlier releases kept one of them
    return Entry(finding, marks, Phase(**data["settled"]), Phase(**data["phase"]), latest)


def _finding(f: dict[str, Any]) -> Finding:
    return Finding(
        **{
            **f,
            "model": ModelKey(**f["model"]),
            "window": Window(**f["window"]),
            "lifecycle": Lifecycle(**f["lifecycle"]),
            "examples": tuple(f["examples"]),
        }
    )
