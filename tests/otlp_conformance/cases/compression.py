"""Which compressions a receiver reads, and what it says of those it cannot."""

from __future__ import annotations

from gzip import compress

from tests.otlp_conformance.answer import KINDS, MEDIA
from tests.otlp_conformance.case import ALL, HTTP, MAY, MUST, case
from tests.otlp_conformance.requests import request
from tests.otlp_conformance.wire import Wire

_COMPRESSION = "protocol-details"


@case(MUST, _COMPRESSION, on=ALL)
def none(wire: Wire) -> None:
    """Requests of every kind are read without compression"""
    for kind in KINDS:
        wire.send(kind, request(kind)).response()


@case(MUST, _COMPRESSION, on=ALL)
def gzip(wire: Wire) -> None:
    """Requests of every kind are read with gzip"""
    for kind in KINDS:
        wire.send(kind, request(kind, values={"text": "x" * 5000}), compression="gzip").response()


@case(MUST, "https://www.rfc-editor.org/rfc/rfc1952#page-5", on=HTTP)
def gzip_of_several_members(wire: Wire) -> None:
    """A gzip body may be several members after each other, as some clients write it in pieces"""
    body = wire.encoded(request("traces"))
    pieces = compress(body[:10]) + compress(body[10:])
    wire.ask("/v1/traces", pieces, {"Content-Encoding": "gzip"}).response()


@case(MUST, "bad-data", on=HTTP)
def gzip_that_is_cut(wire: Wire) -> None:
    """A gzip body without its end is refused for good: what is missing would be lost"""
    body = wire.encoded(request("traces", values={"text": "x" * 5000}))
    answer = wire.ask("/v1/traces", compress(body)[:-12], {"Content-Encoding": "gzip"})
    assert not answer.ok, "it was accepted"
    assert not answer.retryable, f"clients would send it again after {answer}"


@case(MAY, "https://github.com/open-telemetry/opentelemetry-collector/tree/main/config/confighttp", on=HTTP)
def zstd(wire: Wire) -> None:
    """Requests of every kind are read with zstd, which the OpenTelemetry Collector offers"""
    for kind in KINDS:
        wire.send(kind, request(kind, values={"text": "x" * 5000}), compression="zstd").response()


@case(MUST, "otlphttp-response", on=HTTP)
def gzip_answer_is_asked_for(wire: Wire) -> None:
    """An answer is gzip only where Accept-Encoding asks for it, and then says so"""
    plain = wire.send("traces", request("traces"))
    asked = wire.ask("/v1/traces", wire.encoded(request("traces")), {"Accept-Encoding": "gzip"})
    assert "content-encoding" not in plain.headers, f"not asked for: {plain.headers}"
    asked.response()


@case(MUST, "bad-data", on=HTTP)
def broken_gzip(wire: Wire) -> None:
    """A body that cannot be inflated is answered 400 with a Status in the encoding of the request"""
    answer = wire.ask("/v1/traces", wire.encoded(request("traces")), {"Content-Encoding": "gzip"})
    assert answer.status == "400", f"expected 400, got {answer}"
    answer.problem()


@case(MUST, "failures-1", on=HTTP)
def unknown_encoding(wire: Wire) -> None:
    """A Content-Encoding nobody knows is a 4xx that is not retried, with a Status"""
    answer = wire.ask("/v1/traces", wire.encoded(request("traces")), {"Content-Encoding": "otlp-conformance"})
    assert answer.status in {"400", "415"}, f"expected 400 or 415, got {answer}"
    answer.problem()
    assert answer.headers.get("content-type", "").startswith(MEDIA[wire.name]), answer.headers
