"""What an exporter owes: take every report quickly, and let go when told to."""

from __future__ import annotations

from typing import Protocol

from miops_collector.report import Report

__all__ = ["Exporter"]


class Exporter(Protocol):
    """Somewhere for statistics to go.

    ``export`` is called from the tick and returns at once: work that can block happens elsewhere, and what cannot be
    delivered is counted, never raised.
    """

    def export(self, report: Report) -> None:
        """Take the newest report; older ones that were not delivered yet may be skipped."""
        ...

    def shutdown(self) -> None:
        """Deliver what is left within a bounded time and release everything. Twice is fine."""
        ...
