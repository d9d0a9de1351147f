from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from miops_collector.errors import InputError
from miops_collector.otlp.from_json import json_to_protobuf
from miops_collector.otlp.items import read_items
from tests.collector.otlp.payloads import NOW, batch, decoded, plain, rows, spans

MODEL = {"miops.model.name": "m", "miops.prediction.value": 1.5}


def span(**fields: Any) -> dict[str, Any]:
    return {"startTimeUnixNano": str(NOW), **fields}


def attribute(key: str, **value: Any) -> dict[str, Any]:
    return {"key": key, "value": value}


NAMED = [attribute("miops.model.name", stringValue="m"), attribute("miops.prediction.value", doubleValue=1.5)]


def traces(*each: dict[str, Any]) -> bytes:
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": list(each)}]}]}).encode()


def from_json(body: bytes) -> Any:
    return decoded("traces", json_to_protobuf("traces", body))


@pytest.mark.parametrize(
    ("name", "kind", "items"),
    [("trace", "traces", 1), ("logs", "logs", 1), ("events", "logs", 1), ("metrics", "metrics", 4)],
)
def test_official_examples(shared: Path, name: str, kind: Any, items: int) -> None:
    body = (shared / "otlp" / f"{name}.json").read_bytes()

    found = decoded(kind, json_to_protobuf(kind, body))

    assert (found.items, found.other) == (items, items)


def test_official_example_of_a_span(shared: Path) -> None:
    items = read_items("traces", json_to_protobuf("traces", (shared / "otlp" / "trace.json").read_bytes()))

    start, size = items.places[0, 0]
    assert bytes(items.data[start : start + size]).hex() == "5b8efff798038103d269b633813fc60c"
    assert items.times.tolist() == [[1544712660000000000, 1544712661000000000]]
    assert items.keys == (b"my.span.attr",)


def test_json_and_protobuf_are_the_same_rows() -> None:
    values = MODEL | {
        "miops.prediction.id": "a",
        "miops.feature.text": "é€😀\u0000\n",
        "miops.feature.integer": 9_007_199_254_740_993,
        "miops.feature.negative": -1,
        "miops.feature.flag": False,
        "miops.feature.bytes": b"\x00\xff",
        "miops.prediction.scores": [0.25, 0.75],
        "miops.feature.map": {"a": 1},
    }
    protobuf = spans(values, MODEL | {"miops.prediction.value": [1.0, 2.0]}, trace_state="ot=th:8")

    tables = [
        [plain(r.table) for r in decoded("traces", payload).records]
        for payload in (protobuf, json_to_protobuf("traces", as_json(ExportTraceServiceRequest.FromString(protobuf))))
    ]

    assert tables[0] == tables[1]


def test_batch_events_may_come_as_json() -> None:
    protobuf = batch("miops.prediction.batch", {"value": [1.0, 2.0]}, {"miops.model.name": "m"})

    body = as_json(ExportLogsServiceRequest.FromString(protobuf))

    assert rows(decoded("logs", json_to_protobuf("logs", body)), "value_number") == [(1.0,), (2.0,)]


def as_json(message: Any) -> bytes:
    """OTLP/JSON: as protobuf's JSON, but hexadecimal ids."""
    return json.dumps(hexadecimal(MessageToDict(message, use_integers_for_enums=True))).encode()


def hexadecimal(tree: Any) -> Any:
    if isinstance(tree, list):
        return [hexadecimal(each) for each in tree]
    if not isinstance(tree, dict):
        return tree
    return {
        key: base64.b64decode(value).hex().upper() if key in {"traceId", "spanId"} else hexadecimal(value)
        for key, value in tree.items()
    }


@pytest.mark.parametrize(("given", "value"), [("17", 17), (17, 17), ("-1", -1), (17.0, 17), (str(2**63 - 1), 2.0**63)])
def test_64_bit_integers_are_texts_or_numbers(given: object, value: float) -> None:
    found = from_json(traces(span(attributes=[*NAMED, attribute("miops.feature.x", intValue=given)])))

    assert rows(found, "feature.x") == [(value,)]


@pytest.mark.parametrize(("given", "text"), [("NaN", "nan"), ("Infinity", "inf"), ("-Infinity", "-inf"), (1, "1.0")])
def test_doubles_may_be_texts(given: object, text: str) -> None:
    found = from_json(traces(span(attributes=[*NAMED, attribute("miops.feature.x", doubleValue=given)])))

    assert str(rows(found, "feature.x")[0][0]) == text


def test_unknown_keys_nulls_and_missing_parts_are_fine() -> None:
    body = traces(
        span(
            attributes=[
                *NAMED,
                {"key": "a"},
                {"key": "b", "value": None},
                attribute("c", futureValue=1),
                {"value": {}},
            ],
            kind=2,
            status={"code": 1},
            flags=256,
            links=[{"traceId": "zz"}],
            fromTheFuture={"a": [1]},
            traceId=None,
        ),
        {},
    )

    found = from_json(body)

    assert (found.items, found.rows, found.other) == (2, 1, 1)
    assert from_json(b"{}").items == 0
    assert from_json(b'{"resourceSpans": [{}, {"scopeSpans": [{}]}]}').items == 0


WRONG_FIELDS: list[dict[str, Any]] = [
    {"traceId": "xyz"}, {"traceId": 1}, {"startTimeUnixNano": "soon"}, {"startTimeUnixNano": -1},
    {"startTimeUnixNano": 1.5},
]  # fmt: skip
WRONG_VALUES: list[dict[str, Any]] = [
    {"intValue": 2**63}, {"intValue": True}, {"doubleValue": True}, {"stringValue": 1}, {"boolValue": "true"},
    {"bytesValue": "*"}, {"stringValue": "\ud800"},
]  # fmt: skip


@pytest.mark.parametrize(
    "body",
    [
        b"", b"[]", b"1", b"null", b"{", b'"text"', b"\xff\xfe", b'{"resourceSpans": 1}', b'{"resourceSpans": [1]}',
        b'{"resourceSpans": {"scopeSpans": []}}', b"[" * 100_000,
        *(traces(span(**field)) for field in WRONG_FIELDS),
        *(traces(span(attributes=[attribute("a", **value)])) for value in WRONG_VALUES),
        traces(span(attributes=[{"key": 1}])), traces(span(attributes={"a": 1})),
    ],
)  # fmt: skip
def test_what_is_no_otlp_json_is_refused(body: bytes) -> None:
    with pytest.raises(InputError, match="no OTLP/JSON request of traces"):
        json_to_protobuf("traces", body)


def test_deep_nesting_is_refused_or_read_but_never_crashes() -> None:
    deep = b'{"arrayValue":{"values":[' * 20_000
    body = b'{"resourceSpans":[{"scopeSpans":[{"spans":[{"attributes":[{"key":"a","value":' + deep

    with pytest.raises(InputError):
        json_to_protobuf("traces", body)
