"""The body of an HTTP request, inflated, never larger than the limit on either side of decompression."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request

from miops_collector.errors import InputError, TooLargeError

__all__ = ["read_body"]

_ZSTD_STEP = 256
"""Bytes given to zstd at once: it has no bound on what comes out, at most 128 KiB for each three bytes."""
_INLINE = 64 * 1024
"""Larger bodies are inflated in a thread."""

Inflate = Callable[[bytes, int], bytes]


async def read_body(request: Request, limit: int) -> bytes:
    """The plain body.

    Raises
    ------
    TooLargeError
        If it has more than ``limit`` bytes, compressed or not.
    InputError
        If it cannot be inflated.
    """
    name = request.headers.get("content-encoding", "").strip().lower()
    if name not in _INFLATERS:
        raise HTTPException(
            415, f"content encoding {name!r} is not one of {', '.join(sorted(filter(None, _INFLATERS)))}"
        )
    body = await _collect(request, limit)
    inflate = _INFLATERS[name]
    if inflate is None:
        return body
    return await run_in_threadpool(inflate, body, limit) if len(body) > _INLINE else inflate(body, limit)


async def _collect(request: Request, limit: int) -> bytes:
    announced = request.headers.get("content-length", "")
    if announced.isdigit():
        _check(int(announced), limit)
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        _check(size, limit)
        parts.append(part)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _check(size: int, limit: int) -> None:
    if size > limit:
        msg = f"the request is larger than {limit} bytes"
        raise TooLargeError(msg)


def _zlib(window_bits: int, body: bytes, limit: int) -> bytes:
    """One or several streams one after another."""
    out: list[bytes] = []
    size = 0
    while body:
        stream = zlib.decompressobj(window_bits)
        try:
            part = stream.decompress(body, limit + 1 - size)
        except zlib.error as error:
            msg = f"the body cannot be inflated: {error}"
            raise InputError(msg) from error
        size += len(part)
        _check(size, limit)
        if not stream.eof:
            msg = "the compressed body is cut short"
            raise InputError(msg)
        out.append(part)
        body = stream.unused_data
    return b"".join(out)


def _zstd(body: bytes, limit: int) -> bytes:
    try:
        import zstandard
    except ImportError as error:
        msg = "zstd bodies need another package: pip install 'miops-collector[zstd]'"
        raise InputError(msg) from error
    decompressor = zstandard.ZstdDecompressor(max_window_size=1 << 27)
    out: list[bytes] = []
    try:
        while body:
            stream = decompressor.decompressobj()
            body = _frame(stream, body, limit - sum(map(len, out)), limit, out)
    except zstandard.ZstdError as error:
        msg = f"the body cannot be inflated: {error}"
        raise InputError(msg) from error
    return b"".join(out)


def _frame(stream: Any, body: bytes, room: int, limit: int, out: list[bytes]) -> bytes:
    """Inflate one frame; returns what follows it."""
    for at in range(0, len(body), _ZSTD_STEP):
        part = stream.decompress(body[at : at + _ZSTD_STEP])
        room -= len(part)
        _check(limit - room, limit)
        out.append(part)
        if stream.eof:
            return bytes(stream.unused_data) + body[at + _ZSTD_STEP :]
    msg = "the compressed body is cut short"
    raise InputError(msg)


_INFLATERS: Final[Mapping[str, Inflate | None]] = {
    "": None,
    "identity": None,
    "gzip": partial(_zlib, zlib.MAX_WBITS | 16),
    "deflate": partial(_zlib, zlib.MAX_WBITS),
    "zstd": _zstd,
}
