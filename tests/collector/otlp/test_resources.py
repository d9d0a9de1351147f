"""Model attributes of a resource hold for its spans and its events."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from miops_collector.otlp.from_json import json_to_protobuf
from miops_collector.otlp.settings import DecodeSettings
from miops_collector.schema import Records
from tests.collector.otlp.payloads import NOW, any_value, arrow_body, attributes, decoded, only, rows

VALUE = {"miops.prediction.value": 1.0}
CREDIT = {"service.name": "shop", "miops.model.name": "credit", "miops.model.version": "7"}
Values = Mapping[str, object]


def request(*resources: tuple[Values, Sequence[Values]]) -> bytes:
    made = ExportTraceServiceRequest()
    number = 0
    for resource, each in resources:
        group = made.resource_spans.add()
        group.resource.attributes.extend(attributes(resource))
        for values in each:
            number += 1
            scope = group.scope_spans.add()
            scope.spans.add(
                trace_id=b"t" * 16, span_id=number.to_bytes(8, "big"), start_time_unix_nano=NOW,
                end_time_unix_nano=NOW + 1, attributes=attributes(values),
            )  # fmt: skip
    return made.SerializeToString()


def models(payload: bytes, settings: DecodeSettings | None = None) -> dict[tuple[str, str], int]:
    found = decoded("traces", payload, settings)
    assert not found.refused
    return counted(found.records)


def counted(records: Sequence[Records]) -> dict[tuple[str, str], int]:
    return {(r.model, r.version): r.table.num_rows for r in records}


def log_request(*resources: tuple[Values, Sequence[tuple[str, object, Values]]]) -> bytes:
    """Event name, body and attributes of each event, by resource."""
    made = ExportLogsServiceRequest()
    for resource, each in resources:
        group = made.resource_logs.add()
        group.resource.attributes.extend(attributes(resource))
        records = group.scope_logs.add().log_records
        for number, (name, body, values) in enumerate(each):
            event = records.add(event_name=name, time_unix_nano=NOW + number, attributes=attributes(values))
            event.body.CopyFrom(any_value(body))
    return made.SerializeToString()


def test_spans_are_of_the_model_of_their_resource() -> None:
    payload = request((CREDIT | {"miops.model.task": "regression"}, [VALUE, VALUE, {"http.route": "/"}]))

    records = only(decoded("traces", payload))

    assert (records.model, records.version, records.task) == ("credit", "7", "regression")
    assert rows(decoded("traces", payload), "value_number") == [(1.0,), (1.0,)]


def test_what_a_span_says_itself_wins() -> None:
    own = {"miops.model.name": "fraud"}

    assert models(request((CREDIT, [VALUE, own | VALUE, VALUE | own]))) == {("credit", "7"): 1, ("fraud", "7"): 2}


def test_each_resource_speaks_for_its_own_spans_only() -> None:
    other = {"miops.model.name": "fraud", "miops.model.framework": "xgboost"}
    named = VALUE | {"miops.model.name": "plain"}
    payload = request(({}, [named]), (CREDIT, [VALUE] * 3), (other, [VALUE] * 2), ({"service.name": "x"}, [named]))

    assert models(payload) == {("plain", "unversioned"): 2, ("credit", "7"): 3, ("fraud", "unversioned"): 2}
    assert models(payload + payload) == {("plain", "unversioned"): 4, ("credit", "7"): 6, ("fraud", "unversioned"): 4}


def test_only_the_model_is_taken_from_a_resource() -> None:
    payload = request((CREDIT | {"miops.feature.age": 3.0, "miops.prediction.id": "same"}, [VALUE, VALUE]))

    found = only(decoded("traces", payload)).table

    assert "feature.age" not in found.column_names
    assert set(found["id_text"].to_pylist()) == {None}


def test_a_resource_may_use_other_names() -> None:
    settings = DecodeSettings(attribute_map={"ml.model": "miops.model.name"})

    assert models(request(({"ml.model": "credit"}, [VALUE])), settings) == {("credit", "unversioned"): 1}


def test_more_resources_than_are_usual() -> None:
    payload = request(*(({"miops.model.name": f"m{i}"}, [VALUE]) for i in range(40)))

    assert models(payload) == {(f"m{i}", "unversioned"): 1 for i in range(40)}


def test_a_resource_in_json() -> None:
    value = {"key": "miops.prediction.value", "value": {"doubleValue": 1}}
    span = {"startTimeUnixNano": str(NOW), "attributes": [value]}
    resource = {"attributes": [{"key": "miops.model.name", "value": {"stringValue": "credit"}}]}
    text = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}], "resource": resource}]})

    assert models(json_to_protobuf("traces", text.encode())) == {("credit", "unversioned"): 1}


def test_single_events_are_of_the_model_of_their_resource() -> None:
    one = ("miops.prediction", None, VALUE)
    other = ("miops.prediction", None, VALUE | {"miops.model.name": "fraud"})
    text = ("", "a line of a log", {})
    payload = log_request((CREDIT, [one, text, other, one]), ({"miops.model.name": "plain"}, [text, one]))

    found = decoded("logs", payload)

    assert not found.refused
    assert counted(found.records) == {("credit", "7"): 2, ("fraud", "7"): 1, ("plain", "unversioned"): 1}


@pytest.mark.parametrize("event", ["miops.prediction.batch", "miops.reference.batch"])
def test_batch_events_are_of_the_model_of_their_resource(event: str) -> None:
    arrow = (event, arrow_body({"prediction_id": ["a", "b"], "value": [1.0, 2.0]}), {})
    arrays = (event, {"prediction_id": ["c"], "value": [3.0]}, {})
    own = (event, {"prediction_id": ["d"], "value": [4.0]}, {"miops.model.name": "fraud", "miops.model.version": "1"})

    found = decoded("logs", log_request((CREDIT, [arrow, own]), ({"miops.model.name": "plain"}, [arrays])))

    assert not found.refused
    assert counted(found.records) == {("credit", "7"): 2, ("fraud", "1"): 1, ("plain", "unversioned"): 1}


def test_truth_is_of_the_prediction_it_names_whatever_its_resource_says() -> None:
    truth = {"miops.prediction.id": "a", "miops.ground_truth.value": 1.0}

    records = only(decoded("logs", log_request((CREDIT, [("miops.ground_truth", None, truth)]))))

    assert records.model == ""
