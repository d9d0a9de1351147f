"""OTLP/JSON as protobuf bytes, so that there is one decoder.

Ids are hexadecimal, enums integers, 64-bit integers numbers or texts, bytes base64; unknown keys are ignored. Only
fields the decoder reads are written; the rest is skipped as protobuf skips it.
"""

from __future__ import annotations

import base64
import binascii
import json
import struct
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from miops_collector.errors import InputError
from miops_collector.otlp.canonical import TelemetryKind

__all__ = ["json_to_protobuf"]

Write: TypeAlias = Callable[[Any], bytes]


def json_to_protobuf(kind: TelemetryKind, body: bytes) -> bytes:
    """The same request in protobuf.

    Raises
    ------
    InputError
        If the body is no JSON, or a field is of a wrong type.
    """
    try:
        return _message(_REQUESTS[kind], json.loads(body))
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError, struct.error) as error:
        msg = f"the body is no OTLP/JSON request of {kind}: {error}"
        raise InputError(msg) from error


_SMALL = [bytes((i,)) for i in range(0x80)]


def _varint(value: int) -> bytes:
    if value < 0x80:
        return _SMALL[value]
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _delimited(data: bytes) -> bytes:
    return _varint(len(data)) + data


def _text(value: Any) -> bytes:
    if not isinstance(value, str):
        msg = f"{value!r} is no text"
        raise TypeError(msg)
    return _delimited(value.encode("utf-8", "strict"))


def _integer(value: Any) -> int:
    number = int(value)
    if isinstance(value, bool) or (isinstance(value, float) and number != value):
        msg = f"{value!r} is no integer"
        raise TypeError(msg)
    return number


def _int64(value: Any) -> bytes:
    number = _integer(value)
    if not -(1 << 63) <= number < 1 << 63:
        msg = f"{value!r} does not fit into 64 bits"
        raise ValueError(msg)
    return _varint(number & 0xFFFFFFFFFFFFFFFF)


def _fixed64(value: Any) -> bytes:
    return struct.pack("<Q", _integer(value))


def _double(value: Any) -> bytes:
    if isinstance(value, bool):
        msg = f"{value!r} is no number"
        raise TypeError(msg)
    return struct.pack("<d", float(value))


def _bool(value: Any) -> bytes:
    if not isinstance(value, bool):
        msg = f"{value!r} is no boolean"
        raise TypeError(msg)
    return b"\1" if value else b"\0"


def _hex(value: Any) -> bytes:
    return _delimited(bytes.fromhex(value))


def _base64(value: Any) -> bytes:
    try:
        padded = value + "=" * (-len(value) % 4)
        return _delimited(base64.b64decode(padded.replace("-", "+").replace("_", "/"), validate=True))
    except binascii.Error as error:
        msg = f"bytes are not base64: {error}"
        raise ValueError(msg) from error


Field: TypeAlias = tuple[bytes, Write, bool]
"""Tag, how a value is written, and whether there may be several."""


class _Fields(dict[str, Field]):
    """The fields of a message by their JSON names; called, it writes one."""

    def __call__(self, value: Any) -> bytes:
        return _delimited(_message(self, value))


def _message(message: _Fields, tree: Any) -> bytes:
    out: list[bytes] = []
    for name, value in tree.items():
        field = message.get(name)
        if field is None or value is None:
            continue
        tag, write, repeated = field
        if not repeated:
            out += (tag, write(value))
            continue
        for each in value:
            out += (tag, write(each))
    return b"".join(out)


class _Remembered(dict[str, bytes]):
    """What was written for short texts that come again and again: keys, and values of few levels."""

    def __init__(self, write: Callable[[str], bytes]) -> None:
        self._write = write

    def __missing__(self, text: str) -> bytes:
        written = self._write(text)
        if len(text) < _SHORT and len(self) < _MOST_REMEMBERED:
            self[text] = written
        return written


_SHORT, _MOST_REMEMBERED = 32, 20_000
"""Ids are not worth remembering: the usual ones have 32 characters or more."""
_DOUBLE_BYTES = 11  # 12 09 21 and eight more
_KEYS: Final = _Remembered(lambda key: b"\x0a" + _text(key))
_TEXTS: Final = _Remembered(lambda text: b"\x12" + _delimited(b"\x0a" + _text(text)))
_DOUBLES: Final = _Remembered(lambda key: _varint(len(_KEYS[key]) + _DOUBLE_BYTES) + _KEYS[key] + b"\x12\x09\x21")
"""A KeyValue whose value is a double, up to the double."""
_pack = struct.Struct("<d").pack


def _pair(tree: Any) -> bytes:
    """A KeyValue; nearly all of a request is these, and nearly all of them texts and doubles."""
    key, value = tree.get("key", ""), tree.get("value")
    if value is not None and len(value) == 1:
        number = value.get("doubleValue")
        if type(number) is float:
            return _DOUBLES[key] + _pack(number)
        text = value.get("stringValue")
        if type(text) is str:
            out = _KEYS[key] + _TEXTS[text]
            return (_SMALL[len(out)] if len(out) < 0x80 else _varint(len(out))) + out
    out = _KEYS[key] if value is None else _KEYS[key] + b"\x12" + _any_value(value)
    return _varint(len(out)) + out


def _any_value(tree: Any) -> bytes:
    out = b""
    for name, value in tree.items():
        field = _VALUES.get(name)
        if field is not None and value is not None:
            out += field[0] + field[1](value)
    return _varint(len(out)) + out


def _array(tree: Any) -> bytes:
    return _delimited(b"".join(b"\x0a" + _any_value(value or {}) for value in tree.get("values") or ()))


def _pairs(tree: Any) -> bytes:
    return _delimited(b"".join(b"\x0a" + _pair(value) for value in tree.get("values") or ()))


_VALUES: Final[Mapping[str, tuple[bytes, Write]]] = {
    "stringValue": (b"\x0a", _text),
    "boolValue": (b"\x10", _bool),
    "intValue": (b"\x18", _int64),
    "doubleValue": (b"\x21", _double),
    "arrayValue": (b"\x2a", _array),
    "kvlistValue": (b"\x32", _pairs),
    "bytesValue": (b"\x3a", _base64),
}


def _one(tag: int, write: Write) -> Field:
    return _varint(tag), write, False


def _many(tag: int, write: Write) -> Field:
    return _varint(tag), write, True


_SPAN = _Fields(
    traceId=_one(10, _hex), spanId=_one(18, _hex), traceState=_one(26, _text), startTimeUnixNano=_one(57, _fixed64),
    endTimeUnixNano=_one(65, _fixed64), attributes=_many(74, _pair),
)  # fmt: skip
_LOG_RECORD = _Fields(
    timeUnixNano=_one(9, _fixed64), observedTimeUnixNano=_one(89, _fixed64), eventName=_one(98, _text),
    body=_one(42, _any_value), attributes=_many(50, _pair), traceId=_one(74, _hex), spanId=_one(82, _hex),
)  # fmt: skip
_METRIC = _Fields(name=_one(10, _text))


def _request(resources: str, scopes: str, items: str, item: _Fields) -> _Fields:
    scope = _Fields({items: _many(18, item)})
    resource = _Fields(attributes=_many(10, _pair))
    return _Fields({resources: _many(10, _Fields({"resource": _one(10, resource), scopes: _many(18, scope)}))})


_REQUESTS: Final[Mapping[TelemetryKind, _Fields]] = {
    "traces": _request("resourceSpans", "scopeSpans", "spans", _SPAN),
    "logs": _request("resourceLogs", "scopeLogs", "logRecords", _LOG_RECORD),
    "metrics": _request("resourceMetrics", "scopeMetrics", "metrics", _METRIC),
}
