"""Telemetry on its way to another OTLP endpoint, unchanged: bounded, in the background, every drop counted."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Mapping

from miops import semconv
from miops_collector.config import ForwardConfig
from miops_collector.exporters.delivery import Send, grpc_sender, http_sender
from miops_collector.otlp.canonical import SERVICES, TelemetryKind
from miops_collector.telemetry import Telemetry

__all__ = ["Forwarder", "forward_senders"]

log = logging.getLogger(__name__)

_TIMEOUT_SECONDS = 10.0
_FIRST_WAIT_SECONDS, _LONGEST_WAIT_SECONDS, _GIVE_UP_SECONDS = 0.5, 30.0, 300.0
"""As the OpenTelemetry Collector retries: half a second doubled up to half a minute, for five minutes."""


def forward_senders(config: ForwardConfig) -> dict[TelemetryKind, Send]:
    """How each kind of telemetry reaches the endpoint."""
    if config.protocol == "grpc":
        return {k: grpc_sender(config.endpoint, config.headers, method=f"/{s}/Export") for k, s in SERVICES.items()}
    base = config.endpoint.rstrip("/")
    return {kind: http_sender(f"{base}/v1/{kind}", config.headers) for kind in SERVICES}


class Forwarder:
    """Sends what it is given in the order it came; what does not fit into ``max_bytes`` is dropped and counted."""

    def __init__(
        self, senders: Mapping[TelemetryKind, Send], telemetry: Telemetry, *, max_bytes: int = 64 * 1024 * 1024
    ) -> None:
        self._senders = senders
        self._telemetry = telemetry
        self._max_bytes = max_bytes
        self._changed = threading.Condition()
        self._waiting: deque[tuple[TelemetryKind, bytes]] = deque()
        self._bytes = 0
        self._dropping = False
        self._deadline = float("inf")
        self._thread = threading.Thread(target=self._run, name="miops-forward", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def put(self, kind: TelemetryKind, payload: bytes) -> None:
        """Let a request be forwarded; never waits."""
        with self._changed:
            full = self._bytes + len(payload) > self._max_bytes
            if not full and self._deadline == float("inf"):
                self._waiting.append((kind, payload))
                self._bytes += len(payload)
                self._changed.notify()
        self._note(full)
        if full:
            self._drop(kind, "queue_full")

    def close(self, timeout_seconds: float = 5.0) -> None:
        """Send what waits for at most this long, drop the rest. Twice is fine, before start is fine."""
        with self._changed:
            self._deadline = min(self._deadline, time.monotonic() + timeout_seconds)
            self._changed.notify_all()
        if self._thread.ident is not None:
            self._thread.join(timeout_seconds + _TIMEOUT_SECONDS)

    def _run(self) -> None:
        while (taken := self._take()) is not None:
            kind, payload = taken
            reason = self._send(kind, payload)
            if reason:
                self._drop(kind, reason)
            else:
                self._telemetry.add("forward.sent", 1, {semconv.TELEMETRY_KIND: kind})

    def _take(self) -> tuple[TelemetryKind, bytes] | None:
        with self._changed:
            while not self._waiting and self._deadline == float("inf"):
                self._changed.wait()
            if not self._waiting:
                return None
            taken = self._waiting.popleft()
            self._bytes -= len(taken[1])
            return taken

    def _send(self, kind: TelemetryKind, payload: bytes) -> str:
        """Until it is taken, refused, or given up; the reason why it is dropped, or an empty text."""
        begun, wait = time.monotonic(), _FIRST_WAIT_SECONDS
        while True:
            left = self._deadline - time.monotonic()
            if left <= 0:
                return "shutdown"
            answer = self._senders[kind](payload, min(_TIMEOUT_SECONDS, left))
            if not answer.error:
                return ""
            if not answer.retry:
                return "refused"
            if time.monotonic() - begun > _GIVE_UP_SECONDS:
                return "unreachable"
            self._pause(max(wait, answer.retry_after_seconds))
            wait = min(2 * wait, _LONGEST_WAIT_SECONDS)

    def _pause(self, seconds: float) -> None:
        """Wait, but not past the end of a shutdown."""
        until = time.monotonic() + seconds
        with self._changed:
            while (left := min(until, self._deadline) - time.monotonic()) > 0:
                self._changed.wait(left)

    def _drop(self, kind: TelemetryKind, reason: str) -> None:
        self._telemetry.add("forward.dropped", 1, {semconv.TELEMETRY_KIND: kind, semconv.REASON: reason})

    def _note(self, dropping: bool) -> None:  # noqa: FBT001
        """Say when dropping starts and when it stops, not for each request."""
        if dropping != self._dropping:
            self._dropping = dropping
            log.warning("forwarding %s", "drops requests: its queue is full" if dropping else "goes on")
