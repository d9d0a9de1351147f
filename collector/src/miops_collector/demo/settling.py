"""The end of a replay: what was sent is stored and evaluated, or it is said that it is not."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

__all__ = ["SETTLED_SECONDS", "settled"]

QUIET_SECONDS: Final = 60.0
"""So long after the last row that arrived, no more are expected: the instrumentation sends within a second or two."""
SETTLED_SECONDS: Final = 600.0
"""A busy machine takes its time; nobody waits longer for a table than for the demo."""


def settled(
    sent: int,
    arrived: Callable[[], int],
    evaluated: Callable[[float], bool],
    say: Callable[[str], object],
    *,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], object] = time.sleep,
) -> bool:
    """Wait until all rows have arrived and every window is evaluated; whether they are.

    Parameters
    ----------
    arrived
        How many rows are stored or refused.
    evaluated
        Waits at most so many seconds until nothing is left to evaluate; whether nothing is.
    say
        Is told what is missing in the end.
    """
    missing = sent - _last(sent, arrived, clock, sleep)
    if missing > 0:
        say(f"{missing} rows have not arrived, and none for {QUIET_SECONDS:g} s: they count as dropped")
    final = evaluated(SETTLED_SECONDS)
    if not final:
        say(f"after {SETTLED_SECONDS:g} s some windows are still to be evaluated: what follows is not final")
    return final and missing <= 0


def _last(sent: int, arrived: Callable[[], int], clock: Callable[[], float], sleep: Callable[[float], object]) -> int:
    most, since = arrived(), clock()
    while most < sent and clock() - since < QUIET_SECONDS:
        sleep(0.2)
        now = arrived()
        if now > most:
            most, since = now, clock()
    return most
