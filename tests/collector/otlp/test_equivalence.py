"""The same predictions as spans, events, JSON and batches are the same rows."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from miops_collector.otlp.from_json import json_to_protobuf
from tests.collector.otlp.payloads import NOW, any_value, arrow_body, decoded, events, only, plain, spans

MODEL = {"miops.model.name": "m", "miops.model.version": "2"}
PREDICTIONS: list[dict[str, Any]] = [
    {
        "id": "0190163d-8694-739b-aea5-966c26f8ad91",
        "value": "no",
        "score": 0.25,
        "age": 41.0,
        "job": "nurse",
        "own": True,
    },
    {"id": "order-2", "value": "yes", "score": 0.75, "age": None, "job": "", "own": False},
    {"id": "order-3", "value": "yes", "score": float("inf"), "age": -1.5, "job": None, "own": None},
]
NAMES = {
    "id": "miops.prediction.id", "value": "miops.prediction.value", "score": "miops.prediction.score",
    "age": "miops.feature.age", "job": "miops.feature.job", "own": "miops.context.own",
}  # fmt: skip
COLUMNS = {
    "id": "prediction_id",
    "value": "value",
    "score": "score",
    "age": "feature.age",
    "job": "feature.job",
    "own": "context.own",
}
TRACE_COLUMNS = ("time", "duration", "trace_id", "span_id", "row")


def as_attributes() -> list[dict[str, Any]]:
    return [MODEL | {NAMES[key]: value for key, value in p.items()} for p in PREDICTIONS]


def as_columns() -> dict[str, list[Any]]:
    return {COLUMNS[key]: [p[key] for p in PREDICTIONS] for key in COLUMNS}


def table(kind: Any, payload: bytes) -> pa.Table:
    records = only(decoded(kind, payload))
    assert (records.model, records.version) == ("m", "2")
    return plain(records.table).drop_columns(TRACE_COLUMNS)


def test_every_way_in_gives_the_same_rows() -> None:
    single = events("miops.prediction", *as_attributes())
    body = events("miops.prediction.batch", MODEL, body=any_value(as_columns()))
    as_spans = table("traces", spans(*as_attributes()))

    assert table("logs", single) == as_spans
    assert table("logs", events("miops.prediction.batch", MODEL, body=arrow_body(as_columns()))) == as_spans
    assert table("logs", body) == as_spans
    assert table("logs", json_to_protobuf("logs", as_json(single))) == as_spans
    assert table("logs", json_to_protobuf("logs", as_json(body))) == as_spans


def test_arrays_on_one_span_are_the_rows_of_a_batch() -> None:
    values = MODEL | {NAMES[key]: [p[key] for p in PREDICTIONS] for key in NAMES}

    assert table("traces", spans(values)) == table(
        "logs", events("miops.prediction.batch", MODEL, body=arrow_body(as_columns()))
    )


def as_json(payload: bytes) -> bytes:
    return json.dumps(MessageToDict(ExportLogsServiceRequest.FromString(payload))).encode()


def test_spans_carry_what_batches_carry_about_their_trace() -> None:
    columns = {
        **as_columns(),
        "time_unix_nano": [NOW] * 3,
        "duration_ns": [5_000_000] * 3,
        "trace_id": pa.array([bytes(range(16))] * 3, pa.binary(16)),
        "span_id": pa.array([i.to_bytes(7, "big") + b"\1" for i in range(3)], pa.binary(8)),
        "row": pa.array([0] * 3, pa.int32()),
    }

    batch = only(decoded("logs", events("miops.prediction.batch", MODEL, body=arrow_body(columns))))

    assert plain(batch.table) == plain(only(decoded("traces", spans(*as_attributes()))).table)
