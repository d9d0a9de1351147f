"""Compile the decoder before the first request comes."""

from __future__ import annotations

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue, KeyValueList

from miops import semconv
from miops_collector.otlp.decode import decode
from miops_collector.otlp.from_json import json_to_protobuf
from miops_collector.otlp.settings import DecodeSettings

__all__ = ["warm"]

_NOW = 1_700_000_000_000_000_000
_JSON = b'{"resourceSpans":[{"scopeSpans":[{"spans":[{"attributes":[{"value":{"doubleValue":1.5}}]}]}]}]}'


def warm() -> None:
    """Decode one of everything and throw it away; the first time on a machine it takes seconds."""
    settings = DecodeSettings()
    decode("traces", _spans().SerializeToString(), settings, now=_NOW)
    decode("logs", _events().SerializeToString(), settings, now=_NOW)
    json_to_protobuf("traces", _JSON)


def _texts(values: dict[str, AnyValue]) -> list[KeyValue]:
    return [KeyValue(key=key, value=value) for key, value in values.items()]


def _array(*values: float) -> AnyValue:
    return AnyValue(array_value=ArrayValue(values=[AnyValue(double_value=value) for value in values]))


def _attributes(value: AnyValue) -> list[KeyValue]:
    return _texts(
        {
            semconv.MODEL_NAME: AnyValue(string_value="warm"),
            semconv.PREDICTION_ID: AnyValue(string_value="0"),
            semconv.PREDICTION_VALUE: value,
            semconv.PREDICTION_SCORES: _array(0.5, 0.5),
            f"{semconv.FEATURE_PREFIX}a": AnyValue(string_value="a"),
            f"{semconv.FEATURE_PREFIX}b": AnyValue(bool_value=True),
        }
    )


def _spans() -> ExportTraceServiceRequest:
    request = ExportTraceServiceRequest()
    spans = request.resource_spans.add().scope_spans.add().spans
    for value in (AnyValue(double_value=1.0), _array(1.0, 2.0)):
        spans.add(
            trace_id=b"1" * 16, span_id=b"1" * 8, start_time_unix_nano=_NOW, end_time_unix_nano=_NOW,
            trace_state="ot=th:8", attributes=_attributes(value),
        )  # fmt: skip
    return request


def _events() -> ExportLogsServiceRequest:
    request = ExportLogsServiceRequest()
    records = request.resource_logs.add().scope_logs.add().log_records
    records.add(event_name=semconv.EVENT_PREDICTION, time_unix_nano=_NOW, attributes=_attributes(AnyValue(int_value=1)))
    body = _texts({semconv.COLUMN_VALUE: _array(1.0, 2.0), semconv.COLUMN_SCORE: _array(0.1, 0.2)})
    records.add(
        event_name=semconv.EVENT_PREDICTION_BATCH, time_unix_nano=_NOW,
        attributes=_attributes(AnyValue(int_value=1)), body=AnyValue(kvlist_value=KeyValueList(values=body)),
    )  # fmt: skip
    return request
