"""How an alarm opens, stays, closes and comes back: a fold of the verdicts of its windows in event time.

::

    inactive ──breach──▶ pending ──breach, `for` has passed──▶ firing ──quiet × close_after──▶ resolved ──▶ dropped
        ▲                   │                                   │  ▲                              │
        └──────quiet────────┘                   no data ────────┼──┼──────────────────────────────┤
                                                                └──┴──breach within rejoin_within─┘
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final, Literal, TypeAlias

from miops_collector.report import AlertState

__all__ = ["ACCEPTED", "Lifecycle", "Mark", "Phase", "Verdict", "follow", "lapse"]

Verdict: TypeAlias = Literal["breach", "hold", "quiet", "unknown"]
DAY = 86_400 * 1_000_000_000
ACCEPTED: Final = "accepted as reference"


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """When an alarm changes its state. Everything is event time, counted in windows of the series or nanoseconds.

    Attributes
    ----------
    pending_for
        How long the condition must last, from the end of the first window that met it to the end of the newest.
    close_after
        Quiet windows in a row that close it.
    rejoin_within
        A breach at most this many windows after closing continues the same alarm.
    absent_after
        A series without data neither opens nor closes an alarm; after this many windows without any its alarm is
        closed, and says that it was closed for want of data.
    keep_resolved
        How long a resolved alarm is shown, at least; as long as a breach would continue it, it is not forgotten.
    """

    pending_for: int = 0
    close_after: int = 3
    rejoin_within: int = 24
    absent_after: int = 24
    keep_resolved: int = 7 * DAY


@dataclass(frozen=True, slots=True)
class Mark:
    """The known verdict of one window ``[start, end)``; see :class:`~miops_collector.alerts.finding.Finding`."""

    start: int
    end: int
    verdict: Verdict
    support: float = 1.0


@dataclass(frozen=True, slots=True)
class Phase:
    """Where an alarm is in its life.

    Attributes
    ----------
    since, until
        Start of the first window in breach; end of the window that closed it, 0 while open.
    first_end
        End of the first window in breach, from which ``pending_for`` runs.
    last_end
        End of the newest window with a verdict.
    quiet
        Quiet windows since the last breach or hold.
    support
        That of the last breach.
    raised
        How often it began to fire.
    closed_by
        ``quiet``, ``no_data`` or :data:`ACCEPTED`; after the last a breach is a new alarm, against another reference.
    """

    state: AlertState = "inactive"
    since: int = 0
    until: int = 0
    first_end: int = 0
    last_end: int = 0
    quiet: float = 0.0
    support: float = 1.0
    raised: int = 0
    closed_by: str = ""


def follow(phase: Phase, marks: Iterable[Mark], life: Lifecycle) -> Phase:
    """The phase after these marks, which are in the order of time."""
    for mark in marks:
        phase = _STEPS[mark.verdict](lapse(phase, mark.start, mark.end - mark.start, life), mark, life)
    return phase


def lapse(phase: Phase, now: int, length: int, life: Lifecycle) -> Phase:
    """The phase at event time ``now`` when nothing was heard since; ``length`` is that of the windows."""
    deadline = phase.last_end + life.absent_after * length
    if phase.state == "pending" and now >= deadline:
        return Phase(last_end=phase.last_end)
    if phase.state == "firing" and now >= deadline:
        return replace(phase, state="resolved", until=deadline, closed_by="no_data")
    return phase


def _breach(phase: Phase, mark: Mark, life: Lifecycle) -> Phase:
    phase = replace(phase, last_end=mark.end, quiet=0.0, support=mark.support)
    if phase.state == "firing":
        return phase
    near = life.rejoin_within * (mark.end - mark.start)
    if phase.state == "resolved" and mark.end - phase.until <= near and phase.closed_by != ACCEPTED:
        return replace(phase, state="firing", until=0, closed_by="", raised=phase.raised + 1)
    if phase.state != "pending":
        phase = Phase("pending", mark.start, 0, mark.end, mark.end, 0.0, mark.support)
    fires = mark.end - phase.first_end >= life.pending_for
    return replace(phase, state="firing", raised=1) if fires else phase


def _hold(phase: Phase, mark: Mark, life: Lifecycle) -> Phase:
    if phase.state == "firing":
        return replace(phase, last_end=mark.end, quiet=0.0)
    return _quiet(phase, mark, life)


def _quiet(phase: Phase, mark: Mark, life: Lifecycle) -> Phase:
    """A quiet window with less than half the rows of the last breach counts in proportion."""
    if phase.state == "pending":
        return Phase(last_end=mark.end)
    if phase.state != "firing":
        return replace(phase, last_end=mark.end)
    quiet = phase.quiet + min(2.0 * mark.support / max(phase.support, 1e-9), 1.0)
    phase = replace(phase, last_end=mark.end, quiet=quiet)
    if quiet < life.close_after - 1e-9:
        return phase
    return replace(phase, state="resolved", until=mark.end, closed_by="quiet")


_STEPS = {"breach": _breach, "hold": _hold, "quiet": _quiet}
