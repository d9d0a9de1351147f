"""Rows that a model failed on, whether they come as frames, events or spans."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Status
from sklearn.linear_model import LogisticRegression

import miops
from miops import semconv
from miops.config import Config
from miops.instrumentors.sklearn import SklearnInstrumentor
from miops_collector.otlp.from_json import any_json_to_protobuf, json_to_protobuf
from miops_collector.otlp.settings import DecodeSettings
from tests.collector.otlp.payloads import NOW, batch, decoded, events, only, rows, spans

ERROR = semconv.COLUMN_ERROR_TYPE
MODEL = {semconv.MODEL_NAME: "credit", semconv.MODEL_VERSION: "1"}
FEATURE = {f"{semconv.FEATURE_PREFIX}age": 40.0}
FAILED = Status(code=Status.STATUS_CODE_ERROR, message="applicant 4711 is unknown")


def test_frames_of_the_recorder() -> None:
    model = LogisticRegression().fit(np.eye(3), [0, 1, 0])
    instrumentor = SklearnInstrumentor()
    with miops.testing.record(Config(sample_ratio=0.001)) as harness:
        instrumentor.instrument()
        try:
            with suppress(ValueError):
                model.predict([[1.0, float("nan"), 2.0]] * 2)
        finally:
            instrumentor.uninstrument()
        (event,) = harness.events()

    values = {name: value for name, value in event.attributes.items() if isinstance(value, str)}
    body = pa.ipc.open_stream(event.body).read_all()
    payload = batch(semconv.EVENT_PREDICTION_BATCH, body, values)
    found = only(decoded("logs", payload, now=event.rows[0]["time_unix_nano"]))
    (first, second) = found.table.to_pylist()
    assert (first[ERROR], second[ERROR]) == ("ValueError", "ValueError")
    assert (first["weight"], first["feature.x0"], first["value_number"], first["value_text"]) == (1.0, 1.0, None, None)
    assert np.isnan(first["feature.x1"])
    assert first["duration"] > 0


def test_column_is_there_only_where_a_model_failed() -> None:
    columns = {"value": [1.0, 2.0], ERROR: pa.array([None, None], pa.string())}

    table = only(decoded("logs", batch(semconv.EVENT_PREDICTION_BATCH, columns, MODEL))).table

    assert ERROR not in table.column_names


@pytest.mark.parametrize("encode", [pa.array, lambda values: pa.array(values).dictionary_encode()])
def test_a_frame_may_hold_both(encode: Any) -> None:
    columns = {"value": pa.array([1.0, None]), "feature.age": [40.0, 50.0], ERROR: encode([None, "KeyError"])}

    found = decoded("logs", batch(semconv.EVENT_PREDICTION_BATCH, columns, MODEL))

    assert rows(found, "value_number", "feature.age", ERROR) == [(1.0, 40.0, None), (None, 50.0, "KeyError")]


@pytest.mark.parametrize("outcome", [{"value": ["yes"]}, {"score": [0.25]}, {"scores.0": [0.5], "scores.1": [0.5]}])
def test_a_row_with_an_outcome_did_not_fail(outcome: dict[str, Any]) -> None:
    table = only(decoded("logs", batch(semconv.EVENT_PREDICTION_BATCH, {**outcome, ERROR: ["KeyError"]}, MODEL))).table

    assert ERROR not in table.column_names


def test_single_events() -> None:
    found = decoded("logs", events(semconv.EVENT_PREDICTION, {**MODEL, **FEATURE, ERROR: "KeyError"}))

    assert rows(found, "value_text", "feature.age", ERROR) == [(None, 40.0, "KeyError")]


@pytest.mark.parametrize("features", [{}, FEATURE])
@pytest.mark.parametrize(
    ("said", "status", "expected"),
    [({ERROR: "KeyError"}, None, "KeyError"), ({ERROR: "KeyError"}, FAILED, "KeyError"), ({}, FAILED, "_OTHER")],
)
def test_spans(features: dict[str, Any], said: dict[str, Any], status: Status | None, expected: str) -> None:
    found = decoded("traces", spans({**MODEL, **features, **said}, **({} if status is None else {"status": status})))

    assert rows(found, "value_number", "duration", ERROR) == [(None, 5_000_000, expected)]
    assert "4711" not in str(only(found).table.to_pylist())


@pytest.mark.parametrize("status", [Status(), Status(code=Status.STATUS_CODE_OK), Status(message="fine")])
def test_spans_that_ended_well_have_no_error(status: Status) -> None:
    assert ERROR not in only(decoded("traces", spans({**MODEL, **FEATURE}, status=status))).table.column_names
    assert decoded("traces", spans(MODEL, status=status)).records == ()


def test_a_span_that_failed_after_its_prediction_is_a_prediction() -> None:
    said = {**MODEL, semconv.PREDICTION_VALUE: "yes"}

    assert ERROR not in only(decoded("traces", spans(said, status=FAILED))).table.column_names


def test_spans_that_are_not_about_a_model_are_not_ours() -> None:
    found = decoded("traces", spans({"http.request.method": "GET", ERROR: "500"}, status=FAILED))

    assert found.records == ()
    assert found.other == 1


def test_spans_of_our_own_instrumentation_are_not_counted_twice() -> None:
    found = decoded("traces", spans({**MODEL, ERROR: "KeyError", semconv.RECORDED: True}, status=FAILED))

    assert found.records == ()
    assert found.recorded == 1


def test_a_foreign_name_of_an_error() -> None:
    settings = DecodeSettings(attribute_map={"exception.type": semconv.ERROR_TYPE})
    found = decoded("traces", spans({**MODEL, "exception.type": "KeyError"}), settings)

    assert rows(found, ERROR) == [("KeyError",)]


def test_long_texts_are_cut() -> None:
    found = decoded("logs", events(semconv.EVENT_PREDICTION, {**MODEL, ERROR: "E" * 10_000}))

    assert [len(text) for (text,) in rows(found, ERROR)] == [256]


def test_a_reference_has_no_errors() -> None:
    columns = {"value": [1.0], "ground_truth": [1.0], ERROR: ["KeyError"]}
    said = {**MODEL, semconv.REFERENCE_ID: "r", semconv.REFERENCE_LAST: True}

    assert ERROR not in only(decoded("logs", batch(semconv.EVENT_REFERENCE_BATCH, columns, said))).table.column_names


@pytest.mark.parametrize("convert", [json_to_protobuf, any_json_to_protobuf])
@pytest.mark.parametrize(
    ("status", "failed"),
    [('{"code":2,"message":"no"}', True), ('{"code":"2"}', True), ('{"code":"STATUS_CODE_ERROR"}', True),
     ('{"code":1}', False), ('{"code":"STATUS_CODE_UNSET"}', False), ("{}", False), ('{"message":"no"}', False)],
)  # fmt: skip
def test_status_in_json(convert: Any, status: str, failed: bool) -> None:
    said = json.dumps([{"key": name, "value": {"stringValue": value}} for name, value in MODEL.items()])
    span = f'{{"startTimeUnixNano":"{NOW}","endTimeUnixNano":"{NOW}","attributes":{said},"status":{status}}}'
    body = f'{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{span}]}}]}}]}}'.encode()

    found = decoded("traces", convert("traces", body))

    assert [r.table[ERROR].to_pylist() for r in found.records] == ([["_OTHER"]] if failed else [])
