"""What the collector counts about itself. No globals: one :class:`Telemetry` is made at start and passed in."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from miops import semconv
from miops_collector.metric import Instrument, Metric, Point

__all__ = ["INSTRUMENTS", "OwnInstrument", "Telemetry"]

Series = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class OwnInstrument:
    """One of our own metrics: ``name`` follows ``miops.collector.``."""

    name: str
    instrument: Instrument
    unit: str
    description: str


INSTRUMENTS: Final = (
    OwnInstrument("rows.received", "counter", "{row}", "Rows that were stored, refused or deduplicated"),
    OwnInstrument("rows.stored", "counter", "{row}", "Rows committed to the store"),
    OwnInstrument("rows.refused", "counter", "{row}", "Rows refused for good, by reason"),
    OwnInstrument("rows.deduplicated", "counter", "{row}", "Rows that were in the store already"),
    OwnInstrument("values.ignored", "counter", "{value}", "Values left out of stored rows, by reason"),
    OwnInstrument("items.accepted", "counter", "{item}", "Spans, log records and metrics acknowledged"),
    OwnInstrument("items.refused", "counter", "{item}", "Items answered with 'retry later'"),
    OwnInstrument("items.failed", "counter", "{item}", "Items of requests that failed inside the collector"),
    OwnInstrument("items.other", "counter", "{item}", "Items that are no predictions, truth or reference: dropped"),
    OwnInstrument("items.recorded", "counter", "{item}", "Spans whose rows travel as events"),
    OwnInstrument(
        "requests", "counter", "{request}", "Requests by outcome: success, partial, invalid, refused, failed"
    ),
    OwnInstrument("waited", "counter", "{request}", "Requests that waited for room, and were then taken or refused"),
    OwnInstrument("forward.sent", "counter", "{request}", "Requests forwarded unchanged"),
    OwnInstrument("forward.dropped", "counter", "{request}", "Requests that could not be forwarded, by reason"),
    OwnInstrument("export.sent", "counter", "{report}", "Reports an OTLP endpoint took"),
    OwnInstrument("export.failed", "counter", "{report}", "Reports given up on: refused, or overtaken while retried"),
    OwnInstrument("export.rejected", "counter", "{point}", "Points refused in requests that were otherwise taken"),
    OwnInstrument("commits", "counter", "{commit}", "Commits that succeeded"),
    OwnInstrument("commits.failed", "counter", "{commit}", "Commits that failed"),
    OwnInstrument("retention.deleted", "counter", "{row}", "Rows deleted because of their age"),
    OwnInstrument("ticks", "counter", "{tick}", "Evaluations of what changed"),
    OwnInstrument("ticks.failed", "counter", "{tick}", "Evaluations that ended with an error; the next comes anyway"),
    OwnInstrument("ticks.seconds", "counter", "s", "Time spent in evaluations"),
    OwnInstrument("commit.latency", "gauge", "s", "Arrival to acknowledgement of the last thousand requests"),
    OwnInstrument("commit.duration", "histogram", "s", "Arrival to acknowledgement of requests"),
    OwnInstrument("queue.size", "updowncounter", "By", "Bytes of requests that wait for their commit"),
    OwnInstrument("queue.capacity", "updowncounter", "By", "Bytes that may wait before requests are refused"),
    OwnInstrument("memory.usage", "updowncounter", "By", "Memory that the process takes, code of libraries included"),
    OwnInstrument("memory.limit", "updowncounter", "By", "Memory that it may take; near it requests are refused"),
    OwnInstrument("queue.lag", "gauge", "s", "Age of the oldest request that waits"),
)
"""Everything counted by the receiving half; other parts may :meth:`Telemetry.register` more."""


DURATION_BOUNDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Seconds; upper bounds of the buckets of ``commit.duration``."""


class Telemetry:
    """Counters and gauges; safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._instruments = {own.name: own for own in INSTRUMENTS}
        self._counters: dict[str, dict[Series, float]] = defaultdict(lambda: defaultdict(float))
        self._gauges: dict[str, Callable[[], float]] = {}
        self._latencies: deque[float] = deque(maxlen=1000)
        self._durations = [0] * (len(DURATION_BOUNDS) + 1)
        self._duration = 0.0

    def register(self, instrument: OwnInstrument) -> None:
        """Know one more instrument."""
        with self._lock:
            self._instruments[instrument.name] = instrument

    def add(self, name: str, value: float, attributes: Mapping[str, str] | None = None) -> None:
        """Count on. Zero makes the series visible."""
        series = tuple(sorted((attributes or {}).items()))
        with self._lock:
            self._counters[self._instruments[name].name][series] += value

    def observe(self, name: str, read: Callable[[], float]) -> None:
        """Read this value whenever a snapshot is taken."""
        with self._lock:
            self._gauges[self._instruments[name].name] = read

    def acknowledged(self, seconds: float) -> None:
        """A request was acknowledged this long after it arrived."""
        with self._lock:
            self._latencies.append(seconds)
            self._durations[bisect_left(DURATION_BOUNDS, seconds)] += 1
            self._duration += seconds

    def snapshot(self) -> tuple[Metric, ...]:
        """Every instrument with its points at this moment."""
        with self._lock:
            counters = {name: dict(series) for name, series in self._counters.items()}
            gauges, latencies = dict(self._gauges), list(self._latencies)
            instruments = tuple(self._instruments.values())
            histogram = Point(self._duration, counts=tuple(self._durations))
        points = {name: tuple(Point(v, dict(s)) for s, v in series.items()) for name, series in counters.items()}
        points |= {name: (Point(read()),) for name, read in gauges.items()}
        points["commit.latency"] = _quantiles(latencies)
        points["commit.duration"] = (histogram,)
        return tuple(_metric(own, points.get(own.name)) for own in instruments)


def _metric(own: OwnInstrument, points: tuple[Point, ...] | None) -> Metric:
    if points is None:
        points = (Point(0.0),) if own.instrument == "counter" else ()
    bounds = DURATION_BOUNDS if own.instrument == "histogram" else ()
    return Metric(semconv.COLLECTOR_PREFIX + own.name, own.instrument, own.unit, own.description, points, bounds)


def _quantiles(latencies: list[float]) -> tuple[Point, ...]:
    if not latencies:
        return ()
    return tuple(Point(float(np.quantile(latencies, q)), {semconv.QUANTILE: str(q)}) for q in (0.5, 0.99))
