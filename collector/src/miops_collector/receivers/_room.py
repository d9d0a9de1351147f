"""Requests for which there is no room yet wait a moment before they are refused: not every client sends again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, nullcontext
from typing import Final

from miops_collector.errors import UnavailableError

__all__ = ["WaitingRoom"]

MOST: Final = 256
"""So many requests wait at most, of those that were read and of others; whoever comes later is refused at once."""
LOOK_SECONDS: Final = 0.02
REFUSED: Final = 8
"""So many requests are read at once only to be refused: what they hold is counted and their clients are told."""
ARRIVAL_SECONDS: Final = 60.0
"""Of a sender that has gone away in the middle of a request nobody tells us for hours."""
NEWEST: Final = 0.125
"""Weight of the newest request in the usual size."""


class WaitingRoom:
    """First come, first served; used by the coroutines of one event loop, so nothing is blocked by those who wait.

    The gRPC exporter of OpenTelemetry for JavaScript drops what is refused, whatever it is told (0.223.1 at least):
    for its sake a short overload is answered late instead of with UNAVAILABLE. Requests wait unread, with their
    senders, where it can be helped; only one larger than usual may find no room after it was read.

    Parameters
    ----------
    has_room
        Whether a request of so many bytes would be taken now.
    most_bytes
        Bytes of all who wait after they were read: what the receivers hold beside the queue itself.
    seconds
        How long one waits; 0 is not at all.
    delayed
        Called for each request that has to wait.
    """

    def __init__(
        self, has_room: Callable[[int], bool], *, most_bytes: int, seconds: float, delayed: Callable[[], None]
    ) -> None:
        self._has_room = has_room
        self._most_bytes = most_bytes
        self._seconds = seconds
        self._delayed = delayed
        self._unread, self._read = _Line(seconds), _Line(seconds)
        self._refusing = asyncio.Semaphore(REFUSED)
        self._bytes = 0
        self._arriving = self._usual = 0.0

    @asynccontextmanager
    async def arrival(self) -> AsyncIterator[None]:
        """Read, :meth:`enter` and hand on a request within: room for one of the usual size is kept for it meanwhile.

        Who finds none in time is read all the same, a few at a time, and refused by whoever is asked next.
        """
        fits = await self._may_be_read()
        kept = self._usual if fits else 0.0
        self._arriving += kept
        try:
            async with nullcontext() if fits else self._refusing, asyncio.timeout(ARRIVAL_SECONDS):
                yield
        except TimeoutError as error:
            msg = f"the request did not come to its end within {ARRIVAL_SECONDS:g} seconds"
            raise UnavailableError(msg) from error
        finally:
            self._arriving -= kept

    async def enter(self, size: int) -> None:
        """Return when there is room for what was read, or when waiting is of no use any more."""
        self._usual += (size - self._usual) * NEWEST
        if self._has_room(size) and not self._read.length:
            return
        if self._read.length >= MOST or self._bytes + size > self._most_bytes:
            return
        self._bytes += size
        try:
            await self._wait(self._read, lambda: self._has_room(size))
        finally:
            self._bytes -= size

    async def _may_be_read(self) -> bool:
        if self._fits() and not self._unread.length:
            return True
        return self._unread.length < MOST and await self._wait(self._unread, self._fits)

    def _fits(self) -> bool:
        return not self._read.length and self._has_room(int(self._arriving + self._usual))

    async def _wait(self, line: _Line, fits: Callable[[], bool]) -> bool:
        if not self._seconds:
            return False
        self._delayed()
        return await line.wait(fits)


class _Line:
    """Those who wait for the same."""

    def __init__(self, seconds: float) -> None:
        self.length = 0
        self._seconds = seconds
        self._turn = asyncio.Lock()

    async def wait(self, fits: Callable[[], bool]) -> bool:
        """Return when one is the first and it fits, or when the time is over; whether it fits."""
        self.length += 1
        try:
            async with asyncio.timeout(self._seconds), self._turn:
                while not fits():
                    await asyncio.sleep(LOOK_SECONDS)
        except TimeoutError:
            return False
        finally:
            self.length -= 1
        return True
