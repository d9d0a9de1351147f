"""What we read of OTLP/JSON: fields by name, with their tags in protobuf and how their values are written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

from miops_collector.otlp.canonical import TelemetryKind

__all__ = ["REQUESTS", "Field", "How", "Message"]


class How(IntEnum):
    """How a value is written; a field that is not known is skipped."""

    SKIPPED = 0
    TEXT = 1
    INT64 = 2
    FIXED64 = 3
    DOUBLE = 4
    BOOL = 5
    HEX = 6
    BASE64 = 7
    MESSAGE = 8
    ENUM = 9


@dataclass(frozen=True, slots=True)
class Field:
    """``tag`` is number and wire type in one byte; ``many`` says that the value is an array of such."""

    tag: int
    how: How
    many: bool = False
    message: Message | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Message:
    """Fields by their names in JSON. Messages may hold each other, so they are filled after they are made."""

    fields: dict[str, Field] = field(default_factory=dict)


def _of(message: Message, tag: int, *, many: bool = False) -> Field:
    return Field(tag, How.MESSAGE, many, message)


def _with(**fields: Field) -> Message:
    return Message(fields)


_VALUE, _ARRAY, _MAP, _PAIR = Message(), Message(), Message(), Message()
_PAIR.fields.update(key=Field(10, How.TEXT), value=_of(_VALUE, 18))
_ARRAY.fields.update(values=_of(_VALUE, 10, many=True))
_MAP.fields.update(values=_of(_PAIR, 10, many=True))
_VALUE.fields.update(
    stringValue=Field(10, How.TEXT), boolValue=Field(16, How.BOOL), intValue=Field(24, How.INT64),
    doubleValue=Field(33, How.DOUBLE), arrayValue=_of(_ARRAY, 42), kvlistValue=_of(_MAP, 50),
    bytesValue=Field(58, How.BASE64),
)  # fmt: skip
_STATUS = _with(code=Field(24, How.ENUM))
_SPAN = _with(
    traceId=Field(10, How.HEX), spanId=Field(18, How.HEX), traceState=Field(26, How.TEXT),
    startTimeUnixNano=Field(57, How.FIXED64), endTimeUnixNano=Field(65, How.FIXED64),
    attributes=_of(_PAIR, 74, many=True), status=_of(_STATUS, 122),
)  # fmt: skip
_LOG_RECORD = _with(
    timeUnixNano=Field(9, How.FIXED64), observedTimeUnixNano=Field(89, How.FIXED64), eventName=Field(98, How.TEXT),
    body=_of(_VALUE, 42), attributes=_of(_PAIR, 50, many=True), traceId=Field(74, How.HEX), spanId=Field(82, How.HEX),
)  # fmt: skip
_METRIC = _with(name=Field(10, How.TEXT))


def _request(resources: str, scopes: str, items: str, item: Message) -> Message:
    scope = Message({items: _of(item, 18, many=True)})
    resource = _with(attributes=_of(_PAIR, 10, many=True))
    per_resource = Message({"resource": _of(resource, 10), scopes: _of(scope, 18, many=True)})
    return Message({resources: _of(per_resource, 10, many=True)})


REQUESTS: Final[Mapping[TelemetryKind, Message]] = {
    "traces": _request("resourceSpans", "scopeSpans", "spans", _SPAN),
    "logs": _request("resourceLogs", "scopeLogs", "logRecords", _LOG_RECORD),
    "metrics": _request("resourceMetrics", "scopeMetrics", "metrics", _METRIC),
}
