"""Bodies of HTTP requests as they come in: in time, within a limit each, and not too much of all of them together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request

from miops_collector.errors import TooLargeError, UnavailableError

__all__ = ["Receiving", "check_size"]

STEP: Final = 64 * 1024
"""Bytes that must come within the time; the last few may be fewer."""
SECONDS: Final = 15.0


class Receiving:
    """Used by the coroutines of one event loop.

    Parameters
    ----------
    most_bytes
        Of all bodies that are not complete yet: whoever begins many and ends none holds no more than this.
    seconds
        Within which the next 64 KiB of a body, or its end, must come.
    """

    def __init__(self, most_bytes: int, *, seconds: float = SECONDS) -> None:
        self._most = most_bytes
        self._seconds = seconds
        self._held = 0

    @asynccontextmanager
    async def body(self, request: Request, limit: int) -> AsyncIterator[bytes]:
        """All of the body; it counts for as long as it is worked on.

        Raises
        ------
        TooLargeError
            If it has more than ``limit`` bytes; one that says so is not read.
        UnavailableError
            If too much is under way.
        HTTPException
            408 if it comes too slowly.
        """
        announced = request.headers.get("content-length", "")
        check_size(int(announced[:20]) if announced.isascii() and announced.isdigit() else 0, limit)
        parts: list[bytes] = []
        try:
            await self._in_time(request, limit, parts)
            yield parts[0] if len(parts) == 1 else b"".join(parts)
        finally:
            self._held -= sum(map(len, parts))

    async def _in_time(self, request: Request, limit: int, parts: list[bytes]) -> None:
        size, due = 0, STEP
        clock = asyncio.get_running_loop().time
        try:
            async with asyncio.timeout(self._seconds) as patience:
                async for part in request.stream():
                    size += len(part)
                    check_size(size, limit)
                    self._take(part, parts)
                    if size >= due:
                        due = size + STEP
                        patience.reschedule(clock() + self._seconds)
        except TimeoutError:
            msg = f"the body comes too slowly: less than {STEP} bytes in {self._seconds:g} s"
            raise HTTPException(408, msg) from None

    def _take(self, part: bytes, parts: list[bytes]) -> None:
        if self._held + len(part) > self._most:
            msg = f"more than {self._most} bytes of requests are under way"
            raise UnavailableError(msg)
        self._held += len(part)
        parts.append(part)


def check_size(size: int, limit: int) -> None:
    """Raise ``TooLargeError`` above the limit."""
    if size > limit:
        msg = f"the request is larger than {limit} bytes"
        raise TooLargeError(msg)
