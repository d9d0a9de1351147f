"""``bench.json``: the machine, and the newest results of every benchmark."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.benchmarks.harness.budgets import Budget
from tests.benchmarks.harness.machine import load, machine
from tests.benchmarks.harness.result import Result

__all__ = ["Book", "Entry"]


@dataclass(frozen=True, slots=True)
class Entry:
    """A result as it is written.

    Attributes
    ----------
    floor, ok
        The promised value and whether it is met; ``None`` where nothing is promised.
    better
        Which way is better where something is promised: ``higher`` or ``lower``.
    peer
        The same measure of others, by their names, or ``None``.
    load
        Processes that wanted a core while it was measured, ours included.
    """

    name: str
    value: float
    unit: str
    floor: float | None
    ok: bool | None
    peer: Mapping[str, float] | None
    command: str
    better: str | None = None
    goal: float | None = None
    about: str = ""
    note: str = ""
    runs: Sequence[float] = ()
    measured_at: str = ""
    load: float = 0.0

    @classmethod
    def of(cls, one: Result, budget: Budget | None) -> Entry:
        return cls(
            name=one.name, value=one.value, unit=one.unit,
            floor=budget.limit if budget else None,
            ok=budget.holds(one.value) if budget else None,
            peer=dict(one.peers) or None,
            command=f"python -m tests.benchmarks {one.name.partition('.')[0]}",
            better=("higher" if budget.at_least is not None else "lower") if budget else None,
            goal=budget.goal if budget else None,
            about=one.about, note=one.note, runs=one.runs,
            measured_at=datetime.now(UTC).isoformat(timespec="seconds"), load=round(load(), 2),
        )  # fmt: skip


@dataclass(eq=False)
class Book:
    """All results in the order of their benchmarks' names."""

    machine: Mapping[str, Any] = field(default_factory=machine)
    results: list[Entry] = field(default_factory=list)

    @classmethod
    def read(cls, file: Path | None) -> Book:
        """What was measured before, if it was measured on this machine."""
        if file is None or not file.exists():
            return cls()
        saved = json.loads(file.read_text())
        return cls(results=[Entry(**e) for e in saved["results"]]) if saved["machine"] == machine() else cls()

    def replace(self, benchmark: str, fresh: Sequence[Entry]) -> None:
        """Take these for all there was of a benchmark."""
        kept = [e for e in self.results if e.name.partition(".")[0] != benchmark]
        self.results = sorted([*kept, *fresh], key=lambda e: e.name.partition(".")[0])

    def write(self, file: Path) -> None:
        saved = {"machine": dict(self.machine), "results": [asdict(e) for e in self.results]}
        file.write_text(json.dumps(saved, indent=1, ensure_ascii=False) + "\n")
