"""What may still be shown of a report that nobody renews: its values look alive, and its windows have passed."""

from __future__ import annotations

from dataclasses import replace

from miops_collector.report import Report
from miops_collector.window import NANOS

__all__ = ["alive", "alive_for"]

SHORTEST, LONGEST = 60 * NANOS, 300 * NANOS


def alive(report: Report, now: int, *, longest: int) -> Report:
    """The report, without its values if it is older than ``longest``, nanoseconds.

    Ticks fail or hang when the disk is full or the store is broken. Alarms stay: they were decided, and last until
    somebody decides otherwise; the collector's own metrics say that ticks fail.
    """
    if now - report.computed_at <= longest:
        return report
    return replace(report, observations=(), plans=())


def alive_for(pane: int) -> int:
    """Nanoseconds: a pane, after which every window has moved on, but at least one minute and at most five."""
    return min(max(pane, SHORTEST), LONGEST)
