"""The body of an HTTP request, inflated, never larger than the limit on either side of decompression."""

from __future__ import annotations

from starlette.exceptions import HTTPException
from starlette.requests import Request

from miops_collector.receivers._inflate import ENCODINGS, check_size, inflated

__all__ = ["read_body"]


async def read_body(request: Request, limit: int) -> bytes:
    """The plain body.

    Raises
    ------
    TooLargeError
        If it has more than ``limit`` bytes, compressed or not.
    InputError
        If it cannot be inflated.
    """
    encoding = request.headers.get("content-encoding", "").strip().lower() or "identity"
    if encoding not in ENCODINGS:
        raise HTTPException(415, f"content encoding {encoding!r} is not one of {', '.join(ENCODINGS)}")
    return await inflated(await _collect(request, limit), encoding, limit)


async def _collect(request: Request, limit: int) -> bytes:
    announced = request.headers.get("content-length", "")
    if announced.isdigit():
        check_size(int(announced), limit)
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        check_size(size, limit)
        parts.append(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)
