"""Which rows are refused and why, and what a request amounted to."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from miops_collector.otlp.types import Flags, Longs

__all__ = ["REASONS", "Reason", "Tally", "Verdict"]

Reason = str

REASONS: Final = {
    "model_name": "the model's name is missing, empty or too long",
    "event_time": "the event time is no time, before the year 2000 or too far in the future",
    "encoding": "a text is not UTF-8",
    "weight": "the sample weight is negative or not finite",
    "body": "the body of the batch event cannot be read",
    "size": "the event has more values than allowed",
    "unnamed_truth": "the ground truth names no prediction, trace or entity",
    "no_truth": "there is neither a ground truth value nor an outcome",
}
"""Why rows are refused."""


class Verdict:
    """Refusals of ``n`` rows; the first reason of a row counts."""

    def __init__(self, n: int) -> None:
        self._names: list[Reason] = []
        self._codes = np.zeros(n, np.int8)

    def refuse(self, reason: Reason, rows: Flags) -> None:
        if rows.any():
            self._names.append(reason)
            self._codes[rows & (self._codes == 0)] = len(self._names)

    @property
    def kept(self) -> Flags:
        kept: Flags = self._codes == 0
        return kept

    def counts(self) -> Counter[Reason]:
        numbers = np.bincount(self._codes, minlength=len(self._names) + 1)[1:].tolist()
        return +Counter(dict(zip(self._names, numbers, strict=False)))


@dataclass(slots=True)
class Tally:
    """What a request held.

    Attributes
    ----------
    items
        Spans, log records or metrics.
    rows
        Rows of predictions, truth and references, refused ones included.
    refused
        Refused rows by reason.
    rejected
        Items of which at least one row was refused.
    other
        Items that are none of ours.
    recorded
        Spans whose rows travel as events.
    ignored
        Values left out of stored rows, by reason: ``type`` (bytes, nested), ``name`` (of the column too long),
        ``columns`` (too many).
    """

    items: int = 0
    rows: int = 0
    refused: Counter[Reason] = field(default_factory=Counter)
    rejected: int = 0
    other: int = 0
    recorded: int = 0
    ignored: Counter[Reason] = field(default_factory=Counter)

    def refuse(self, reason: Reason, items: int, rows: int | None = None) -> None:
        """Whole items refused; of an unreadable one the rows are not known and it counts as one."""
        if items:
            self.rows += items if rows is None else rows
            self.refused[reason] += items if rows is None else rows
            self.rejected += items

    def add(self, verdict: Verdict, owner: Longs | None) -> None:
        """Rows judged one by one; ``owner`` is the item of each row, or ``None`` when each is an item of its own."""
        kept = verdict.kept
        self.rows += len(kept)
        self.refused += verdict.counts()
        if not kept.all():
            self.rejected += int((~kept).sum()) if owner is None else len(np.unique(owner[~kept]))

    def message(self) -> str:
        """What was refused, in English, for the sender; empty when nothing was."""
        return "; ".join(f"{n} rows refused: {REASONS[reason]}" for reason, n in sorted(self.refused.items()))
