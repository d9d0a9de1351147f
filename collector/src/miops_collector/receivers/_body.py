"""The body of an HTTP request, inflated, never larger than the limit on either side of decompression."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request

from miops_collector.receivers._inflate import ENCODINGS, inflated
from miops_collector.receiving import Receiving

__all__ = ["read_body"]


async def read_body(request: Request, limit: int, receiving: Receiving) -> bytes:
    """The plain body.

    Raises
    ------
    TooLargeError
        If it has more than ``limit`` bytes, compressed or not.
    InputError
        If it cannot be inflated.
    UnavailableError, HTTPException
        As :meth:`Receiving.body`.
    """
    encoding = request.headers.get("content-encoding", "").strip().lower() or "identity"
    if encoding not in ENCODINGS:
        raise HTTPException(415, f"content encoding {encoding!r} is not one of {', '.join(ENCODINGS)}")
    async with receiving.body(request, limit) as body:
        return await inflated(body, encoding, limit)
