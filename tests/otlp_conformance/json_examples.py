"""Requests with every form the official examples have: kinds of metrics, bodies, scope attributes, event names."""

from __future__ import annotations

from typing import Any, Final

from tests.otlp_conformance.answer import Kind

__all__ = ["EXAMPLES"]

_BEGIN, _END = "1544712660000000000", "1544712661000000000"
_IDS: Final = {"traceId": "5B8EFFF798038103D269B633813FC60C", "spanId": "EEE19B7EC3C1B174"}


def _attribute(key: str, **value: Any) -> Any:
    return {"key": key, "value": value}


_RESOURCE: Final = {"attributes": [_attribute("service.name", stringValue="shop")]}
_SCOPE: Final = {
    "name": "shop.checkout",
    "version": "2.1.0",
    "attributes": [_attribute("build", stringValue="release")],
}


def _request(kind: str, items: str, *each: Any) -> Any:
    return {f"resource{kind}": [{"resource": _RESOURCE, f"scope{kind}": [{"scope": _SCOPE, items: list(each)}]}]}


_SPAN: Final = {
    **_IDS, "parentSpanId": "EEE19B7EC3C1B173", "name": "GET /cart", "kind": 2,
    "startTimeUnixNano": _BEGIN, "endTimeUnixNano": _END, "attributes": [_attribute("http.route", stringValue="/cart")],
}  # fmt: skip
_LOG: Final = {
    **_IDS, "timeUnixNano": _BEGIN, "observedTimeUnixNano": _END, "severityNumber": 10, "severityText": "Information",
    "body": {"stringValue": "the cart is empty"},
    "attributes": [
        _attribute("text", stringValue="a"), _attribute("flag", boolValue=True), _attribute("int", intValue="10"),
        _attribute("double", doubleValue=637.704),
        _attribute("list", arrayValue={"values": [{"stringValue": "many"}, {"stringValue": "values"}]}),
        _attribute("map", kvlistValue={"values": [_attribute("key", stringValue="value")]}),
    ],
}  # fmt: skip
_EVENT: Final = {
    "eventName": "page_view", "timeUnixNano": _BEGIN, "observedTimeUnixNano": _BEGIN, "severityNumber": 9,
    "attributes": [_attribute("tab", stringValue="2")],
    "body": {"kvlistValue": {"values": [_attribute("type", intValue="0"), _attribute("title", stringValue="Cart")]}},
}  # fmt: skip
_TIMES: Final = {"startTimeUnixNano": _BEGIN, "timeUnixNano": _BEGIN, "attributes": [_attribute("a", stringValue="b")]}


def _metric(name: str, **data: Any) -> Any:
    return {"name": f"shop.{name}", "unit": "1", "description": f"a {name}", **data}


_METRICS: Final = (
    _metric(
        "counter",
        sum={"aggregationTemporality": 1, "isMonotonic": True, "dataPoints": [{"asDouble": 5, **_TIMES}]},
    ),
    _metric("gauge", gauge={"dataPoints": [{"asDouble": 10, **_TIMES}]}),
    _metric(
        "histogram",
        histogram={
            "aggregationTemporality": 1,
            "dataPoints": [
                {"count": "2", "sum": 2, "bucketCounts": ["1", "1"], "explicitBounds": [1], "min": 0, "max": 2} | _TIMES
            ],
        },
    ),
    _metric(
        "exponential",
        exponentialHistogram={
            "aggregationTemporality": 1,
            "dataPoints": [
                {
                    "count": "3", "sum": 10, "scale": 0, "zeroCount": "1", "min": 0, "max": 5, "zeroThreshold": 0,
                    "positive": {"offset": 1, "bucketCounts": ["0", "2"]}, **_TIMES,
                }
            ],
        },
    ),
)  # fmt: skip

EXAMPLES: Final[tuple[tuple[Kind, Any], ...]] = (
    ("traces", _request("Spans", "spans", _SPAN)),
    ("logs", _request("Logs", "logRecords", _LOG)),
    ("logs", _request("Logs", "logRecords", _EVENT)),
    ("metrics", _request("Metrics", "metrics", *_METRICS)),
)
