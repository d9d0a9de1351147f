"""Requests for which there is no room yet wait a moment before they are refused: not every client sends again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

__all__ = ["WaitingRoom"]

MOST: Final = 256
"""So many requests wait at most; whoever comes later is refused at once."""
LOOK_SECONDS: Final = 0.02


class WaitingRoom:
    """First come, first served; used by the coroutines of one event loop, so nothing is blocked by those who wait.

    The gRPC exporter of OpenTelemetry for JavaScript drops what is refused, whatever it is told (0.223.1 at least):
    for its sake a short overload is answered late instead of with UNAVAILABLE.

    Parameters
    ----------
    has_room
        Whether a request of so many bytes would be taken now.
    most_bytes
        Bytes of all who wait: what the receivers hold beside the queue itself.
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
        self._turn = asyncio.Lock()
        self._bytes = self._waiting = 0

    async def enter(self, size: int) -> None:
        """Return when there is room, or when waiting is of no use any more: whoever is asked next decides."""
        if self._has_room(size) and not self._waiting:
            return
        if not self._seconds or self._waiting >= MOST or self._bytes + size > self._most_bytes:
            return
        self._delayed()
        self._waiting, self._bytes = self._waiting + 1, self._bytes + size
        try:
            async with asyncio.timeout(self._seconds):
                await self._look(size)
        except TimeoutError:
            pass
        finally:
            self._waiting, self._bytes = self._waiting - 1, self._bytes - size

    async def _look(self, size: int) -> None:
        async with self._turn:
            while not self._has_room(size):
                await asyncio.sleep(LOOK_SECONDS)
