"""Requests that wait for their commit: bounded in bytes, taken in groups of one kind."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from miops_collector.errors import UnavailableError
from miops_collector.otlp.canonical import TelemetryKind
from miops_collector.schema import Records

__all__ = ["Intake", "Outcome", "Request", "RequestKind"]

CROWDED_SECONDS = 1.0
"""So long after two requests were there at once the next is expected to have company too. A client that sends one
after the other never makes it two, and need not wait for others."""
REGULAR = 20
"""So many requests in a row, each within the waiting time of the one before, may be worth committing together although
no two were there at once. It takes a try to find out: one of them waits, and all do if others come meanwhile."""
TRY_SECONDS = 5.0
"""A client that sends one after the other is made to wait in vain no more often."""
_NEWEST = 0.125
"""Weight of the newest gap between requests in their average."""

RequestKind: TypeAlias = TelemetryKind | Literal["records"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a request, known after its commit.

    Attributes
    ----------
    rejected
        Items of which at least one row was refused.
    message
        Why, in English; empty when nothing was refused.
    """

    rejected: int = 0
    message: str = ""


@dataclass(slots=True, eq=False)
class Request:
    """One request on its way: bytes, or records of those who decode themselves.

    ``items`` is -1 when the bytes are broken or unusual; such a request is never decoded together with others.
    """

    kind: RequestKind
    transport: str
    payload: bytes
    items: int
    arrived: float
    records: tuple[Records, ...] = ()
    size: int = 0
    future: Future[Outcome] = field(default_factory=Future)


class Intake:
    """A queue between receivers and the decoder; what was taken still counts until :meth:`release`.

    Parameters
    ----------
    capacity
        Bytes that may wait; beyond it clients are told to retry.
    linger_seconds
        How long the first request of a group waits at most for others to share its commit: until none is expected in
        that time any more. One that is alone does not wait.
    retry_after
        Seconds after which a client that is refused should come again.
    short
        Whether the process is short of memory: until it is not, only a sixteenth of the capacity is used.
    """

    def __init__(
        self, *, capacity: int, group_items: int, group_bytes: int, linger_seconds: float,
        retry_after: Callable[[], float], clock: Callable[[], float], short: Callable[[], bool] = lambda: False,
    ) -> None:  # fmt: skip
        self.capacity = capacity
        self._short = short
        self._group_items, self._group_bytes, self._linger = group_items, group_bytes, linger_seconds
        self._retry_after = retry_after
        self._clock = clock
        self._changed = threading.Condition()
        self._waiting: deque[Request] = deque()
        self._waiting_items = self._waiting_bytes = 0
        self._bytes = self._held = 0
        self._crowded = self._tried = float("-inf")
        self._newest, self._gap, self._in_a_row = float("-inf"), 0.0, 0
        self._enough = False
        self._closed = False

    @property
    def size(self) -> int:
        """Bytes that wait for their commit."""
        return self._bytes

    @property
    def lag(self) -> float:
        """Seconds the oldest request waits to be decoded."""
        with self._changed:
            return self._clock() - self._waiting[0].arrived if self._waiting else 0.0

    def has_room(self, size: int) -> bool:
        """Whether waiting for room is of no use to a request of so many bytes: it would be taken, or never will be."""
        return self._closed or not self._bytes or self._bytes + size <= self._limit()

    def put(self, request: Request) -> None:
        """Let a request wait.

        Raises
        ------
        UnavailableError
            When too much waits already, or at shutdown.
        """
        with self._changed:
            if self._closed:
                msg = "the collector is shutting down"
                raise UnavailableError(msg, retry_after_seconds=self._retry_after())
            if self._bytes and self._bytes + request.size > (limit := self._limit()):
                msg = f"{self._bytes} bytes of requests wait for their commit; the limit is {limit}"
                raise UnavailableError(msg, retry_after_seconds=self._retry_after())
            now = self._clock()
            if self._held:
                self._crowded = now
            self._waiting.append(request)
            self._count(request, 1)
            self._bytes += request.size
            self._held += 1
            self._expect(now)
            if len(self._waiting) == 1 or self._enough or self._full():  # those between need not wake the decoder
                self._changed.notify()

    def take(self) -> list[Request]:
        """Requests of one kind, the oldest first; empty after :meth:`close`, when none is left."""
        with self._changed:
            while not self._waiting and not self._closed:
                self._changed.wait()
            if not self._waiting:
                return []
            if self._expects_company():
                while not (self._closed or self._enough or self._full()) and (left := self._left()) > 0:
                    self._changed.wait(left)
            self._enough = False
            return self._group()

    def release(self, requests: Sequence[Request]) -> None:
        """These requests have their answer."""
        with self._changed:
            self._bytes -= sum(request.size for request in requests)
            self._held -= len(requests)

    def close(self) -> None:
        """Take no more; what waits may still be taken."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _limit(self) -> int:
        return self.capacity // 16 if self._short() else self.capacity

    def _left(self) -> float:
        """Seconds that the oldest request may still wait for company."""
        return self._waiting[0].arrived + self._linger - self._clock()

    def _expect(self, now: float) -> None:
        """A request has come: note when the next may, and whether there is time for it to join the oldest."""
        gap, self._newest = now - self._newest, now
        self._in_a_row = self._in_a_row + 1 if gap < self._linger else 0
        self._gap += (min(gap, self._linger) - self._gap) * _NEWEST
        self._enough = self._gap > self._left()

    def _expects_company(self) -> bool:
        now = self._clock()
        if now - self._crowded < CROWDED_SECONDS:
            return True
        if self._in_a_row < REGULAR or now - self._tried < TRY_SECONDS:
            return False
        self._tried = now
        return True

    def _count(self, request: Request, sign: int) -> None:
        self._waiting_items += sign * max(request.items, 0)
        self._waiting_bytes += sign * request.size

    def _full(self) -> bool:
        return self._waiting_items >= self._group_items or self._waiting_bytes >= self._group_bytes

    def _pop(self) -> Request:
        request = self._waiting.popleft()
        self._count(request, -1)
        return request

    def _group(self) -> list[Request]:
        """From the front, as long as they are of one kind and within the limits; the first always goes."""
        group = [self._pop()]
        items, size = group[0].items, group[0].size
        while self._waiting and self._waiting[0].kind == group[0].kind:
            items, size = items + self._waiting[0].items, size + self._waiting[0].size
            if items > self._group_items or size > self._group_bytes:
                break
            group.append(self._pop())
        return group
