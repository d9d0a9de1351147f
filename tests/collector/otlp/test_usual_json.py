from __future__ import annotations

import json
import random
import struct
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from miops_collector.errors import InputError
from miops_collector.otlp.from_json import any_json_to_protobuf, json_to_protobuf
from miops_collector.otlp.json_request import usual_json_to_protobuf


def request(*attributes: Any, **fields: Any) -> dict[str, Any]:
    span = {"traceId": "5B8EFFF798038103d269b633813fc60c", "attributes": list(attributes), **fields}
    return {"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}


def usual(body: bytes) -> ExportTraceServiceRequest | None:
    written = usual_json_to_protobuf("traces", body)
    return None if written is None else ExportTraceServiceRequest.FromString(written)


def general(body: bytes) -> ExportTraceServiceRequest:
    return ExportTraceServiceRequest.FromString(any_json_to_protobuf("traces", body))


def same(body: bytes) -> bool:
    """Whether compiled code takes the body; if it does, both readers must write the same request."""
    found = usual(body)
    if found is None:
        return False
    # Bytes, not messages: a double that is not a number equals none, and zero equals minus zero.
    assert found.SerializeToString(deterministic=True) == general(body).SerializeToString(deterministic=True)
    return True


TEXTS = st.text(max_size=300) | st.sampled_from(
    ["", "plain", '\u0000\n"\\/\t', "é€😀", "x" * 126, "x" * 127, "y" * 128]
)
VALUES = st.recursive(
    st.builds(lambda text: {"stringValue": text}, TEXTS)
    | st.builds(lambda flag: {"boolValue": flag}, st.booleans())
    | st.builds(
        lambda n, text: {"intValue": str(n) if text else n}, st.integers(-(2**63) + 1, 2**63 - 1), st.booleans()
    )
    | st.builds(lambda x: {"doubleValue": x}, st.floats(allow_nan=False, allow_infinity=False))
    | st.builds(lambda n: {"doubleValue": n}, st.integers(-(2**70), 2**70))
    | st.just({}),
    lambda inner: (
        st.builds(lambda values: {"arrayValue": {"values": values}}, st.lists(inner, max_size=4))
        | st.builds(
            lambda pairs: {"kvlistValue": {"values": [{"key": k, "value": v} for k, v in pairs]}},
            st.lists(st.tuples(TEXTS, inner), max_size=4),
        )
    ),
    max_leaves=8,
)
UNKNOWN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", max_size=3), inner, max_size=3),
    max_leaves=6,
)


@settings(deadline=None, max_examples=100)
@given(st.lists(st.tuples(TEXTS, VALUES), max_size=6), UNKNOWN, st.booleans(), st.sampled_from([None, 1]))
def test_both_readers_write_the_same(
    pairs: list[tuple[str, Any]], unknown: Any, ascii_only: bool, indent: int | None
) -> None:
    tree = request(*({"key": key, "value": value} for key, value in pairs), traceState="a", later=unknown, kind=1)

    body = json.dumps(tree, ensure_ascii=ascii_only, indent=indent).encode("utf-8", "surrogatepass")

    assert same(body)


@pytest.mark.parametrize(
    "number",
    ["0", "-1", "0.1", "1e5", "1E+5", "1e-5", "123456789012345678", "9007199254740993", "1.7976931348623157e308",
     "5e-324", "2.2250738585072011e-308", "0.1000000000000000055511151231257827021181583404541015625", "-0.0", "1e22",
     "8.41e21", "9214843084008499.5", "179769313486231570000000000000000000000"],
)  # fmt: skip
def test_doubles_are_what_python_reads(number: str) -> None:
    body = json.dumps(request({"key": "a", "value": {"doubleValue": 7}})).replace("7}", number + "}").encode()

    (attribute,) = usual(body).resource_spans[0].scope_spans[0].spans[0].attributes  # type: ignore[union-attr]

    assert struct.pack("<d", attribute.value.double_value) == struct.pack("<d", float(number))


def test_doubles_of_any_size_are_exact() -> None:
    rng = random.Random(7)
    numbers = [struct.unpack("<d", struct.pack("<Q", rng.getrandbits(64)))[0] for _ in range(20_000)]
    finite = [x for x in numbers if abs(x) < float("inf")]

    body = json.dumps(request(*({"key": "x", "value": {"doubleValue": x}} for x in finite))).encode()

    found = usual(body)
    assert found is not None
    assert [a.value.double_value for a in found.resource_spans[0].scope_spans[0].spans[0].attributes] == finite


def test_every_kind_of_request_is_converted() -> None:
    record = {"timeUnixNano": "17", "eventName": "e", "body": {"intValue": "-3"}, "spanId": "00ff00ff00ff00ff"}
    body = json.dumps({"resourceLogs": [{"resource": {}, "scopeLogs": [{"logRecords": [record]}]}]}).encode()

    found = ExportLogsServiceRequest.FromString(usual_json_to_protobuf("logs", body) or b"")

    assert found == ExportLogsServiceRequest.FromString(any_json_to_protobuf("logs", body))
    assert found.resource_logs[0].scope_logs[0].log_records[0].body.int_value == -3
    metrics = b'{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"a","gauge":{"dataPoints":[{}]}}]}]}]}'
    assert usual_json_to_protobuf("metrics", metrics) == any_padded(metrics)


def any_padded(body: bytes) -> bytes:
    """Lengths of long messages take five bytes in what compiled code writes."""
    assert any_json_to_protobuf("metrics", body) == b"\x0a\x07\x12\x05\x12\x03\x0a\x01a"
    return b"\x0a\x8f\x80\x80\x80\x00\x12\x89\x80\x80\x80\x00\x12\x83\x80\x80\x80\x00\x0a\x01a"


LEFT = {
    "a field twice": b'{"resourceSpans":[],"resourceSpans":[{}]}',
    "an escape in a name": b'{"resource\\u0053pans":[{}]}',
    "a text for a double": b'{"resourceSpans":[{"resource":{"attributes":[{"value":{"doubleValue":"NaN"}}]}}]}',
    "minus zero": b'{"resourceSpans":[{"resource":{"attributes":[{"value":{"doubleValue":-0}}]}}]}',
    "bytes": b'{"resourceSpans":[{"resource":{"attributes":[{"value":{"bytesValue":"AA=="}}]}}]}',
    "an integer with a point": b'{"resourceSpans":[{"resource":{"attributes":[{"value":{"intValue":1.0}}]}}]}',
    "a mark of order": b'\xef\xbb\xbf{"resourceSpans":[{}]}',
    "sixteen bits a character": '{"resourceSpans":[{}]}'.encode("utf-16"),
    "many levels of what is unknown": b'{"a":' + b"[" * 200 + b"]" * 200 + b"}",
    "a lone surrogate of what is unknown": b'{"a":"\\ud800"}',
    "a literal of JavaScript of what is unknown": b'{"a":NaN}',
}


@pytest.mark.parametrize("body", LEFT.values(), ids=LEFT)
def test_the_unusual_is_left_to_the_general_reader(body: bytes) -> None:
    assert usual(body) is None
    assert json_to_protobuf("traces", body) == any_json_to_protobuf("traces", body)


WRONG = {
    "nothing": b"", "no object": b"[]", "cut": b'{"resourceSpans":[', "more after it": b"{} {}", "a comma": b'{"a":1,}',
    "a comma in an array": b'{"a":[1,]}', "no comma": b'{"a":1 "b":2}', "no colon": b'{"a" 1}', "a quote": b'{"a":"b}',
    "a control character": b'{"a":"\n"}', "an escape": b'{"a":"\\x"}', "a cut escape": b'{"a":"\\u12"}',
    "a leading zero": b'{"a":01}', "a point": b'{"a":1.}', "a sign": b'{"a":+1}', "an exponent": b'{"a":1e}',
    "a word": b'{"a":nul}', "another bracket": b'{"a":[}]', "bad UTF-8": b'{"a":"\xff"}',
    "a text for an array": b'{"resourceSpans":"a"}', "null in an array": b'{"resourceSpans":[null]}',
    "a number for a text": b'{"resourceSpans":[{"resource":{"attributes":[{"key":1}]}}]}',
    "an odd id": b'{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"abc"}]}]}]}',
    "an id that is none": b'{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"zz"}]}]}]}',
    "a negative time": b'{"resourceSpans":[{"scopeSpans":[{"spans":[{"startTimeUnixNano":"-1"}]}]}]}',
    "a large integer": b'{"resourceSpans":[{"resource":{"attributes":[{"value":{"intValue":9223372036854775808}}]}}]}',
    "a truth value that is a text": b'{"resourceSpans":[{"resource":{"attributes":[{"value":{"boolValue":"true"}}]}}]}',
}  # fmt: skip


@pytest.mark.parametrize("body", WRONG.values(), ids=WRONG)
def test_what_is_wrong_is_refused(body: bytes) -> None:
    assert usual(body) is None
    with pytest.raises(InputError):
        json_to_protobuf("traces", body)


def test_mutated_requests_are_read_as_python_reads_them_or_not_at_all() -> None:
    rng = random.Random(11)
    pairs = ({"key": f"k{i}", "value": v} for i, v in enumerate(({"doubleValue": 1.5}, {"intValue": "7"},
             {"stringValue": "a\"é\n"}, {"arrayValue": {"values": [{"boolValue": True}]}})))  # fmt: skip
    good = json.dumps(request(*pairs, startTimeUnixNano="1760000000000000000", name="n", kind=1)).encode()
    spare, taken = b'{}[]",:\\0123456789-+.eEnulltruefalse \xc3\xff\x00', 0
    for _ in range(6_000):
        body = bytearray(good)
        for _ in range(rng.randint(1, 3)):
            at = rng.randrange(len(body))
            body[at : at + rng.randint(0, 2)] = bytes(rng.choices(spare, k=rng.randint(0, 2)))
        taken += same(bytes(body))

    assert taken > 100
