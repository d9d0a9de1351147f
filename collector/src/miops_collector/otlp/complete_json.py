"""OTLP/JSON as protobuf with every field of it, for requests that are handed on to somebody else."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any, Final

from google.protobuf.json_format import ParseDict, ParseError

from miops_collector.errors import InputError
from miops_collector.otlp.canonical import REQUESTS, TelemetryKind

__all__ = ["complete_json_to_protobuf"]

_IDS: Final = frozenset({"traceId", "spanId", "parentSpanId", "trace_id", "span_id", "parent_span_id"})
"""OTLP writes them in hexadecimal, protobuf's own JSON in base64."""


def complete_json_to_protobuf(kind: TelemetryKind, body: bytes) -> bytes:
    """The same request in protobuf, in a few times the time of ``json_to_protobuf``, which writes what we read only.

    Raises
    ------
    InputError
        If the body is no JSON, or a field is of a wrong type.
    """
    try:
        request = ParseDict(_object(json.loads(body)), REQUESTS[kind](), ignore_unknown_fields=True)
    except (ParseError, ValueError, TypeError, AttributeError, RecursionError) as error:
        msg = f"the body is no OTLP/JSON request of {kind}: {error}"
        raise InputError(msg) from error
    return request.SerializeToString()


def _converted(value: Any) -> Any:
    convert = _CONVERSIONS.get(type(value))
    return convert(value) if convert else value


def _object(found: dict[str, Any]) -> dict[str, Any]:
    return {key: _id(value) if key in _IDS else _converted(value) for key, value in found.items()}


def _array(found: list[Any]) -> list[Any]:
    return [_converted(value) for value in found]


def _id(text: str) -> str:
    return base64.b64encode(bytes.fromhex(text)).decode()


_CONVERSIONS: Final[dict[type, Callable[[Any], Any]]] = {dict: _object, list: _array}
