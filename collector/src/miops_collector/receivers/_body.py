"""The body of an HTTP request as protobuf, never larger than the limit on either side of decompression."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import nullcontext

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request

from miops_collector.receivers._inflate import AT_ONCE, ENCODINGS, INLINE, inflated
from miops_collector.receiving import Receiving

__all__ = ["Bodies"]


class Bodies:
    """Reads and unpacks them; large ones a few at a time."""

    def __init__(self, limit: int, receiving: Receiving) -> None:
        self._limit = limit
        self._receiving = receiving
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def read(self, request: Request, convert: Callable[[bytes], bytes] | None) -> bytes:
        """The plain body, converted in a thread if it is to be.

        Raises
        ------
        TooLargeError
            If it has more than the limit, compressed or not.
        InputError
            If it cannot be inflated, or converted.
        UnavailableError, HTTPException
            As :meth:`Receiving.body`; 415 for an encoding that is not known.
        """
        encoding = request.headers.get("content-encoding", "").strip().lower() or "identity"
        if encoding not in ENCODINGS:
            raise HTTPException(415, f"content encoding {encoding!r} is not one of {', '.join(ENCODINGS)}")
        async with self._receiving.body(request, self._limit) as body:
            heavy = len(body) > INLINE or (convert is not None and encoding != "identity")
            async with self._turns if heavy else nullcontext():
                plain = await inflated(body, encoding, self._limit)
                return await run_in_threadpool(convert, plain) if convert else plain
