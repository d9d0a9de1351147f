"""Bytes nobody should send: each gets an answer, none is retried, and the receiver goes on."""

from __future__ import annotations

import json
import random

from tests.otlp_conformance.answer import KINDS, Kind
from tests.otlp_conformance.as_json import as_tree
from tests.otlp_conformance.case import ALL, MUST, SHOULD, case
from tests.otlp_conformance.requests import request
from tests.otlp_conformance.wire import Wire

_FUTURE = "future-versions-and-interoperability"


@case(MUST, _FUTURE, on=ALL)
def unknown_fields(wire: Wire) -> None:
    """Fields of future versions are ignored"""
    for kind in KINDS:
        if wire.name == "json":
            body = json.dumps({**as_tree(request(kind)), "futureField": {"a": [1]}}).encode()
        else:
            body = wire.encoded(request(kind)) + b"\xfa\x3e\x03abc" + b"\xf0\x3e\x01"
        wire.send_bytes(kind, body).response()


@case(MUST, "failures", on=ALL)
def truncated(wire: Wire) -> None:
    """A request that is cut anywhere is accepted or refused for good, never retried"""
    for kind in KINDS:
        body = wire.encoded(request(kind, values={"a": "b", "c": 1.5}))
        for at in range(1, len(body), max(len(body) // 20, 1)):
            _settled(wire, kind, body[:at])


@case(MUST, "failures", on=ALL)
def random_bytes(wire: Wire) -> None:
    """Random bytes are accepted or refused for good, never retried"""
    noise = random.Random(20261123)
    for kind in KINDS:
        for _ in range(25):
            _settled(wire, kind, noise.randbytes(noise.randrange(1, 300)))


@case(MUST, "failures", on=ALL)
def flipped_bytes(wire: Wire) -> None:
    """A request with a byte changed is accepted or refused for good, never retried"""
    noise = random.Random(20261124)
    for kind in KINDS:
        body = wire.encoded(request(kind, values={"a": "b", "c": 1.5}))
        for _ in range(25):
            changed = bytearray(body)
            changed[noise.randrange(len(body))] = noise.randrange(256)
            _settled(wire, kind, bytes(changed))


@case(MUST, "failures", on=ALL)
def nested_too_deep(wire: Wire) -> None:
    """A value nested ten thousand deep is answered, and the receiver goes on"""
    _settled(wire, "traces", _deep_json(10_000) if wire.name == "json" else _deep_protobuf(10_000))


@case(SHOULD, "failures", on=ALL)
def text_that_is_no_utf_8(wire: Wire) -> None:
    """Texts that are no UTF-8 are accepted or refused for good"""
    body = wire.encoded(request("traces", values={"broken-text": "broken-text"}))
    _settled(wire, "traces", body.replace(b"broken-text", b"broken-\xff\xfe\xfdt"))


@case(MUST, "failures", on=ALL)
def length_beyond_the_end(wire: Wire) -> None:
    """A length of gigabytes in a few bytes is refused for good"""
    body = b'{"resourceSpans": [' if wire.name == "json" else b"\x0a\xff\xff\xff\xff\x07\x0a"
    answer = wire.send_bytes("traces", body)
    assert not answer.ok, "a request that is cut short was accepted"
    assert not answer.retryable, f"clients would send it again after {answer}"


def _settled(wire: Wire, kind: Kind, body: bytes) -> None:
    answer = wire.send_bytes(kind, body)
    assert answer.status != "500", f"{kind} {body[:60]!r}: {answer}"
    assert not answer.retryable, f"{kind} {body[:60]!r}: clients would send it again after {answer}"
    if answer.ok:
        answer.response()


def _deep_json(depth: int) -> bytes:
    value = '{"arrayValue":{"values":[' * depth + "]}}" * depth
    span = '{"attributes":[{"key":"k","value":' + value + "}]}"
    return ('{"resourceSpans":[{"scopeSpans":[{"spans":[' + span + "]}]}]}").encode()


def _deep_protobuf(depth: int) -> bytes:
    """AnyValue.array_value.values, again and again; then KeyValue.value, Span, ScopeSpans, ResourceSpans, request."""
    value = b""
    for tag in [b"\x0a", b"\x2a"] * depth + [b"\x12", b"\x4a", b"\x12", b"\x12", b"\x0a"]:
        value = tag + _varint(len(value)) + value
    return value


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])
