"""Runs cases against a target, and says what came of each."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal, TypeAlias

from tests.otlp_conformance.answer import WireName
from tests.otlp_conformance.case import ALL, Case, Skip
from tests.otlp_conformance.wire import Target, Wire

__all__ = ["Outcome", "Result", "counted", "run", "table", "wires"]

Outcome: TypeAlias = Literal["pass", "fail", "skip"]


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one case on one wire; ``detail`` says what was seen instead, or why nothing was."""

    case: Case
    wire: WireName
    outcome: Outcome
    detail: str
    seconds: float


def run(target: Target, cases: Iterable[Case]) -> Iterator[Result]:
    """Every case on each of its wires; nothing one case does stops the next."""
    with wires(target) as each:
        for case in cases:
            for name in case.on:
                started = time.monotonic()
                outcome, detail = _outcome(case, each[name])
                yield Result(case, name, outcome, detail, time.monotonic() - started)


@contextmanager
def wires(target: Target) -> Iterator[Mapping[WireName, Wire]]:
    """Every wire to a target, closed at the end."""
    each = {name: Wire(target, name) for name in ALL}
    try:
        yield each
    finally:
        for wire in each.values():
            wire.close()


def _outcome(case: Case, wire: Wire) -> tuple[Outcome, str]:
    try:
        case.run(wire)
    except Skip as why:
        return "skip", str(why)
    except (AssertionError, OSError) as error:
        return "fail", (str(error) or type(error).__name__).partition("\n")[0]
    return "pass", ""


def counted(results: Iterable[Result]) -> dict[Outcome, int]:
    """How many there are of each outcome."""
    outcomes = [result.outcome for result in results]
    return {"pass": outcomes.count("pass"), "fail": outcomes.count("fail"), "skip": outcomes.count("skip")}


def table(results: Sequence[Result]) -> str:
    """A line for each result, for a terminal."""
    widest = max((len(result.case.id) for result in results), default=0)
    return "\n".join(
        f"{r.outcome:4}  {r.case.level:6}  {r.wire:8}  {r.case.id:{widest}}  {r.detail or r.case.expectation}"
        for r in results
    )
