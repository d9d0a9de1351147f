"""Panes and windows: half-open intervals of event time, and the watermark behind which they are complete."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["Watermark", "Window", "align", "format_length", "parse_length"]

NANOS = 1_000_000_000
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def parse_length(text: str) -> int:
    """Nanoseconds of a length such as ``90s``, ``5m``, ``1h``, ``1d`` or ``2w``.

    Raises
    ------
    ValueError
        If the text is no such length.

    Examples
    --------
    >>> parse_length("5m")
    300000000000
    """
    match = re.fullmatch(r"(\d+)([smhdw])", text.strip())
    if match is None or int(match[1]) == 0:
        msg = f"{text!r} is no length: write a number and one of s, m, h, d, w, such as '1h'"
        raise ValueError(msg)
    return int(match[1]) * _UNITS[match[2]] * NANOS


def format_length(nanos: int) -> str:
    """The shortest text that :func:`parse_length` reads back.

    Examples
    --------
    >>> format_length(86_400 * NANOS)
    '1d'
    >>> format_length(90 * NANOS)
    '90s'
    """
    seconds = nanos // NANOS
    unit = next(u for u in ("d", "h", "m", "s") if seconds % _UNITS[u] == 0)
    return f"{seconds // _UNITS[unit]}{unit}"


def align(time: int, length: int) -> int:
    """Start of the interval of this length that holds ``time``; intervals are counted from 1970 UTC.

    Examples
    --------
    >>> align(7, 5)
    5
    """
    return time - time % length


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """Half-open interval ``[start, end)`` of event time, in nanoseconds since 1970 UTC."""

    start: int
    end: int

    @property
    def length(self) -> int:
        return self.end - self.start

    @property
    def label(self) -> str:
        """Its length as in configuration: ``1h``."""
        return format_length(self.length)

    @classmethod
    def holding(cls, time: int, length: int) -> Window:
        """The aligned window of this length that holds ``time``."""
        start = align(time, length)
        return cls(start, start + length)


@dataclass(frozen=True, slots=True)
class Watermark:
    """How far event time has come for one model: nothing before it is expected any more.

    Event time is driven by the rows, so a replay of three years in two minutes closes its windows as it goes.
    While no rows come it advances with the wall clock, so the last window of a live model still closes.
    It is never ahead of the wall clock: one client whose clock is hours fast would otherwise close the windows of all
    others before their rows come. Its own rows lie in windows that are complete when the clock gets there.

    Attributes
    ----------
    newest
        Largest event time seen, nanoseconds.
    arrived
        Wall-clock time at which it was seen, nanoseconds.
    lateness
        How long rows may be late, nanoseconds.
    reached
        Event time it had come to when the newest row was seen. A row that comes after a silence and is older than the
        silence does not open again what has been closed.
    """

    newest: int
    arrived: int
    lateness: int
    reached: int = 0

    def advance(self, newest: int, now: int) -> Watermark:
        """The watermark after rows up to ``newest`` arrived at ``now``; older rows change nothing."""
        if newest <= self.newest:
            return self
        return Watermark(newest, now, self.lateness, self._come_to(now))

    def at(self, now: int) -> int:
        """Event time before which windows are complete, at wall-clock time ``now``."""
        return self._come_to(now) - self.lateness

    def _come_to(self, now: int) -> int:
        return max(min(self.newest + max(now - self.arrived, 0), now), self.reached)
