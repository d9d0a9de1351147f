"""OTLP requests for tests, built with the official messages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue, KeyValueList

from miops_collector.otlp.decode import Decoded, decode
from miops_collector.otlp.settings import DecodeSettings
from miops_collector.schema import Records

NOW = 1_795_000_000_000_000_000
"""Noon-ish, 18 November 2026."""
TRACE = bytes(range(16))
SPAN = bytes(range(8))


def any_value(value: object) -> AnyValue:
    if value is None:
        return AnyValue()
    if isinstance(value, AnyValue):
        return value
    for kind, field in ((bool, "bool_value"), (int, "int_value"), (float, "double_value"), (str, "string_value")):
        if isinstance(value, kind):
            return AnyValue(**{field: value})
    if isinstance(value, bytes):
        return AnyValue(bytes_value=value)
    if isinstance(value, Mapping):
        return AnyValue(kvlist_value=KeyValueList(values=attributes(value)))
    return AnyValue(array_value=ArrayValue(values=[any_value(v) for v in value]))


def attributes(values: Mapping[str, object]) -> list[KeyValue]:
    return [KeyValue(key=key, value=any_value(value)) for key, value in values.items()]


def add_span(request: ExportTraceServiceRequest, values: Mapping[str, object], **span: Any) -> None:
    if not request.resource_spans:
        request.resource_spans.add().scope_spans.add()
    number = len(request.resource_spans[0].scope_spans[0].spans)
    given = {
        "trace_id": TRACE,
        "span_id": number.to_bytes(7, "big") + b"\1",
        "start_time_unix_nano": NOW,
        "end_time_unix_nano": NOW + 5_000_000,
        **span,
    }
    request.resource_spans[0].scope_spans[0].spans.add(attributes=attributes(values), **given)


def spans(*each: Mapping[str, object], **span: Any) -> bytes:
    request = ExportTraceServiceRequest()
    for values in each:
        add_span(request, values, **span)
    return request.SerializeToString()


def events(name: str, *each: Mapping[str, object], **record: Any) -> bytes:
    request = ExportLogsServiceRequest()
    records = request.resource_logs.add().scope_logs.add().log_records
    for number, values in enumerate(each):
        given = {"event_name": name, "time_unix_nano": NOW + number, **record}
        records.add(attributes=attributes(values), **given)
    return request.SerializeToString()


def arrow_body(columns: Mapping[str, Any] | pa.Table) -> AnyValue:
    table = columns if isinstance(columns, pa.Table) else pa.table(dict(columns))
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return AnyValue(bytes_value=sink.getvalue().to_pybytes())


def batch(name: str, columns: Mapping[str, Any] | pa.Table, values: Mapping[str, object], **record: Any) -> bytes:
    return events(name, values, body=arrow_body(columns), **record)


def decoded(kind: Any, payload: bytes, settings: DecodeSettings | None = None, *, now: int = NOW) -> Decoded:
    return decode(kind, payload, settings or DecodeSettings(), now=now)


def only(found: Decoded) -> Records:
    assert len(found.records) == 1, found
    return found.records[0]


def plain(table: pa.Table) -> pa.Table:
    """Without dictionaries and chunks: what the values are, not how they lie."""
    columns = [c.cast(pa.string()) if pa.types.is_dictionary(c.type) else c for c in table.columns]
    return pa.table(dict(zip(table.column_names, columns, strict=True))).combine_chunks()


def rows(found: Decoded, *columns: str) -> Sequence[tuple[Any, ...]]:
    table = plain(only(found).table)
    lists = [table.column(name).to_pylist() for name in columns]
    return list(zip(*lists, strict=True))
