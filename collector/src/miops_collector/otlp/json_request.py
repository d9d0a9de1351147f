"""Requests in JSON as exporters write them, converted by compiled code; ``None`` where it takes more than that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pyarrow as pa

from miops_collector.otlp.canonical import TelemetryKind
from miops_collector.otlp.json_fields import REQUESTS, Message
from miops_collector.otlp.json_walk import convert, put
from miops_collector.otlp.types import Bytes, Longs

__all__ = ["usual_json_to_protobuf"]

_MOST_BYTES = 1 << 30
_SHORTEST_DOUBLE = len('"doubleValue":0')
_SPARE = 256
_SMALL = ("key", "stringValue")
"""Pairs and values: their length is written in one byte where it fits, that of others always in five."""


def usual_json_to_protobuf(kind: TelemetryKind, body: bytes) -> bytes | None:
    """The request in protobuf, or ``None`` if something in it is wrong or unusual: it takes Python to tell which.

    Unusual are: names of fields that come twice or with escapes, bytes, doubles that are texts or not finite, white
    space in numbers, more than some ninety levels.
    """
    if len(body) > _MOST_BYTES or not _is_utf8(body):
        return None
    data = np.frombuffer(body, np.uint8)
    out, written = np.empty(2 * len(data) + _SPARE, np.uint8), np.empty(len(data), np.uint8)
    most = len(data) // _SHORTEST_DOUBLE + 1
    places, ends = np.empty(most, np.int64), np.zeros(most + 1, np.int32)
    size, doubles = convert(data, _NAMES, _FIELDS, _FIRST, _WIDE, _ROOTS[kind], out, places, ends, written)
    if size < 0:
        return None
    if doubles:
        texts = pa.StringArray.from_buffers(doubles, pa.py_buffer(ends), pa.py_buffer(written))
        try:
            values = texts.cast(pa.float64()).to_numpy()
        except pa.ArrowInvalid:  # too large for a double
            return None
        if not np.isfinite(values).all():
            return None
        put(out, places, values.view(np.uint64))
    return out[:size].tobytes()


def _is_utf8(body: bytes) -> bool:
    try:
        return body.isascii() or bool(body.decode())
    except UnicodeDecodeError:
        return False


def _all(message: Message, found: list[Message]) -> list[Message]:
    """The message and those it holds, each once."""
    if message not in found:
        found.append(message)
        for field in message.fields.values():
            if field.message is not None:
                _all(field.message, found)
    return found


def _rows(messages: list[Message]) -> Iterator[tuple[int, ...]]:
    at = 0
    for message in messages:
        for name, field in message.fields.items():
            child = 0 if field.message is None else messages.index(field.message)
            yield at, len(name), field.tag, field.how, field.many, child
            at += len(name)


def _tables() -> tuple[Bytes, Longs, Longs, Longs, Mapping[TelemetryKind, int]]:
    """Names one after another; a row for each field; where each message's fields begin; whether it may be long.

    Message 0 has no fields: it is what is skipped.
    """
    messages = [Message()]
    for request in REQUESTS.values():
        _all(request, messages)
    names = "".join(name for message in messages for name in message.fields).encode()
    first = np.cumsum([0, *(len(message.fields) for message in messages)]).astype(np.int64)
    wide = np.array([not any(name in message.fields for name in _SMALL) for message in messages], np.int64)
    roots = {kind: messages.index(request) for kind, request in REQUESTS.items()}
    return np.frombuffer(names, np.uint8), np.array(list(_rows(messages)), np.int64), first, wide, roots


_NAMES, _FIELDS, _FIRST, _WIDE, _ROOTS = _tables()
