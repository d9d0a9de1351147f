"""What the web needs from the rest of the collector: a store to read, the newest report, and two functions to call."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from miops_collector.accepting import Acceptance
from miops_collector.errors import InputError
from miops_collector.metric import Metric
from miops_collector.report import ModelKey, Report
from miops_collector.schema import Records
from miops_collector.stores._store import Store

__all__ = ["Accept", "Backend", "Submit"]

Submit: TypeAlias = Callable[[Records], Awaitable[object] | object]
"""Takes rows and returns once they are committed; may be a coroutine function.

Raises ``InputError`` when they are refused for good and ``UnavailableError`` when the client should try again.
"""

Accept: TypeAlias = Callable[[ModelKey, tuple[int, int] | None, str], Awaitable[Acceptance]]
"""Takes the rows of a model version in ``[start, end)``, or those of its drift alarms, as its reference."""


async def _nothing_to_accept(_: ModelKey, __: tuple[int, int] | None, ___: str) -> Acceptance:
    msg = "this collector takes no window as a reference"
    raise InputError(msg)


@dataclass(frozen=True, slots=True)
class Backend:
    """Everything the web reads and calls.

    Attributes
    ----------
    report
        The newest report.
    scrape
        Body and content type of ``/metrics`` for an ``Accept`` header.
    telemetry
        The collector's own counters.
    info
        What ``/api/v1/collector`` says beside counters: version, addresses, settings. JSON values.
    now
        Wall clock, nanoseconds since 1970.
    max_body_bytes
        Largest body of a POST; of JSON it is a quarter.
    trace_url
        Where a trace is shown, with ``{trace_id}`` for its id; empty if nowhere.
    """

    store: Store
    report: Callable[[], Report]
    scrape: Callable[[str], tuple[bytes, str]]
    telemetry: Callable[[], Sequence[Metric]]
    submit_ground_truth: Submit
    submit_reference: Submit
    accept: Accept = _nothing_to_accept
    info: Mapping[str, Any] = field(default_factory=dict)
    now: Callable[[], int] = time.time_ns
    max_body_bytes: int = 64 * 1024 * 1024
    trace_url: str = ""
