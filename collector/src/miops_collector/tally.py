"""What came in and what became of it: counted, and said when something begins to be refused."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from miops import semconv
from miops_collector.episodes import Episode
from miops_collector.errors import InputError
from miops_collector.intake import Request
from miops_collector.left_out import LeftOut
from miops_collector.otlp.decode import Decoded
from miops_collector.stores._store import Appended
from miops_collector.telemetry import Telemetry

__all__ = ["Tally"]


class Tally:
    """Of one ingest, whose threads share it."""

    def __init__(self, telemetry: Telemetry) -> None:
        self._telemetry = telemetry
        self._left_out = LeftOut()
        self._refusing = Episode("requests are refused", "requests")
        self._losing = Episode("rows are refused for good", "rows")

    def look(self) -> None:
        """Say what does not happen any more."""
        self._refusing.look()
        self._losing.look()

    def refused(self, request: Request, error: Exception) -> None:
        """There was no room for it."""
        self._count(request, "refused")
        self._refusing.happened(f"{request.size} bytes of {request.kind} over {request.transport}: {error}")

    def answered(self, request: Request, outcome: str) -> None:
        """It is on disk, all of it or in part."""
        self._count(request, outcome)
        self._telemetry.acknowledged(time.monotonic() - request.arrived)

    def failed(self, requests: Sequence[Request], error: Exception) -> None:
        """Nothing of them was stored; unless the input is at fault they wanted one commit."""
        at_fault = isinstance(error, InputError)
        if not at_fault:
            self._telemetry.add("commits.failed", 1)
        for request in requests:
            self._count(request, "invalid" if at_fault else "failed")

    def stored(self, kind: str, appended: Appended) -> None:
        """One commit of requests of this kind."""
        self._telemetry.add("commits", 1)
        for stored in appended.stored:
            self._by_reason("values.ignored", kind, self._left_out.count(stored))
            by = {semconv.ROW_KIND: stored.records.kind}
            self._telemetry.add("rows.stored", stored.table.num_rows, by)
            self._telemetry.add("rows.deduplicated", stored.duplicates, by)

    def decoded(self, kind: str, decoded: Decoded) -> None:
        """What requests of this kind held."""
        by = {semconv.TELEMETRY_KIND: kind}
        self._telemetry.add("rows.received", decoded.rows, by)
        self._telemetry.add("items.other", decoded.other, by)
        self._telemetry.add("items.recorded", decoded.recorded, by)
        if decoded.refused:
            self._losing.happened(decoded.message, sum(decoded.refused.values()))
        self._by_reason("rows.refused", kind, decoded.refused)
        self._by_reason("values.ignored", kind, decoded.ignored)

    def _count(self, request: Request, outcome: str) -> None:
        by = {semconv.TELEMETRY_KIND: request.kind, semconv.TRANSPORT: request.transport}
        self._telemetry.add("requests", 1, by | {semconv.REQUEST_OUTCOME: outcome})
        name = {"success": "accepted", "partial": "accepted", "refused": "refused"}.get(outcome, "failed")
        self._telemetry.add(f"items.{name}", max(request.items, 0), by)

    def _by_reason(self, name: str, kind: str, counts: Mapping[str, int]) -> None:
        for reason, count in counts.items():
            self._telemetry.add(name, count, {semconv.TELEMETRY_KIND: kind, semconv.REASON: reason})
