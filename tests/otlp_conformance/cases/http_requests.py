"""How requests may look over HTTP."""

from __future__ import annotations

import gzip
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection

from tests.otlp_conformance.answer import KINDS, MEDIA
from tests.otlp_conformance.case import HTTP, MUST, SHOULD, case
from tests.otlp_conformance.requests import request
from tests.otlp_conformance.wire import Wire

_MEDIA_TYPE = "https://www.rfc-editor.org/rfc/rfc9110#name-media-type"


@case(MUST, "otlphttp-request", on=HTTP)
def default_paths(wire: Wire) -> None:
    """/v1/traces, /v1/logs and /v1/metrics take POST"""
    for kind in KINDS:
        wire.ask(f"/v1/{kind}", wire.encoded(request(kind)), kind=kind).response()


@case(SHOULD, "otlphttp-connection", on=HTTP)
def one_port_for_both_encodings(wire: Wire) -> None:
    """Protobuf and JSON are told apart by Content-Type on one port, also on one connection"""
    other = Wire(wire.target, "json" if wire.name == "protobuf" else "protobuf")
    with _connection(wire) as connection:
        for each in (wire, other, wire):
            each.over(connection, "/v1/traces", each.encoded(request("traces")), _media(each)).response()


@case(MUST, _MEDIA_TYPE, on=HTTP)
def charset(wire: Wire) -> None:
    """A charset after the media type does not matter"""
    for suffix in ("; charset=utf-8", ";charset=UTF-8", " ; charset=utf-8"):
        wire.ask("/v1/traces", wire.encoded(request("traces")), {"Content-Type": MEDIA[wire.name] + suffix}).response()


@case(MUST, _MEDIA_TYPE, on=HTTP)
def media_type_in_any_case(wire: Wire) -> None:
    """The case of the media type does not matter"""
    for media in (MEDIA[wire.name].upper(), MEDIA[wire.name].title()):
        wire.ask("/v1/traces", wire.encoded(request("traces")), {"Content-Type": media}).response()


@case(MUST, "https://www.rfc-editor.org/rfc/rfc9112#name-chunked-transfer-coding", on=HTTP)
def chunked(wire: Wire) -> None:
    """A chunked body without Content-Length is read, as the JS exporters send it"""
    for kind in KINDS:
        wire.ask(f"/v1/{kind}", _pieces(wire.encoded(request(kind, values={"a": "x" * 9000}))), kind=kind).response()


@case(MUST, "https://www.rfc-editor.org/rfc/rfc9112#name-chunked-transfer-coding", on=HTTP)
def chunked_gzip(wire: Wire) -> None:
    """A chunked gzip body is read"""
    body = gzip.compress(wire.encoded(request("traces", values={"a": "x" * 9000})))
    wire.ask("/v1/traces", _pieces(body), {"Content-Encoding": "gzip"}).response()


@case(SHOULD, "otlphttp-connection", on=HTTP)
def connection_is_kept(wire: Wire) -> None:
    """Requests after each other share a connection, also after one that was refused with 400"""
    with _connection(wire) as connection:
        for body in (wire.encoded(request("traces")), b"\x0a\xff", wire.encoded(request("traces"))):
            answer = wire.over(connection, "/v1/traces", body, _media(wire))
            assert answer.headers.get("connection", "").lower() != "close", f"closed after {answer}"
        answer.response()


@case(MUST, "https://www.rfc-editor.org/rfc/rfc9110#name-expect", on=HTTP)
def expect_continue(wire: Wire) -> None:
    """Expect: 100-continue is answered before the body, as curl waits for it"""
    body = wire.encoded(request("traces"))
    head = (
        f"POST /v1/traces HTTP/1.1\r\nHost: conformance\r\nContent-Type: {MEDIA[wire.name]}\r\n"
        f"Content-Length: {len(body)}\r\nExpect: 100-continue\r\n\r\n"
    )
    host, _, port = wire.target.http.rpartition(":")
    with socket.create_connection((host, int(port)), timeout=10) as connection:
        connection.sendall(head.encode())
        first = connection.recv(4096)
        assert first.split(b"\r\n")[0].endswith(b"100 Continue"), f"got {first!r}"
        connection.sendall(body)
        second = connection.recv(65536)
        assert b" 200 " in second.split(b"\r\n")[0], f"got {second!r}"


@case(SHOULD, "full-success-1", on=HTTP)
def unknown_headers_and_query(wire: Wire) -> None:
    """Headers and a query nobody knows do not matter"""
    answer = wire.ask("/v1/traces?a=b", wire.encoded(request("traces")), {"X-Scope-OrgID": "1", "Authorization": "x"})
    answer.response()


@case(SHOULD, "all-other-responses", on=HTTP)
def client_goes_away(wire: Wire) -> None:
    """A client that leaves in the middle of a body harms nobody"""
    host, _, port = wire.target.http.rpartition(":")
    head = f"POST /v1/traces HTTP/1.1\r\nHost: c\r\nContent-Type: {MEDIA[wire.name]}\r\nContent-Length: 1000\r\n\r\n"
    for _ in range(20):
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            connection.sendall(head.encode() + b"\x0a")
    wire.send("traces", request("traces")).response()


@contextmanager
def _connection(wire: Wire) -> Iterator[HTTPConnection]:
    """A connection that is opened once, and closed at the end."""
    connection = HTTPConnection(wire.target.http, timeout=20)
    connection.connect()
    connection.auto_open = 0
    try:
        yield connection
    finally:
        connection.close()


def _media(wire: Wire) -> dict[str, str | None]:
    return {"Content-Type": MEDIA[wire.name]}


def _pieces(body: bytes) -> list[bytes]:
    return [body[at : at + 1000] for at in range(0, len(body), 1000)]
