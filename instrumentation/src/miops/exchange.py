"""Requests and answers on one stream: which answer belongs to which request, as far as that can be known."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from miops import runtime
from miops.later import Later

__all__ = ["Exchange"]

_MOST_WAITING: Final = 10_000
_MOST_BYTES: Final = 32_000_000


class _Sent(NamedTuple):
    """A request; without ``later`` it is not to be recorded, but it will be answered too."""

    request_id: str
    model: str
    later: Later | None


class Exchange:
    """What was sent on a stream and is not answered yet, oldest first.

    An answer belongs to the oldest request of its id; servers answer requests without ids in their order. Where that
    turns out not to be so, because a model answers a request several times, or where too much is waiting, nothing of
    this stream is recorded any more: better none than those of others.
    """

    __slots__ = ("_bytes", "_lock", "_lost", "_waiting")

    def __init__(self) -> None:
        self._waiting: list[_Sent] = []
        self._bytes = 0
        self._lost = False
        self._lock = threading.Lock()

    def send(self, name: str, request_id: str, later: Later | None, enqueue: Callable[[], Any]) -> Any:
        """Send a request to a model, in the order in which it is noted."""
        sent = _Sent(request_id, name, later)
        with self._lock:
            if not self._lost:
                self._waiting.append(sent)
                self._bytes += later.size if later is not None else 0
            if len(self._waiting) > _MOST_WAITING or self._bytes > _MOST_BYTES:
                self._lose()
            try:
                return enqueue()
            except BaseException as error:
                if self._waiting and self._waiting[-1] is sent:
                    self._taken(-1)
                if later is not None:
                    later.failed(error)
                raise
            finally:
                if later is not None:
                    later.sent()

    def answered(self, name: str, request_id: str, result: Any, *, final: bool) -> None:
        """An answer came. Never raises."""
        with self._lock:
            place = next((i for i, one in enumerate(self._waiting) if one.request_id == request_id), None)
            if place is None:
                return
            if not final or name not in ("", self._waiting[place].model):
                self._lose()
                return
            later = self._taken(place)
        if later is not None:
            later.answered(result)

    def failed(self, error: BaseException, *, all_of_them: bool) -> None:
        """An error came, which does not say whose it is: that of the oldest, or of all. Never raises."""
        with self._lock:
            failing = [self._taken(0) for _ in self._waiting[: None if all_of_them else 1]]
        for later in failing:
            if later is not None:
                later.failed(error)

    def forget(self) -> None:
        """No more answers come."""
        with self._lock:
            self._waiting.clear()
            self._bytes = 0

    def _taken(self, place: int) -> Later | None:
        later = self._waiting.pop(place).later
        self._bytes -= later.size if later is not None else 0
        return later

    def _lose(self) -> None:
        self._waiting.clear()
        self._bytes, self._lost = 0, True
        runtime.faults.add("answers_not_assigned")
