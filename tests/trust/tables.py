"""Cells and tables of ``docs/trust.md``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tests.trust.tally import interval

__all__ = ["delay_of", "spread", "table"]


def spread(count: float, total: float) -> str:
    """Per 1,000, with the 95 % interval."""
    value, low, high = (f"{x:.0f}" if x >= 10 else f"{x:.2g}" for x in interval(count, total))
    return f"{value} ({low}–{high})"


def delay_of(e: Mapping[str, Any] | None, loud: str = "") -> str:
    """Median windows and in brackets the share that was found, if not all."""
    if e is None:
        return ""
    share = "" if e["found"] == 1.0 else f"({e['found']:.0%})"
    return " ".join(filter(None, ["–" if e["delay"] is None else f"{e['delay']:g}", share, loud]))


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"
