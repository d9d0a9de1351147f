"""Columns → OTLP: one log event whose body is an Arrow stream, as the bytes of an export request."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from time import time_ns
from typing import Any, Final, NamedTuple

from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord, ResourceLogs, ScopeLogs, SeverityNumber

from miops import semconv
from miops.arrow import encoded, row_bytes
from miops.columns import Column

__all__ = ["Request", "any_value", "event_requests"]


_WAY_DOWN: Final = (1, 2, 2, 5, 7)
"""Fields from an export request to the bytes of a body: resource_logs, scope_logs, log_records, body, bytes_value."""


class Request(NamedTuple):
    """A serialised ``ExportLogsServiceRequest`` with one event, and how many rows are in it."""

    body: bytes
    rows: int


def event_requests(
    name: str,
    attributes: Mapping[str, Any],
    columns: Mapping[str, Column],
    rows: int,
    *,
    resource: Mapping[str, Any],
    version: str,
    request_bytes: int,
    final: Mapping[str, Any],
) -> Iterator[Request]:
    """One event, or several if it would be larger than ``request_bytes``; ``final`` goes on the last."""
    attributes = {**attributes, semconv.SCHEMA_VERSION_KEY: semconv.SCHEMA_VERSION}
    step = max(1, int(request_bytes / max(row_bytes(columns), 1)))
    for start in range(0, max(rows, 1), step):
        stop = min(start + step, rows)
        part = columns if stop - start == rows else {k: c.cut(start, stop) for k, c in columns.items()}
        record = LogRecord(
            event_name=name,
            time_unix_nano=time_ns(),
            observed_time_unix_nano=time_ns(),
            severity_number=SeverityNumber.SEVERITY_NUMBER_INFO,
            attributes=_pairs(attributes if stop < rows else {**attributes, **final}),
        )
        yield Request(_request(record, encoded(part, stop - start), resource, version), stop - start)


def _request(record: LogRecord, body: Sequence[Any], resource: Mapping[str, Any], version: str) -> bytes:
    """The request around a record whose body, in parts, is added here.

    Messages would copy the body, often megabytes, at each of their five levels. Fields of a message may come in
    any order, so what is small is serialised as usual, and the body's way down is appended by hand: its parts are
    copied once, into the request.
    """
    logs, scope = ResourceLogs(), ScopeLogs()
    logs.resource.attributes.extend(_pairs(resource))
    scope.scope.name, scope.scope.version, scope.schema_url = semconv.SCOPE_NAME, version, semconv.SCHEMA_URL
    around = (b"", logs.SerializeToString(), scope.SerializeToString(), record.SerializeToString(), b"")
    headers: list[bytes] = []
    size = sum(len(part) if isinstance(part, bytes) else part.nbytes for part in body)
    for small, number in reversed(list(zip(around, _WAY_DOWN, strict=True))):
        header = small + _varint(number << 3 | 2) + _varint(size)
        headers.append(header)
        size += len(header)
    return b"".join((*reversed(headers), *body))


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _pairs(attributes: Mapping[str, Any]) -> list[KeyValue]:
    return [KeyValue(key=name, value=any_value(value)) for name, value in attributes.items()]


def any_value(value: Any) -> AnyValue:
    """An attribute value as OTLP has it; what it does not have becomes text."""
    if isinstance(value, bool):
        return AnyValue(bool_value=value)
    if isinstance(value, int):
        return AnyValue(int_value=value)
    if isinstance(value, float):
        return AnyValue(double_value=value)
    if isinstance(value, bytes):
        return AnyValue(bytes_value=value)
    if isinstance(value, list | tuple):
        return AnyValue(array_value=ArrayValue(values=map(any_value, value)))
    return AnyValue(string_value=str(value))
