"""The book of alarms of all models: pure, durable as JSON, advanced by findings in event time."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from miops_collector.alerts.finding import Finding
from miops_collector.alerts.lifecycle import Lifecycle, Mark, Phase, follow, lapse
from miops_collector.errors import InputError
from miops_collector.report import Alert, ModelKey
from miops_collector.window import Window

__all__ = ["Book", "Entry", "advance"]

FORMAT = 1
REMEMBERED = 48
"""Windows of an alarm whose verdict may still be restated; older ones are settled."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One alarm: its last evidence, the verdicts of its newest windows, and its phase before and after these.

    The state is always a fold over windows in the order of event time. So a window that comes late, or is restated
    because its truth arrived, has the same effect as if it had been known at once.
    """

    finding: Finding
    marks: tuple[Mark, ...]
    settled: Phase
    phase: Phase

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
            evidence={**f.evidence, **_life_evidence(phase)}, examples=f.examples,
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
    marks = {m.end: m for m in old.marks} if old else {}
    settled = old.settled if old else Phase()
    marks |= {f.window.end: Mark(f.window.start, f.window.end, f.verdict, f.support) for f in news}
    ordered = [m for _, m in sorted(marks.items()) if m.end > settled.last_end]
    life = news[-1].lifecycle
    settled = follow(settled, ordered[:-REMEMBERED], life)
    kept = tuple(ordered[-REMEMBERED:])
    telling = [f for f in reversed(news) if f.verdict in ("breach", "hold")] + ([old.finding] if old else [])
    shown = max(telling, key=lambda f: f.window.end)
    return Entry(replace(shown, lifecycle=life), kept, settled, follow(settled, kept, life))


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


def _entry(data: dict[str, Any]) -> Entry:
    f = data["finding"]
    finding = Finding(
        **{
            **f,
            "model": ModelKey(**f["model"]),
            "window": Window(**f["window"]),
            "lifecycle": Lifecycle(**f["lifecycle"]),
            "examples": tuple(f["examples"]),
        }
    )
    marks = tuple(Mark(**m) for m in data["marks"])
    return Entry(finding, marks, Phase(**data["settled"]), Phase(**data["phase"]))
