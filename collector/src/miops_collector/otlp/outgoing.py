"""Metrics as OTLP request bytes: built directly, because the SDK cannot say that a series has ended."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, InstrumentationScope, KeyValue
from opentelemetry.proto.metrics.v1 import metrics_pb2 as pb
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from miops import semconv
from miops_collector.metric import Metric, Point

__all__ = ["encode_metrics", "rejected_points"]

_ENDED = pb.DataPointFlags.DATA_POINT_FLAGS_NO_RECORDED_VALUE_MASK
_CUMULATIVE = pb.AggregationTemporality.AGGREGATION_TEMPORALITY_CUMULATIVE


def encode_metrics(
    metrics: Sequence[Metric], *, ended: Sequence[Metric] = (), resource: Mapping[str, str], start: int, time: int
) -> bytes:
    """An ``ExportMetricsServiceRequest``.

    Parameters
    ----------
    metrics
        What there is now.
    ended
        Series that were sent before and have no value any more: each becomes one point flagged NO_RECORDED_VALUE.
    resource
        Who sends: the collector, never the model it reports on.
    start, time
        Nanoseconds since 1970: when counters began, and now.
    """
    encoded = [_metric(m, start=start, time=time, flags=0) for m in metrics]
    encoded += [_metric(m, start=start, time=time, flags=_ENDED) for m in ended]
    scope = pb.ScopeMetrics(
        scope=InstrumentationScope(name=semconv.SCOPE_NAME), metrics=encoded, schema_url=semconv.SCHEMA_URL
    )
    source = pb.ResourceMetrics(resource=Resource(attributes=_attributes(resource)), scope_metrics=[scope])
    return bytes(ExportMetricsServiceRequest(resource_metrics=[source]).SerializeToString())


def rejected_points(response: bytes) -> tuple[int, str]:
    """How many points the receiver refused, and why.

    Raises
    ------
    ValueError
        If the bytes are no ``ExportMetricsServiceResponse``.
    """
    try:
        partial = ExportMetricsServiceResponse.FromString(response).partial_success
    except Exception as error:
        msg = "the answer is no ExportMetricsServiceResponse"
        raise ValueError(msg) from error
    return partial.rejected_data_points, partial.error_message


def _metric(metric: Metric, *, start: int, time: int, flags: int) -> pb.Metric:
    cumulative = metric.instrument != "gauge"
    if metric.instrument == "histogram":
        return _histogram(metric, start=start, time=time, flags=flags)
    points = [_point(p, start=start if cumulative else 0, time=time, flags=flags) for p in metric.points]
    encoded = pb.Metric(name=metric.name, description=metric.description, unit=metric.unit)
    if not cumulative:
        encoded.gauge.data_points.extend(points)
        return encoded
    encoded.sum.data_points.extend(points)
    encoded.sum.aggregation_temporality = _CUMULATIVE
    encoded.sum.is_monotonic = metric.instrument == "counter"
    return encoded


def _histogram(metric: Metric, *, start: int, time: int, flags: int) -> pb.Metric:
    encoded = pb.Metric(name=metric.name, description=metric.description, unit=metric.unit)
    encoded.histogram.aggregation_temporality = _CUMULATIVE
    for point in metric.points:
        encoded.histogram.data_points.add(
            attributes=_attributes(point.attributes), start_time_unix_nano=start, time_unix_nano=time, flags=flags,
            explicit_bounds=metric.bounds, bucket_counts=point.counts, count=sum(point.counts), sum=point.value,
        )  # fmt: skip
    return encoded


def _point(point: Point, *, start: int, time: int, flags: int) -> pb.NumberDataPoint:
    encoded = pb.NumberDataPoint(
        attributes=_attributes(point.attributes), start_time_unix_nano=start, time_unix_nano=time, flags=flags
    )
    if not flags:
        encoded.as_double = point.value
    return encoded


def _attributes(attributes: Mapping[str, str]) -> Iterable[KeyValue]:
    return [KeyValue(key=k, value=AnyValue(string_value=v)) for k, v in attributes.items()]
