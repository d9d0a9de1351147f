"""The requests that are sent: plain spans as any OpenTelemetry SDK makes them, and batch events of our recorder."""

from __future__ import annotations

import json
import struct
import uuid
from dataclasses import dataclass
from typing import Any

import numpy as np
from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from miops import semconv
from miops.columns import Column, doubles, integers, utf8
from miops.event import any_value, event_requests
from tests.benchmarks.harness.template import Template, positions

__all__ = ["JSON", "PROTOBUF", "Shape", "event_columns", "event_template", "spans_template"]

PROTOBUF, JSON = "application/x-protobuf", "application/json"
LEVELS = 10
T0 = 1_760_000_000_000_000_000
_BINARY = {semconv.COLUMN_PREDICTION_ID: 16, semconv.COLUMN_TRACE_ID: 16, semconv.COLUMN_SPAN_ID: 8}
_DASHES = np.array([i for i in range(36) if i not in (8, 13, 18, 23)])


@dataclass(frozen=True, slots=True)
class Shape:
    """What a row looks like; the defaults make a span of 26 attributes.

    Attributes
    ----------
    dashes
        Ids are UUIDs as they are usually written, else 32 hex digits.
    text
        Length of the texts.
    """

    numbers: int = 10
    texts: int = 10
    text: int = 7
    dashes: bool = False
    model: str = "credit-risk"


def _ids(n: int, rng: np.random.Generator) -> list[uuid.UUID]:
    return [uuid.UUID(bytes=rng.bytes(16)) for _ in range(n)]


def _levels(shape: Shape) -> list[str]:
    return [f"level_{i}".ljust(shape.text, "x") for i in range(LEVELS)]


def spans_template(rows: int, shape: Shape = Shape(), *, media: str = PROTOBUF, seed: int = 0) -> Template:
    """``ExportTraceServiceRequest`` of one span a row."""
    rng = np.random.default_rng(seed)
    request = ExportTraceServiceRequest()
    resource = request.resource_spans.add()
    for key, value in (("service.name", "scorer"), ("service.version", "1.4.2"), ("host.name", "node-17")):
        resource.resource.attributes.add(key=key, value=any_value(value))
    scope = resource.scope_spans.add()
    scope.scope.name = "scorer"
    ids = [str(i) if shape.dashes else i.hex for i in _ids(rows, rng)]
    times = [T0 + i * 1_000_000 for i in range(rows)]
    for name, time, values in zip(ids, times, _values(rows, shape, rng), strict=True):
        span = scope.spans.add(trace_id=rng.bytes(16), span_id=rng.bytes(8), name="predict", kind=1)
        span.start_time_unix_nano = span.end_time_unix_nano = time
        for key, value in {semconv.PREDICTION_ID: name, **values}.items():
            span.attributes.add(key=key, value=any_value(value))
    payload = request.SerializeToString() if media == PROTOBUF else _json(request)
    at = positions(payload, [i.encode() for i in ids])[:, None] + (_DASHES if shape.dashes else np.arange(32))
    stamps = np.empty((0, rows), np.int64)
    if media == PROTOBUF:
        stamps = np.stack([positions(payload, [struct.pack("<BQ", tag, t) for t in times]) + 1 for tag in (0x39, 0x41)])
    return Template("traces", media, np.frombuffer(payload, np.uint8), rows, at, stamps)


def _values(rows: int, shape: Shape, rng: np.random.Generator) -> list[dict[str, Any]]:
    numbers, levels = rng.normal(size=(rows, shape.numbers)), _levels(shape)
    texts, score = rng.integers(0, LEVELS, (rows, shape.texts)), rng.random(rows)
    names = [f"{semconv.FEATURE_PREFIX}number_{j}" for j in range(shape.numbers)]
    words = [f"{semconv.FEATURE_PREFIX}text_{j}" for j in range(shape.texts)]
    model = {
        semconv.MODEL_NAME: shape.model,
        semconv.MODEL_VERSION: "2026.11.1",
        semconv.MODEL_TASK: semconv.BINARY,
    }
    return [
        dict(zip(names, numbers[i].tolist(), strict=True))
        | dict(zip(words, [levels[k] for k in texts[i]], strict=True))
        | model
        | {semconv.PREDICTION_VALUE: int(score[i] > 0.5), semconv.PREDICTION_SCORE: float(score[i])}
        for i in range(rows)
    ]


def _json(request: ExportTraceServiceRequest) -> bytes:
    """OTLP's JSON: as protobuf's, but ids are hex and enums are numbers."""
    tree = MessageToDict(request, use_integers_for_enums=True)
    for given, span in zip(
        request.resource_spans[0].scope_spans[0].spans, tree["resourceSpans"][0]["scopeSpans"][0]["spans"], strict=True
    ):
        span["traceId"], span["spanId"] = given.trace_id.hex(), given.span_id.hex()
    return json.dumps(tree, separators=(",", ":")).encode()


def event_template(rows: int, shape: Shape = Shape(), *, seed: int = 0) -> Template:
    """``ExportLogsServiceRequest`` with one ``miops.prediction.batch``, as our recorder encodes it."""
    rng = np.random.default_rng(seed)
    columns = event_columns(rows, shape, rng)
    said = {semconv.MODEL_NAME: shape.model, semconv.MODEL_VERSION: "2026.11.1", semconv.MODEL_TASK: semconv.BINARY}
    (request,) = event_requests(
        semconv.EVENT_PREDICTION_BATCH, said, columns, rows,
        resource={"service.name": "scorer"}, version="0", request_bytes=1 << 30, final={},
    )  # fmt: skip
    first = [columns[name].data.tobytes() for name in (semconv.COLUMN_PREDICTION_ID, semconv.COLUMN_TIME)]
    ids, times = (request.body.index(data) for data in first)
    return Template(
        "logs", PROTOBUF, np.frombuffer(request.body, np.uint8), rows,
        ids + 16 * np.arange(rows)[:, None] + np.arange(16), (times + 8 * np.arange(rows))[None, :],
    )  # fmt: skip


def event_columns(rows: int, shape: Shape, rng: np.random.Generator) -> dict[str, Column]:
    """Columns of a batch event, values drawn anew."""
    random = {name: rng.integers(0, 256, (rows, width), dtype=np.uint8) for name, width in _BINARY.items()}
    score, levels = rng.random(rows), np.array(_levels(shape), dtype=object)
    numbers = {
        f"{semconv.COLUMN_FEATURE_PREFIX}number_{j}": doubles(rng.normal(size=rows)) for j in range(shape.numbers)
    }
    texts = {
        f"{semconv.COLUMN_FEATURE_PREFIX}text_{j}": utf8(levels[rng.integers(0, LEVELS, rows)].tolist())
        for j in range(shape.texts)
    }
    return {
        **{name: Column("binary16" if data.shape[1] == 16 else "binary8", data) for name, data in random.items()},
        semconv.COLUMN_TIME: integers(T0 + np.arange(rows) * 1_000_000),
        semconv.COLUMN_DURATION: integers(rng.integers(1e6, 9e6, rows)),
        semconv.COLUMN_VALUE: doubles(score > 0.5),
        semconv.COLUMN_SCORE: doubles(score),
        **numbers,
        **texts,
    }
