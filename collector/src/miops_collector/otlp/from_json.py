"""OTLP/JSON as protobuf bytes, so that there is one decoder.

Ids are hexadecimal, enums integers, 64-bit integers numbers or texts, bytes base64; unknown keys are ignored. Only
fields the decoder reads are written; the rest is skipped as protobuf skips it. Compiled code writes what is written as
exporters do (:mod:`~miops_collector.otlp.json_request`); all else, and what is wrong, is read here.
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
from miops_collector.otlp.json_fields import REQUESTS, How, Message
from miops_collector.otlp.json_request import usual_json_to_protobuf

__all__ = ["any_json_to_protobuf", "json_to_protobuf"]

_NAMES: Final = {"STATUS_CODE_OK": 1, "STATUS_CODE_ERROR": 2}
Write: TypeAlias = Callable[[Any], bytes]


def json_to_protobuf(kind: TelemetryKind, body: bytes) -> bytes:
    """The same request in protobuf.

    Raises
    ------
    InputError
        If the body is no JSON, or a field is of a wrong type.
    """
    written = usual_json_to_protobuf(kind, body)
    return any_json_to_protobuf(kind, body) if written is None else written


def any_json_to_protobuf(kind: TelemetryKind, body: bytes) -> bytes:
    """As :func:`json_to_protobuf`, whatever the body looks like, in twenty times the time."""
    try:
        return _message(REQUESTS[kind], json.loads(body))
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError, struct.error) as error:
        msg = f"the body is no OTLP/JSON request of {kind}: {error}"
        raise InputError(msg) from error


def _varint(value: int) -> bytes:
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


def _enum(value: Any) -> bytes:
    """OTLP writes numbers; some senders write names, of which only those below are read."""
    return _int64(_NAMES.get(value, 0) if isinstance(value, str) and not value.isdecimal() else value)


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


_WRITE: Final[Mapping[How, Write]] = {
    How.TEXT: _text, How.INT64: _int64, How.FIXED64: _fixed64, How.DOUBLE: _double, How.BOOL: _bool, How.HEX: _hex,
    How.BASE64: _base64, How.ENUM: _enum,
}  # fmt: skip


def _message(message: Message, tree: Any) -> bytes:
    out: list[bytes] = []
    for name, value in tree.items():
        field = message.fields.get(name)
        if field is None or value is None:
            continue
        tag = _varint(field.tag)
        for each in value if field.many else (value,):
            written = _WRITE[field.how](each) if field.message is None else _delimited(_message(field.message, each))
            out += (tag, written)
    return b"".join(out)
