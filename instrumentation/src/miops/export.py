"""Deliver a request or give it up: OTLP's retry rules, and an account of every row."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event
from time import monotonic
from typing import Final

from miops.event import Request
from miops.transport import Outcome, Transport

__all__ = ["Delivery", "Exporter", "backoff_seconds"]

_FIRST_WAIT: Final = 1.0
_GROWTH: Final = 1.5
_LONGEST_WAIT: Final = 30.0


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of a request's rows: ``exported`` arrived; ``dropped`` did not, for ``reason``."""

    exported: int
    dropped: int = 0
    reason: str = ""
    message: str = ""


def backoff_seconds(attempt: int, asked: float | None, jitter: float) -> float:
    """How long to wait after the ``attempt``-th failure (from 0): what the receiver asks for, else exponentially.

    Examples
    --------
    >>> backoff_seconds(0, None, 1.0), backoff_seconds(2, None, 1.0), backoff_seconds(99, None, 1.0)
    (1.0, 2.25, 30.0)
    >>> backoff_seconds(0, 3.0, 0.8)
    3.0
    """
    if asked is not None:
        return asked
    return min(_FIRST_WAIT * _GROWTH ** min(attempt, 20), _LONGEST_WAIT) * jitter


class Exporter:
    """Sends requests one after the other over a transport that is opened with the first."""

    def __init__(self, connect: Callable[[], Transport], *, timeout_seconds: float, retry_timeout: float) -> None:
        self._connect = connect
        self._transport: Transport | None = None
        self._timeout = timeout_seconds
        self._retry_timeout = retry_timeout
        self._stopping = Event()
        self._aborted = False
        self._deadline: float | None = None

    def deliver(self, request: Request) -> Delivery:
        """Send until the receiver takes or refuses it, or time is up."""
        started, attempt = monotonic(), 0
        while True:
            outcome = self._attempt(request)
            if outcome.error is None:
                rejected = outcome.rejected_rows(request.rows)
                return Delivery(request.rows - rejected, rejected, "rejected" if rejected else "", outcome.message)
            wait = backoff_seconds(attempt, outcome.retry_after_seconds, random.uniform(0.8, 1.2))  # noqa: S311
            late = monotonic() + wait - started > self._retry_timeout
            if not outcome.retryable or late or self._stopping.is_set():
                reason = "shutdown" if self._aborted else outcome.error
                return Delivery(0, request.rows, reason, outcome.message)
            self._stopping.wait(wait)
            attempt += 1

    def _attempt(self, request: Request) -> Outcome:
        timeout = self._timeout
        if self._deadline is not None:
            timeout = min(timeout, self._deadline - monotonic())
        if self._aborted or timeout <= 0:
            return Outcome(error="shutdown")
        try:
            if self._transport is None:
                self._transport = self._connect()
            return self._transport.send(request.body, timeout)
        except Exception as error:  # noqa: BLE001  # a border: certificates that cannot be read, odd endpoints
            return Outcome(error="transport", message=f"{type(error).__name__}: {error}")

    def stop(self, within_seconds: float) -> None:
        """No retries from now on, and no attempt beyond the deadline."""
        self._deadline = monotonic() + within_seconds
        self._stopping.set()

    def abort(self) -> None:
        """Break off the attempt that is going on."""
        self._aborted = True
        self._stopping.set()
        if self._transport is not None:
            self._transport.close()
