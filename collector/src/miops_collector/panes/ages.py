"""How long panes are at which age: short while they are new, merged into longer ones as they get older."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from miops_collector.window import align, format_length

__all__ = ["Ages"]


class Ages:
    """Lengths of panes by event time, moving on with the watermark and never back.

    Parameters
    ----------
    levels
        ``(length, kept for)`` in nanoseconds, from the newest to the oldest: panes of this length are kept until the
        watermark is that far past their start. Each length is a multiple of the one before; the last is kept for ever.

    Raises
    ------
    ValueError
        If a length is no multiple of the one before, or is not kept longer than that.
    """

    def __init__(self, levels: Sequence[tuple[int, int]]) -> None:
        for i, ((length, kept), (longer, kept_longer)) in enumerate(pairwise(levels)):
            last = i == len(levels) - 2
            if longer <= length or longer % length or (kept_longer <= kept and not last):
                msg = (
                    f"panes of {format_length(length)} cannot grow into panes of {format_length(longer)}: "
                    "lengths must be multiples of one another, kept longer and longer"
                )
                raise ValueError(msg)
        self._levels = tuple(levels)
        self._merged_before: list[int | None] = [None] * (len(levels) - 1)

    def advance(self, watermark: int) -> bool:
        """Move on to this watermark; whether any pane grows older by it."""
        before = list(self._merged_before)
        for i, ((_, kept), (longer, _)) in enumerate(pairwise(self._levels)):
            self._raise(i, align(watermark - kept, longer))
        return before != self._merged_before

    def have_seen(self, length: int, start: int) -> None:
        """There is a pane of this length, so panes before its end are at least that long."""
        for i, (longer, _) in enumerate(self._levels[1:]):
            if longer <= length:
                self._raise(i, start + length)

    def merged(self) -> list[tuple[int, int]]:
        """``(length, before)``: panes that start before this time are at least that long."""
        pairs = zip(self._levels[1:], self._merged_before, strict=True)
        return [(longer, before) for (longer, _), before in pairs if before is not None]

    def length_at(self, time: int) -> int:
        """Length of the pane that holds this event time."""
        length = self._levels[0][0]
        for before, (longer, _) in zip(self._merged_before, self._levels[1:], strict=True):
            if before is None or time >= before:
                break
            length = longer
        return length

    def _raise(self, i: int, time: int) -> None:
        before = self._merged_before[i]
        self._merged_before[i] = time if before is None else max(before, time)
