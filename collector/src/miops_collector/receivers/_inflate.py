"""Compressed bodies of senders we do not trust, inflated up to a limit."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

from starlette.concurrency import run_in_threadpool

from miops_collector.errors import InputError
from miops_collector.receiving import check_size

__all__ = ["AT_ONCE", "ENCODINGS", "INLINE", "inflated"]

_ZSTD_STEP = 256
"""Bytes given to zstd at once: it has no bound on what comes out, at most 128 KiB for each three bytes."""
INLINE: Final = 64 * 1024
"""Larger bodies are inflated in a thread."""
AT_ONCE: Final = 2
"""So many of them: each may become as large as a request may be, and nobody has asked yet whether there is room."""

Inflate = Callable[[bytes, int], bytes]


async def inflated(body: bytes, encoding: str, limit: int) -> bytes:
    """The body without its encoding, one of :data:`ENCODINGS`.

    Raises
    ------
    TooLargeError
        If it would have more than ``limit`` bytes; no more than that are made.
    InputError
        If it cannot be inflated.
    """
    inflate = _INFLATERS[encoding]
    if inflate is None:
        return body
    return await run_in_threadpool(inflate, body, limit) if len(body) > INLINE else inflate(body, limit)


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
        check_size(size, limit)
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
        check_size(limit - room, limit)
        out.append(part)
        if stream.eof:
            return bytes(stream.unused_data) + body[at + _ZSTD_STEP :]
    msg = "the compressed body is cut short"
    raise InputError(msg)


_INFLATERS: Final[Mapping[str, Inflate | None]] = {
    "identity": None,
    "gzip": partial(_zlib, zlib.MAX_WBITS | 16),
    "deflate": partial(_zlib, zlib.MAX_WBITS),
    "zstd": _zstd,
}
ENCODINGS: Final = tuple(sorted(_INFLATERS))
"""Names as in ``Content-Encoding``."""
