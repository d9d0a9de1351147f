"""Pushes every report over OTLP, and says of a series that disappeared that it has no value any more."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeAlias

from miops_collector.exporters.delivery import Answer, Send
from miops_collector.exporters.series import DEFAULT_BUDGET, metrics_of
from miops_collector.metric import Metric, Point
from miops_collector.otlp.outgoing import encode_metrics, rejected_points
from miops_collector.report import Report

__all__ = ["OtlpExporter"]

_LOG = logging.getLogger(__name__)
_FIRST_WAIT_SECONDS, _WAIT_FACTOR, _LONGEST_WAIT_SECONDS = 1.0, 1.5, 30.0

_SeriesKey: TypeAlias = tuple[str, tuple[tuple[str, str], ...]]


class OtlpExporter:
    """Sends the newest report, at most one per interval, from a thread of its own.

    A slow or absent endpoint never delays a tick: while one report is being retried, newer ones replace the one that
    waits. Values are states, not increments, so a skipped report loses nothing but resolution.

    Parameters
    ----------
    send
        From :func:`~miops_collector.exporters.delivery.http_sender` or ``grpc_sender``.
    telemetry
        The collector's own metrics, sent along.
    count
        Told ``export.sent``, ``export.failed`` and ``export.rejected``, as :meth:`Telemetry.add` takes them.
    interval_seconds
        Reports that come faster replace each other.
    resource
        Attributes of the collector itself.
    """

    def __init__(
        self,
        send: Send,
        *,
        telemetry: Callable[[], Sequence[Metric]] = tuple,
        count: Callable[[str, float], None] | None = None,
        budget: int = DEFAULT_BUDGET,
        interval_seconds: float = 15.0,
        timeout_seconds: float = 5.0,
        resource: Mapping[str, str] | None = None,
    ) -> None:
        self._send = send
        self._telemetry = telemetry
        self._count = count
        self._budget = budget
        self._interval = interval_seconds
        self._timeout = timeout_seconds
        self._resource = resource or {"service.name": "miops-collector"}
        self._started = time.time_ns()
        self._waiting: Report | None = None
        self._alive: dict[_SeriesKey, Metric] = {}
        self._failing = False
        self._complaint = ""
        self._closing = False
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self.counts: Counter[str] = Counter()
        """Reports the endpoint took (``sent``), reports given up on (``failed``), points it refused (``rejected``)."""

    def export(self, report: Report) -> None:
        with self._changed:
            if self._closing:
                return
            self._waiting = report
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="miops-otlp-export", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def shutdown(self) -> None:
        """Send the report that waits, once and without retries, and stop."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(2 * self._timeout + 1)

    def _run(self) -> None:
        while (report := self._next()) is not None:
            self._deliver(report)
            with self._changed:
                self._changed.wait_for(lambda: self._closing, self._interval)

    def _next(self) -> Report | None:
        with self._changed:
            self._changed.wait_for(lambda: self._waiting is not None or self._closing)
            report, self._waiting = self._waiting, None
            return report

    def _deliver(self, report: Report) -> None:
        metrics = (*metrics_of(report, budget=self._budget), *self._telemetry())
        alive = {(m.name, tuple(sorted(p.attributes.items()))): m for m in metrics for p in m.points}
        ended = _only((key, metric) for key, metric in self._alive.items() if key not in alive)
        now = time.time_ns()
        body = encode_metrics(metrics, ended=ended, resource=self._resource, start=self._started, time=now)
        answer = self._persist(body)
        self._note(answer)
        if not answer.error:
            self._alive = alive

    def _persist(self, body: bytes) -> Answer:
        """Try until it is taken, refused for good, or overtaken by a newer report."""
        wait = _FIRST_WAIT_SECONDS
        while True:
            answer = self._send(body, self._timeout)
            if not answer.retry or not answer.error:
                return answer
            with self._changed:
                pause = max(wait, answer.retry_after_seconds)
                if self._changed.wait_for(lambda: self._closing, pause) or self._waiting is not None:
                    return answer
            wait = min(wait * _WAIT_FACTOR, _LONGEST_WAIT_SECONDS)

    def _note(self, answer: Answer) -> None:
        """Count it, and log when failing starts and when it stops: never one line per report."""
        if answer.error:
            self._add("failed", 1)
            if not self._failing:
                _LOG.warning("export of metrics over OTLP fails: %s", answer.error)
        else:
            self._add("sent", 1)
            self._note_rejected(answer.body)
            if self._failing:
                _LOG.info("export of metrics over OTLP works again")
        self._failing = bool(answer.error)

    def _add(self, what: str, count: int) -> None:
        self.counts[what] += count
        if self._count is not None:
            self._count(f"export.{what}", count)

    def _note_rejected(self, body: bytes) -> None:
        try:
            rejected, why = rejected_points(body)
        except ValueError as error:
            rejected, why = 0, str(error)
        self._add("rejected", rejected)
        if why and why != self._complaint:
            _LOG.warning("export of metrics over OTLP: %d points rejected: %s", rejected, why)
        self._complaint = why


def _only(series: Iterable[tuple[_SeriesKey, Metric]]) -> list[Metric]:
    """The metrics of these series with only these points; what their values were does not matter."""
    points: defaultdict[str, list[Point]] = defaultdict(list)
    metrics: dict[str, Metric] = {}
    for (name, attributes), metric in series:
        metrics[name] = metric
        points[name].append(Point(0.0, dict(attributes)))
    return [Metric(m.name, m.instrument, m.unit, m.description, tuple(points[m.name])) for m in metrics.values()]
