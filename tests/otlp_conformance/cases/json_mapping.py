"""What OTLP/JSON changes of protobuf's JSON mapping, and what it keeps of it."""

from __future__ import annotations

import json
import time
from typing import Any, Final

from tests.otlp_conformance.answer import KINDS, Kind, WireName
from tests.otlp_conformance.as_json import as_tree
from tests.otlp_conformance.case import MUST, SHOULD, case
from tests.otlp_conformance.json_examples import EXAMPLES
from tests.otlp_conformance.requests import request
from tests.otlp_conformance.wire import Wire

_JSON = "json-protobuf-encoding"
_PROTOBUF_JSON = "https://protobuf.dev/programming-guides/json/"
_ON: Final[tuple[WireName, ...]] = ("json",)


@case(MUST, "https://github.com/open-telemetry/opentelemetry-proto/tree/main/examples", on=_ON)
def official_examples(wire: Wire) -> None:
    """Requests shaped like the official examples of traces, metrics, logs and events are accepted"""
    for kind, tree in EXAMPLES:
        _accepted(wire, kind, tree)


@case(MUST, _JSON, on=_ON)
def hex_ids(wire: Wire) -> None:
    """Trace and span ids are hexadecimal in either case, on spans, links and log records"""
    for trace, own in (("5B8EFFF798038103D269B633813FC60C", "EEE19B7EC3C1B174"), ("5b8efff798038103" * 2, "ee" * 8)):
        ids = {"traceId": trace, "spanId": own}
        _accepted(wire, "traces", _span(ids | {"parentSpanId": own, "links": [ids]}))
        _accepted(wire, "logs", _log(ids))


@case(MUST, _JSON, on=_ON)
def hex_ids_of_exemplars(wire: Wire) -> None:
    """Trace and span ids of exemplars are hexadecimal too"""
    exemplar = {"traceId": "5B8EFFF798038103D269B633813FC60C", "spanId": "EEE19B7EC3C1B174", "asDouble": 1.0}
    _accepted(wire, "metrics", _metric({"gauge": {"dataPoints": [{"asDouble": 1.0, "exemplars": [exemplar]}]}}))


@case(MUST, _JSON, on=_ON)
def names_are_lower_camel_case(wire: Wire) -> None:
    """Names as in the .proto files are no names here, but unknown keys, whatever they hold"""
    _accepted(wire, "traces", {"resource_spans": 1, **_span({"start_time_unix_nano": {}, "trace_id": [1]})})
    _accepted(wire, "logs", {"resource_logs": "x", **_log({"severity_number": "x", "time_unix_nano": "soon"})})


@case(MUST, _JSON, on=_ON)
def ids_that_are_not_hex(wire: Wire) -> None:
    """An id that is no hexadecimal is refused for good or accepted, never a fault of the server"""
    for wrong in ("xyz", "W47/95gDgQPSabYzgT/GDA==", "5B8"):
        answer = wire.send_bytes("traces", json.dumps(_span({"traceId": wrong})).encode())
        assert answer.ok or (answer.status == "400" and not answer.retryable), f"{wrong}: {answer}"


@case(MUST, _JSON, on=_ON)
def enums_are_integers(wire: Wire) -> None:
    """Enums are read as integers, also those that are not known yet"""
    for number in (0, 2, 5, 99):
        _accepted(wire, "traces", _span({"kind": number, "status": {"code": 1}}))
    _accepted(wire, "logs", _log({"severityNumber": 17}))


@case(MUST, _JSON, on=_ON)
def long_integers_as_texts_and_numbers(wire: Wire) -> None:
    """64-bit integers are read as decimal texts and as numbers"""
    now = time.time_ns()
    for time_of in (str, int):
        _accepted(wire, "traces", _span({"startTimeUnixNano": time_of(now), "endTimeUnixNano": time_of(now)}))
        attribute = {"key": "k", "value": {"intValue": time_of(-(2**63))}}
        _accepted(wire, "logs", _log({"timeUnixNano": time_of(now), "attributes": [attribute]}))
        point = {"timeUnixNano": time_of(now), "asInt": time_of(7)}
        _accepted(wire, "metrics", _metric({"sum": {"dataPoints": [point], "aggregationTemporality": 2}}))
        buckets = {"timeUnixNano": time_of(now), "count": time_of(2), "bucketCounts": [time_of(1)] * 2}
        histogram = {"dataPoints": [buckets | {"explicitBounds": [1]}], "aggregationTemporality": 2}
        _accepted(wire, "metrics", _metric({"histogram": histogram}))


@case(MUST, _JSON, on=_ON)
def unknown_keys(wire: Wire) -> None:
    """Unknown keys are ignored at every level"""
    for kind in KINDS:
        _accepted(wire, kind, _with_unknown(as_tree(request(kind, values={"a": [1, {"b": None}]}))))


@case(MUST, _PROTOBUF_JSON, on=_ON)
def null_is_absent(wire: Wire) -> None:
    """A field that is null counts as absent"""
    _accepted(wire, "traces", _span({"attributes": None, "links": None, "status": None, "traceState": None}))
    _accepted(wire, "logs", _log({"body": None, "traceId": None, "severityText": None}))
    _accepted(wire, "metrics", _metric({"unit": None, "gauge": {"dataPoints": None}}))


@case(MUST, _PROTOBUF_JSON, on=_ON)
def doubles(wire: Wire) -> None:
    """Doubles are read as numbers, as texts, and as NaN, Infinity and -Infinity in texts"""
    values = [1, 1.5, -1e308, "2.5", "NaN", "Infinity", "-Infinity"]
    each = [{"key": f"k{i}", "value": {"doubleValue": value}} for i, value in enumerate(values)]
    _accepted(wire, "traces", _span({"attributes": each}))
    _accepted(wire, "metrics", _metric({"gauge": {"dataPoints": [{"asDouble": value} for value in values]}}))


@case(MUST, _PROTOBUF_JSON, on=_ON)
def base64_bytes(wire: Wire) -> None:
    """Bytes are base64, with the usual or the URL alphabet, with or without padding"""
    texts = ["", "AP8=", "AP8", "-_8=", "+/8"]
    each = [{"key": f"k{i}", "value": {"bytesValue": text}} for i, text in enumerate(texts)]
    _accepted(wire, "traces", _span({"attributes": each}))
    _accepted(wire, "logs", _log({"body": {"bytesValue": "AP8="}}))


@case(SHOULD, "bad-data", on=_ON)
def wrong_types(wire: Wire) -> None:
    """JSON that is no request is 400"""
    for body in ("[]", '"text"', "1", '{"resourceSpans": {"a": 1}}', '{"resourceSpans": [{"scopeSpans": 1}]}', "{", ""):
        answer = wire.send_bytes("traces", body.encode())
        assert answer.status == "400", f"{body}: {answer}"


@case(MUST, "https://www.rfc-editor.org/rfc/rfc8259#section-7", on=_ON)
def escapes(wire: Wire) -> None:
    """Texts with escapes, pairs of surrogates and spaces between everything are read"""
    tree = _span({"attributes": [{"key": '\u0436\U0001d11e\n"/\\', "value": {"stringValue": "\u0000\ufffd"}}]})
    for body in (json.dumps(tree), json.dumps(tree, ensure_ascii=False, indent=3)):
        wire.send_bytes("traces", body.encode()).response()


def _accepted(wire: Wire, kind: Kind, tree: Any) -> None:
    answer = wire.send_bytes(kind, json.dumps(tree).encode())
    partial = answer.partial()
    assert partial is None, f"{kind}: {partial}"


def _span(fields: dict[str, Any]) -> Any:
    now = str(time.time_ns())
    own = {"traceId": "ab" * 16, "spanId": "cd" * 8, "name": "n", "startTimeUnixNano": now, "endTimeUnixNano": now}
    return {"resourceSpans": [{"scopeSpans": [{"spans": [own | fields]}]}]}


def _log(fields: dict[str, Any]) -> Any:
    return {"resourceLogs": [{"scopeLogs": [{"logRecords": [{"timeUnixNano": str(time.time_ns())} | fields]}]}]}


def _metric(fields: dict[str, Any]) -> Any:
    return {"resourceMetrics": [{"scopeMetrics": [{"metrics": [{"name": "conformance"} | fields]}]}]}


def _with_unknown(tree: Any) -> Any:
    if isinstance(tree, list):
        return [_with_unknown(each) for each in tree]
    if not isinstance(tree, dict):
        return tree
    return {"unknownText": "x", **{k: _with_unknown(v) for k, v in tree.items()}, "unknownTree": {"a": [{}, None]}}
