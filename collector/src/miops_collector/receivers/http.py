"""OTLP over HTTP: protobuf and JSON on one port, answered after the commit."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final, TypeAlias

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from miops_collector.errors import InputError
from miops_collector.otlp.answers import Encoding, export_response, status
from miops_collector.otlp.canonical import TelemetryKind
from miops_collector.otlp.from_json import json_to_protobuf
from miops_collector.receivers._answer import answer_to
from miops_collector.receivers._body import Bodies
from miops_collector.receivers._cors import Cors
from miops_collector.receivers._room import WaitingRoom
from miops_collector.receivers.grpc import Submit
from miops_collector.receiving import Receiving

__all__ = ["http_receiver"]

FromJson: TypeAlias = Callable[[TelemetryKind, bytes], bytes]
_KINDS: Final[tuple[TelemetryKind, ...]] = ("traces", "logs", "metrics")
_MEDIA: Final[dict[Encoding, str]] = {"protobuf": "application/x-protobuf", "json": "application/json"}
_ENCODINGS: Final[dict[str, Encoding]] = {
    "application/x-protobuf": "protobuf",
    "application/protobuf": "protobuf",
    "application/json": "json",
}
_CODES: Final = {403: 7, 404: 5, 405: 12, 408: 4, 415: 3}
"""gRPC codes of what is refused unread: PERMISSION_DENIED, NOT_FOUND, UNIMPLEMENTED, DEADLINE_EXCEEDED …"""
_NO_PAGES: Final = Cors()


def http_receiver(
    submit: Submit,
    *,
    max_request_bytes: int = 64 * 1024 * 1024,
    room: WaitingRoom | None = None,
    from_json: FromJson = json_to_protobuf,
    cors: Cors = _NO_PAGES,
    receiving: Receiving | None = None,
) -> Starlette:
    """An ASGI application with ``/v1/traces``, ``/v1/logs`` and ``/v1/metrics``.

    ``from_json`` makes protobuf of JSON: what we read of it, or all of it where requests are handed on.
    """
    bodies = Bodies(max_request_bytes, receiving or Receiving(2 * max_request_bytes))
    endpoints = {kind: _endpoint(kind, submit, bodies, room, from_json, cors) for kind in _KINDS}
    routes = [Route(f"/v1/{kind}", endpoint, methods=["POST"]) for kind, endpoint in endpoints.items()]
    handlers = {HTTPException: _refused, Exception: _failed}
    return Starlette(routes=routes, exception_handlers=handlers, middleware=cors.middleware())


def _endpoint(
    kind: TelemetryKind, submit: Submit, bodies: Bodies, room: WaitingRoom | None, from_json: FromJson, cors: Cors
) -> Callable[[Request], Awaitable[Response]]:
    async def export(request: Request) -> Response:
        origin = request.headers.get("origin")
        if not cors.allows(origin):
            raise HTTPException(403, f"pages of {origin!r:.100} may send nothing: name it in otlp.cors.allowed_origins")
        encoding = _encoding(request)
        if encoding is None:
            given = request.headers.get("content-type", "")
            raise HTTPException(415, f"content type {given!r} is not one of {', '.join(_ENCODINGS)}")
        try:
            payload = await bodies.read(request, partial(from_json, kind) if encoding == "json" else None)
            if room is not None:
                await room.enter(len(payload))
            outcome = await asyncio.wrap_future(submit(kind, payload, transport="http"))
        except HTTPException:
            raise
        except Exception as error:  # noqa: BLE001  the border of the server: every error has an answer
            return _failed(request, error)
        return Response(export_response(kind, outcome.rejected, outcome.message, encoding), media_type=_MEDIA[encoding])

    return export


def _encoding(request: Request) -> Encoding | None:
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return _ENCODINGS.get(media)


def _failed(request: Request, error: Exception) -> Response:
    answer = answer_to(InputError("the client went away") if isinstance(error, ClientDisconnect) else error)
    encoding = _encoding(request) or "protobuf"
    body = status(answer.number, answer.message, encoding, retry_after_seconds=answer.retry_after_seconds)
    headers = {}
    if answer.retry_after_seconds is not None:
        headers["retry-after"] = str(max(math.ceil(answer.retry_after_seconds), 1))
    return Response(body, answer.http, headers, _MEDIA[encoding])


def _refused(request: Request, error: Exception) -> Response:
    """What the router refuses: an unknown path, method or media type."""
    assert isinstance(error, HTTPException)
    encoding = _encoding(request) or "protobuf"
    body = status(_CODES.get(error.status_code, 2), str(error.detail), encoding)
    return Response(body, error.status_code, dict(error.headers or {}), _MEDIA[encoding])
