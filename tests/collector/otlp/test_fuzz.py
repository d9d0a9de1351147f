"""Any bytes: no crash, and where protobuf reads a request the walker reads the same."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from google.protobuf.message import DecodeError
from hypothesis import example, given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from miops_collector.errors import InputError
from miops_collector.otlp.items import Items, read_items
from miops_collector.otlp.walk import ARRAY, BOOL, BYTES, DOUBLE, INT, KVLIST, STRING
from tests.collector.otlp.payloads import NOW, any_value, batch, decoded, events, rows, spans

MODEL = {"miops.model.name": "m", "miops.prediction.value": 1.0, "miops.feature.x": "é", "miops.feature.y": [1, "a"]}
RESOURCE = b"\x0a\x1f\x0a\x1d\x0a\x1b\x0a\x10miops.model.name\x12\x07\x0a\x05other"
"""Of a request with nothing but a resource, which names a model."""
SEEDS = {
    "traces": [
        RESOURCE + spans(MODEL, {}, MODEL | {"miops.prediction.value": [1.0, 2.0]}, {"other": {"a": [1, {"b": None}]}})
    ],
    "logs": [
        events("miops.prediction", MODEL, MODEL),
        batch("miops.prediction.batch", {"value": [1.0, 2.0], "feature.x": ["a", "b"]}, MODEL),
        events("miops.ground_truth.batch", MODEL, body=any_value({"value": [1, 2], "prediction_id": ["a", "b"]})),
    ],
}
REQUESTS: dict[str, Any] = {"traces": ExportTraceServiceRequest, "logs": ExportLogsServiceRequest}


def survives(kind: Any, payload: bytes) -> None:
    with suppress(InputError):
        decoded(kind, payload)


@st.composite
def mutated(draw: st.DrawFn, kind: str) -> bytes:
    """A good request with bytes changed, cut out, repeated or appended."""
    payload = bytearray(draw(st.sampled_from(SEEDS[kind])))
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, max(len(payload) - 1, 0)))
        match draw(st.sampled_from("xcrai")):
            case "x":
                payload[at : at + 1] = bytes([draw(st.integers(0, 255))])
            case "c":
                del payload[at : at + draw(st.integers(1, 40))]
            case "r":
                payload[at:at] = payload[at : at + draw(st.integers(1, 40))]
            case "a":
                payload += draw(st.binary(max_size=12))
            case _:
                payload[at:at] = draw(st.binary(min_size=1, max_size=6))
    return bytes(payload)


@pytest.mark.parametrize("kind", ["traces", "logs", "metrics"])
@settings(deadline=None, max_examples=150)
@given(payload=st.binary(max_size=200))
@example(payload=b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")
@example(payload=b"\x0a" + b"\x80" * 11)
@example(payload=b"\x0b\x0c")
@example(payload=b"\x00")
def test_random_bytes_never_crash(kind: Any, payload: bytes) -> None:
    survives(kind, payload)


@pytest.mark.parametrize("kind", ["traces", "logs"])
@settings(deadline=None, max_examples=400)
@given(data=st.data())
def test_mutated_requests_never_crash(kind: Any, data: st.DataObject) -> None:
    survives(kind, data.draw(mutated(kind)))


@pytest.mark.parametrize("kind", ["traces", "logs"])
def test_truncated_requests_never_crash(kind: Any) -> None:
    for seed in SEEDS[kind]:
        for end in range(0, len(seed), 3):
            survives(kind, seed[:end])


@pytest.mark.parametrize("kind", ["traces", "logs"])
@settings(deadline=None, max_examples=400)
@given(data=st.data())
def test_the_walker_reads_what_protobuf_reads(kind: Any, data: st.DataObject) -> None:
    payload = data.draw(mutated(kind))
    request = REQUESTS[kind]()
    try:
        request.ParseFromString(payload)
    except DecodeError:
        return  # the walker is lenient: it does not look into fields it has no use for, and refuses texts row by row

    items = read_items(kind, payload)

    expected = protobuf_items(kind, request)
    assert len(items) == len(expected)
    for i, item in enumerate(expected):
        assert walked_attributes(items, i) == protobuf_attributes(item)


def protobuf_items(kind: str, request: Any) -> list[Any]:
    if kind == "traces":
        return [s for r in request.resource_spans for sc in r.scope_spans for s in sc.spans]
    return [s for r in request.resource_logs for sc in r.scope_logs for s in sc.log_records]


def protobuf_attributes(item: Any) -> list[tuple[bytes, str, Any]]:
    found = []
    for attribute in item.attributes:
        which = attribute.value.WhichOneof("value")
        if which is None or not attribute.key:
            continue
        value = getattr(attribute.value, which)
        found.append((attribute.key.encode(), which, simple(which, value)))
    return found


def simple(which: str, value: Any) -> Any:
    if which == "double_value":
        return np.float64(value).view(np.uint64)
    if which in {"array_value", "kvlist_value"}:
        return None
    return value.encode() if which == "string_value" else value


NAMES = {
    STRING: "string_value", BOOL: "bool_value", INT: "int_value", DOUBLE: "double_value", ARRAY: "array_value",
    KVLIST: "kvlist_value", BYTES: "bytes_value",
}  # fmt: skip


def walked_attributes(items: Items, i: int) -> list[tuple[bytes, str, Any]]:
    found = []
    for a in range(items.first[i], items.first[i + 1]):
        which = NAMES[int(items.kind[a])]
        bits, size = items.bits[a], int(items.size[a])
        value: Any = bytes(items.data[int(bits) : int(bits) + size]) if items.kind[a] in {STRING, BYTES} else None
        if items.kind[a] == BOOL:
            value = bool(bits)
        if items.kind[a] == INT:
            value = int(bits.view(np.int64))
        if items.kind[a] == DOUBLE:
            value = bits
        found.append((items.keys[items.slot[a]], which, value))
    return found


def test_unknown_fields_and_groups_are_skipped_as_protobuf_skips_them() -> None:
    group = b"\xa3\x06\x08\x01\xa4\x06"  # field 100 as a group that holds a varint
    unknown = b"\xa8\x06\x05" + b"\xb2\x06\x03abc" + b"\xbd\x06\1\2\3\4" + b"\xb9\x06" + bytes(8)

    found = decoded("traces", spans(MODEL) + unknown + group + spans(MODEL))

    assert found.rows == 2


def test_a_value_in_two_parts_is_merged_as_protobuf_merges_it() -> None:
    value = b"\x12\x09\x21" + np.float64(2.5).tobytes()
    name = attribute("miops.model.name", b"\x12\x03\x0a\x01m")
    split = attribute("miops.prediction.value", value + b"\x12\x00")

    found = decoded("traces", span(name + split))

    assert rows(found, "value_number") == [(2.5,)]


def attribute(key: str, value: bytes) -> bytes:
    body = b"\x0a" + varint(len(key)) + key.encode() + value
    return b"\x4a" + varint(len(body)) + body


def span(fields: bytes) -> bytes:
    fields += b"\x39" + NOW.to_bytes(8, "little")
    scope = b"\x12" + varint(len(fields)) + fields
    resource = b"\x12" + varint(len(scope)) + scope
    return b"\x0a" + varint(len(resource)) + resource


def test_deep_nesting_costs_no_stack() -> None:
    value = b""
    for _ in range(5000):
        inner = b"\x0a" + varint(len(value)) + value
        value = b"\x2a" + varint(len(inner)) + inner
    payload = span(attribute("x", b"\x12" + varint(len(value)) + value))

    assert decoded("traces", payload + spans(MODEL)).rows == 1


def varint(n: int) -> bytes:
    out = bytearray()
    while n >= 0x80:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    return bytes([*out, n])
