"""One connection to a receiver: OTLP over gRPC or HTTP, with nothing that would cost the client much."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeAlias

import grpc
import grpc.aio

from miops_collector.otlp.canonical import SERVICES
from tests.benchmarks.harness.template import Template

__all__ = ["Send", "grpc_sender", "http_sender"]

Send: TypeAlias = Callable[[bytes], Awaitable[bool]]
"""Whether the request was acknowledged; ``False`` if it was told to come again later."""

BUSY = {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED}


def grpc_sender(
    target: str, template: Template, *, compressed: bool, authority: str = ""
) -> tuple[Send, Callable[[], Awaitable[None]]]:
    """A channel of its own, over TLS with an ``authority``: gRPC shares connections of channels that look alike."""
    options = (("grpc.use_local_subchannel_pool", 1), ("grpc.max_send_message_length", -1))
    compression = grpc.Compression.Gzip if compressed else None
    if authority:
        trusted = grpc.ssl_channel_credentials(Path(authority).read_bytes())
        channel = grpc.aio.secure_channel(target, trusted, options=options, compression=compression)
    else:
        channel = grpc.aio.insecure_channel(target, options=options, compression=compression)
    export = channel.unary_unary(f"/{SERVICES[template.kind]}/Export")

    async def send(payload: bytes) -> bool:
        try:
            await export(payload)
        except grpc.aio.AioRpcError as error:
            if error.code() in BUSY:
                return False
            raise
        return True

    return send, channel.close


def http_sender(target: str, template: Template, *, compressed: bool) -> tuple[Send, Callable[[], Awaitable[None]]]:
    """HTTP/1.1 kept alive; one request at a time on each connection, as many connections as are needed."""
    host, _, port = target.rpartition(":")
    idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
    encoding = "content-encoding: gzip\r\n" if compressed else ""
    head = f"POST /v1/{template.kind} HTTP/1.1\r\nhost: {target}\r\ncontent-type: {template.media}\r\n{encoding}"

    async def send(payload: bytes) -> bool:
        reader, writer = idle.pop() if idle else await asyncio.open_connection(host, int(port))
        body = gzip.compress(payload, 1) if compressed else payload
        writer.writelines((head.encode(), f"content-length: {len(body)}\r\n\r\n".encode(), body))
        await writer.drain()
        status, answer = await _answer(reader)
        idle.append((reader, writer))
        if status in (429, 503):
            return False
        if status != 200:
            msg = f"{status} {answer[:500].decode(errors='replace')}"
            raise RuntimeError(msg)
        return True

    async def close() -> None:
        for _, writer in idle:
            writer.close()

    return send, close


async def _answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines[1:] if ": " in line)
    return int(lines[0].split()[1]), await reader.readexactly(int(headers.get("content-length", "0")))
