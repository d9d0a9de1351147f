"""What hostile or careless senders do to rows: each costs itself and nothing else."""

from __future__ import annotations

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from miops_collector.otlp.names import COLUMNS, EVENTS, TRUTH_EVENTS
from miops_collector.otlp.settings import DecodeSettings
from tests.collector.otlp.payloads import NOW, add_span, any_value, decoded, events, only, rows, spans

MODEL = {"miops.model.name": "m", "miops.prediction.value": 1.0}
DAY = 86_400_000_000_000
YEAR_2000 = 946_684_800_000_000_000


@pytest.mark.parametrize("time", [1, YEAR_2000 - 1, NOW + DAY + 1, 4_102_444_800_000_000_000, 2**63 - 1])
def test_event_times_nobody_means_are_refused(time: int) -> None:
    found = decoded("traces", spans(MODEL, start_time_unix_nano=time) + spans(MODEL))

    assert found.refused == {"event_time": 1}
    assert only(found).table.num_rows == 1


@pytest.mark.parametrize("time", [YEAR_2000, NOW + DAY])
def test_event_times_at_the_limits_are_taken(time: int) -> None:
    assert decoded("traces", spans(MODEL, start_time_unix_nano=time)).refused == {}


@pytest.mark.parametrize("time", ["soon", 2.0**70, "2100-01-01"])
def test_times_that_are_none_are_refused(time: object) -> None:
    assert decoded("traces", spans(MODEL | {"miops.prediction.time": time})).refused == {"event_time": 1}


@pytest.mark.parametrize("name", [None, "", "x" * 513, b"raw", [1.0]])
def test_models_without_a_usable_name_are_refused(name: object) -> None:
    found = decoded("traces", spans(MODEL | {"miops.model.name": name}, MODEL))

    assert (found.refused, found.rejected, found.rows) == ({"model_name": 1}, 1, 2)


@pytest.mark.parametrize(
    "name", ["x" * 512, '"; DROP TABLE predictions; --', "a'b\"c\\d", "日本語", "../../etc/passwd", "\0"]
)
def test_any_other_name_is_a_name(name: str) -> None:
    assert only(decoded("traces", spans(MODEL | {"miops.model.name": name, "miops.model.version": name}))).model == name


def test_long_versions_are_refused() -> None:
    assert decoded("traces", spans(MODEL | {"miops.model.version": "x" * 513})).refused == {"model_name": 1}


def corrupted(text: str) -> bytes:
    """A request with two spans, in the second of which a text is not UTF-8."""
    payload = spans(MODEL | {"miops.feature.x": "fine"}, MODEL | {"miops.feature.x": "q" * 8})
    assert payload.count(b"q" * 8) == 1
    return payload.replace(b"q" * 8, b"\xff\xfe" + b"q" * 6) if text == "value" else payload


def test_texts_that_are_not_utf8_cost_their_row() -> None:
    found = decoded("traces", corrupted("value"))

    assert found.refused == {"encoding": 1}
    assert rows(found, "feature.x") == [("fine",)]


def test_many_texts_that_are_not_utf8_among_many_distinct_ones() -> None:
    payload = spans(*(MODEL | {"miops.feature.x": f"word{i:04}"} for i in range(2000)))
    payload = payload.replace(b"word0007", b"\xff\xff\xff\xff0007").replace(b"word1999", b"\xc3\x28\xa0\xa11999")

    found = decoded("traces", payload)

    assert found.refused == {"encoding": 2}
    assert only(found).table.num_rows == 1998


@pytest.mark.parametrize(
    "place", ["miops.prediction.id", "miops.entity.id", "miops.prediction.value", "miops.model.name"]
)
def test_other_texts_that_are_not_utf8(place: str) -> None:
    payload = spans(MODEL | {place: "q" * 8}).replace(b"q" * 8, b"\xed\xa0\x80qqqqq")

    found = decoded("traces", payload)

    assert sum(found.refused.values()) == 1
    assert found.records == ()


def test_attribute_names_that_are_not_utf8_are_other_attributes() -> None:
    payload = spans(MODEL | {"miops.feature.qqqq": 1.0}).replace(b"qqqq", b"\xff\xff\xff\xff")

    assert only(decoded("traces", payload)).table.column_names[-1] == "weight"


def test_long_feature_names_are_left_out() -> None:
    found = decoded("traces", spans(MODEL | {"miops.feature." + "x" * 10_000: 1.0, "miops.feature." + "y" * 1000: 2.0}))

    assert found.ignored == {"column": 1}
    assert only(found).table.column_names[-1] == "feature." + "y" * 1000


def test_a_feature_name_that_looks_like_a_fault_column_is_left_out() -> None:
    found = decoded("traces", spans(MODEL | {"miops.feature.x?text": "a", "miops.feature.x": 1.0}))

    assert rows(found, "feature.x") == [(1.0,)]
    assert found.ignored == {"column": 1}


def test_5000_features_are_taken_and_more_are_left_out() -> None:
    found = decoded("traces", spans(MODEL | {f"miops.feature.{i}": float(i) for i in range(5001)}))

    table = only(found).table
    assert sum(name.startswith("feature.") for name in table.column_names) == 5000
    assert table["feature.4999"].to_pylist() == [4999.0]
    assert found.ignored == {"column": 1}


def test_wide_and_sparse_features_cost_bounded_memory() -> None:
    request = ExportTraceServiceRequest()
    for i in range(400):
        add_span(request, MODEL | {f"miops.feature.{i}.{j}": 1.0 for j in range(10)})

    found = decoded("traces", request.SerializeToString(), DecodeSettings(max_cells=1000))

    table = only(found).table
    assert table.num_rows == 400
    assert table.num_columns < 120
    assert found.ignored["columns"] > 3900


def test_a_call_that_spreads_over_too_many_values_is_refused() -> None:
    values = MODEL | {"miops.prediction.value": [1.0] * 500} | {f"miops.feature.{i}": "x" for i in range(50)}

    found = decoded("traces", spans(values, MODEL), DecodeSettings(max_cells=10_000))

    assert found.refused == {"size": 500}
    assert (found.rejected, found.rows) == (1, 501)


def test_an_empty_call_has_no_rows() -> None:
    found = decoded("traces", spans(MODEL | {"miops.prediction.value": []}, MODEL))

    assert (found.items, found.rows, found.refused) == (2, 1, {})


@pytest.mark.parametrize("weight", [-1.0, float("nan"), float("inf")])
def test_weights_that_would_poison_sums_are_refused(weight: float) -> None:
    found = decoded("traces", spans(MODEL | {"miops.sample.weight": weight}, MODEL | {"miops.sample.weight": 0.0}))

    assert found.refused == {"weight": 1}


def test_rows_that_are_refused_for_two_reasons_count_once() -> None:
    payload = spans(MODEL | {"miops.sample.weight": -1.0}, start_time_unix_nano=1)

    found = decoded("traces", payload)

    assert found.refused == {"event_time": 1}
    assert found.rows == 1


def test_values_of_wrong_types_in_every_place_never_fail() -> None:
    names = [
        *EVENTS.exact,
        *TRUTH_EVENTS.exact,
        *(f"{prefix}x" for prefix in (*EVENTS.prefixes, *TRUTH_EVENTS.prefixes)),
        "event.name",
    ]
    values: list[object] = [
        None,
        True,
        1,
        1.5,
        float("nan"),
        "",
        "text",
        b"raw",
        [],
        [1],
        ["a", None, [2]],
        {"a": {"b": 1}},
    ]
    requests = [MODEL | {"miops.prediction.id": "a"} | {name: value} for name in names for value in values]

    for request in requests:
        assert decoded("traces", spans(request)).items == 1
        for event in ("miops.prediction", "miops.ground_truth", "miops.prediction.batch", "miops.ground_truth.batch"):
            body = any_value({"value": [1.0], "feature.x": [request.get("miops.feature.x")]})
            assert decoded("logs", events(event, request, body=body)).items == 1

    everything = decoded("traces", spans(*requests))
    assert everything.items == len(requests)


def test_wrong_types_in_every_column_of_a_map_never_fail() -> None:
    names = [*(n for n in COLUMNS.exact if n != "value"), *(f"{prefix}0" for prefix in COLUMNS.prefixes)]
    values: list[object] = [None, True, 1, 1.5, float("inf"), 2.0**70, "", "text", b"raw", [1], {"a": 1}]
    for event in ("miops.prediction.batch", "miops.ground_truth.batch", "miops.reference.batch"):
        for name in names:
            found = decoded(
                "logs", events(event, MODEL, body=any_value({"value": [1.0] * len(values)} | {name: values}))
            )

            assert found.rows in {1, len(values)}
