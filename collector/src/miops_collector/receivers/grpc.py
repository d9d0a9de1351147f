"""OTLP over gRPC: handlers that take and return bytes, and answer after the commit."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from contextlib import nullcontext
from typing import Any, Final, NoReturn, Protocol, TypeAlias

import grpc
import grpc.aio

from miops_collector.errors import ConfigError, InputError
from miops_collector.intake import Outcome
from miops_collector.otlp.answers import export_response, retry_info, status
from miops_collector.otlp.canonical import SERVICES, TelemetryKind
from miops_collector.receivers._answer import Answer, answer_to
from miops_collector.receivers._inflate import AT_ONCE, INLINE, inflated
from miops_collector.receivers._room import WaitingRoom

__all__ = ["GrpcReceiver", "Submit"]

_STATUS_DETAILS: Final = "grpc-status-details-bin"
_RETRY_INFO: Final = "google.rpc.retryinfo-bin"
"""Where older clients, the OTel Python exporter among them, look for the delay."""

STREAMS: Final = 100
"""Requests that one connection may have under way; the client keeps the others."""

Context: TypeAlias = "grpc.aio.ServicerContext[bytes, bytes]"
Handler = Callable[[object, Context], Awaitable[bytes]]


class Submit(Protocol):
    """Takes a request in and says later what became of it: ``Ingest.submit``."""

    def __call__(self, kind: TelemetryKind, payload: bytes, *, transport: str) -> Future[Outcome]: ...


class GrpcReceiver:
    """The three OTLP services on one port.

    Messages are inflated here and not by grpcio, which up to 1.80 at least inflates the whole message before it looks
    at the limit: 0.9 MB of gzip cost a gigabyte. And they are read here, when there is room: grpcio reads the message
    of every unary call before it calls anybody, and under twice the load that could be taken it held half a gigabyte of
    them. On the wire a call of one message is the same whether the server takes it as unary or as a stream.
    """

    def __init__(
        self, submit: Submit, *, max_request_bytes: int = 64 * 1024 * 1024, room: WaitingRoom | None = None,
        tls: grpc.ServerCredentials | None = None,
    ) -> None:  # fmt: skip
        self._submit = submit
        self._room = room
        self._tls = tls
        self._limit = max_request_bytes
        self._turns = asyncio.Semaphore(AT_ONCE)
        self._options = (
            ("grpc.max_receive_message_length", max_request_bytes),
            ("grpc.per_message_decompression", 0),
            ("grpc.so_reuseport", 0),  # a second collector on the same port is an error, not a silent split
            ("grpc.max_concurrent_streams", STREAMS),
            ("grpc.http2.bdp_probe", 0),  # what is not read yet takes 64 KiB a call, however fast the network is
        )
        self._server: grpc.aio.Server | None = None

    async def start(self, address: str) -> int:
        """Listen on ``HOST:PORT``; returns the port, which the system chooses for port 0.

        Raises
        ------
        ConfigError
            When the address cannot be listened on.
        """
        server = grpc.aio.server(options=self._options)
        server.add_generic_rpc_handlers([self._service(kind, name) for kind, name in SERVICES.items()])
        try:
            port = server.add_secure_port(address, self._tls) if self._tls else server.add_insecure_port(address)
        except RuntimeError as error:
            msg = f"cannot listen on {address!r} for OTLP/gRPC: {error}"
            raise ConfigError(msg) from error
        await server.start()
        self._server = server
        return port

    async def stop(self, grace_seconds: float = 10.0) -> None:
        """Take no new requests and let those under way finish. Twice is fine, before start is fine."""
        if self._server is not None:
            await self._server.stop(grace_seconds)
            self._server = None

    def _service(self, kind: TelemetryKind, name: str) -> grpc.GenericRpcHandler[Any, Any]:
        handler: Any = grpc.stream_unary_rpc_method_handler(self._handler(kind))
        return grpc.method_handlers_generic_handler(name, {"Export": handler})

    def _handler(self, kind: TelemetryKind) -> Handler:
        async def export(_: object, context: Context) -> bytes:
            try:
                outcome = await asyncio.wrap_future(await self._taken(kind, context))
            except Exception as error:  # noqa: BLE001  the border of the server: every error has an answer
                answer = answer_to(error)
            else:
                return export_response(kind, outcome.rejected, outcome.message, "protobuf")
            # not above: with the error its traceback would stay, and the request in it
            return await _abort(context, answer)

        return export

    async def _taken(self, kind: TelemetryKind, context: Context) -> Future[Outcome]:
        """What becomes of a request: read when there is room for it, and handed on."""
        async with self._room.arrival() if self._room else nullcontext():
            payload = await _message(context)
            async with self._turns if len(payload) > INLINE else nullcontext():
                plain = await inflated(payload, _compression(payload), self._limit)
            if self._room is not None:
                await self._room.enter(len(plain))
            return self._submit(kind, plain, transport="grpc")


async def _message(context: Context) -> bytes:
    payload = await context.read()
    if not isinstance(payload, bytes):
        msg = "the call has no message"
        raise InputError(msg)
    return payload


def _compression(payload: bytes) -> str:
    """How a message is compressed, which grpcio does not say: no OTLP request begins like gzip or zlib.

    ``1f`` would be a field of a wire type that does not exist, ``78`` field 15, which requests do not have.
    """
    if payload[:2] == b"\x1f\x8b":
        return "gzip"
    return "deflate" if payload[:1] == b"\x78" and int.from_bytes(payload[:2], "big") % 31 == 0 else "identity"


async def _abort(context: grpc.aio.ServicerContext[bytes, bytes], answer: Answer) -> NoReturn:
    """End the call before any initial metadata is sent, so that every client sees the status (Trailers-Only)."""
    details = status(answer.number, answer.message, "protobuf", retry_after_seconds=answer.retry_after_seconds)
    trailing: list[tuple[str, str | bytes]] = [(_STATUS_DETAILS, details)]
    if answer.retry_after_seconds is not None:
        trailing.append((_RETRY_INFO, retry_info(answer.retry_after_seconds)))
    await context.abort(answer.code, answer.message, tuple(trailing))
    msg = "a call that is aborted goes on"
    raise AssertionError(msg)
