from __future__ import annotations

import math

import mmh3
import pyarrow as pa
import pytest

from miops_collector.otlp.settings import DecodeSettings
from miops_collector.schema import FAULT_SUFFIX, PREDICTIONS
from tests.collector.otlp.payloads import NOW, SPAN, TRACE, decoded, only, plain, rows, spans

MODEL = {"miops.model.name": "credit", "miops.prediction.value": 1.0}


def test_span_becomes_a_row_of_its_model() -> None:
    payload = spans(
        {
            "miops.model.name": "credit",
            "miops.model.version": "7",
            "miops.model.task": "binary_classification",
            "miops.model.framework": "scikit-learn",
            "miops.model.classes": ["no", "yes"],
            "miops.model.positive_class": "yes",
            "miops.model.sensitive_features": ["sex"],
            "miops.model.role": "shadow",
            "miops.prediction.id": "order-17",
            "miops.prediction.value": "yes",
            "miops.prediction.score": 0.75,
            "miops.prediction.threshold": 0.5,
            "miops.entity.id": "customer-3",
            "miops.sample.weight": 2.0,
            "miops.feature.age": 41,
            "miops.feature.job": "nurse",
            "miops.feature.owner": True,
            "miops.context.region": "MA",
            "miops.attribution.age": 0.25,
            "http.request.method": "POST",
        },
        span_id=SPAN,
    )

    records = only(decoded("traces", payload))

    assert (records.kind, records.model, records.version) == ("predictions", "credit", "7")
    assert (records.task, records.framework) == ("binary_classification", "scikit-learn")
    assert (records.classes, records.positive_class, records.sensitive) == (("no", "yes"), "yes", ("sex",))
    assert records.attributes == {"miops.model.role": "shadow"}
    assert plain(records.table).to_pylist() == [
        {
            "key": mmh3.hash128("order-17", x64arch=True).to_bytes(16, "little")[:8][::-1]
            + mmh3.hash128("order-17", x64arch=True).to_bytes(16, "little")[8:][::-1],
            "id_text": "order-17",
            "time": NOW,
            "duration": 5_000_000,
            "trace_id": TRACE,
            "span_id": SPAN,
            "row": 0,
            "value_number": None,
            "value_text": "yes",
            "score": 0.75,
            "threshold": 0.5,
            "entity_id": "customer-3",
            "weight": 2.0,
            "attribution.age": 0.25,
            "context.region": "MA",
            "feature.age": 41.0,
            "feature.job": "nurse",
            "feature.owner": True,
        }
    ]


def test_tables_have_the_fixed_columns_first_and_in_their_types() -> None:
    table = only(decoded("traces", spans(MODEL | {"miops.feature.b": 1, "miops.feature.a": 1}))).table

    assert table.schema.names == [*PREDICTIONS.names, "feature.a", "feature.b"]
    assert [table.schema.field(f.name) for f in PREDICTIONS] == list(PREDICTIONS)


def test_models_and_versions_of_one_request_are_told_apart() -> None:
    payload = spans(
        MODEL | {"miops.feature.a": 1.0},
        {"miops.model.name": "churn", "miops.prediction.score": 0.5},
        MODEL | {"miops.model.version": "2", "miops.feature.a": 2.0},
        MODEL | {"miops.feature.a": 3.0},
    )

    found = decoded("traces", payload)

    by_model = {(r.model, r.version): r.table for r in found.records}
    assert set(by_model) == {("credit", "unversioned"), ("credit", "2"), ("churn", "unversioned")}
    assert by_model["credit", "unversioned"]["feature.a"].to_pylist() == [1.0, 3.0]
    assert by_model["credit", "2"]["feature.a"].to_pylist() == [2.0]
    assert by_model["churn", "unversioned"].column_names == PREDICTIONS.names
    assert (found.items, found.rows, found.other) == (4, 4, 0)


def test_spans_of_our_own_instrumentation_are_counted_and_not_stored() -> None:
    found = decoded("traces", spans(MODEL | {"miops.recorded": True}, MODEL | {"miops.recorded": False}))

    assert (found.items, found.recorded, found.rows) == (2, 1, 1)


def test_spans_without_a_prediction_are_other_telemetry() -> None:
    found = decoded("traces", spans({"http.route": "/"}, {"miops.model.name": "credit"}, {}))

    assert (found.items, found.other, found.rows, found.records) == (3, 3, 0, ())


def test_empty_request_is_nothing() -> None:
    assert decoded("traces", b"").items == 0


def test_uuid_ids_are_their_own_key() -> None:
    uuid = "0190163d-8694-739b-aea5-966c26f8ad91"
    ids = [uuid, uuid.upper(), uuid.replace("-", "")]

    found = rows(decoded("traces", spans(*(MODEL | {"miops.prediction.id": i} for i in ids))), "key", "id_text")

    assert {key.hex() for key, _ in found} == {uuid.replace("-", "")}
    assert [text for _, text in found] == [None, uuid.upper(), uuid.replace("-", "")]


def test_a_span_without_an_id_has_the_same_one_when_it_is_sent_again() -> None:
    first, second = (rows(decoded("traces", spans(MODEL, MODEL)), "key", "id_text") for _ in range(2))

    assert first == second
    assert len(set(first)) == 2
    assert {text for _, text in first} == {None}


def test_arrays_are_one_row_for_each_element() -> None:
    payload = spans(
        MODEL
        | {
            "miops.prediction.id": "call",
            "miops.prediction.value": ["a", "b", "c"],
            "miops.prediction.score": [0.1, 0.2, 0.3],
            "miops.feature.x": [1, 2.5, 3],
            "miops.context.region": "MA",
        },
        MODEL | {"miops.prediction.id": "single"},
    )

    found = decoded("traces", payload)

    tables = pa.concat_tables([plain(r.table) for r in found.records], promote_options="default")
    assert found.rows == 4
    wanted = ["id_text", "row", "value_text", "score", "feature.x", "context.region"]
    assert sorted(zip(*(tables[c].to_pylist() for c in wanted), strict=True)) == [
        ("call/0", 0, "a", 0.1, 1.0, "MA"),
        ("call/1", 1, "b", 0.2, 2.5, "MA"),
        ("call/2", 2, "c", 0.3, 3.0, "MA"),
        ("single", 0, None, None, None, None),
    ]


def test_arrays_of_ids_and_made_up_ids_are_unique() -> None:
    given = spans(MODEL | {"miops.prediction.id": ["p", "q"], "miops.prediction.value": [1, 2]})
    made_up = spans(MODEL | {"miops.prediction.value": [1, 2, 3]})

    assert [t for (t,) in rows(decoded("traces", given), "id_text")] == ["p", "q"]
    assert len(set(rows(decoded("traces", made_up), "key"))) == 3


def test_scores_of_all_classes_become_columns() -> None:
    payload = spans(MODEL | {"miops.prediction.scores": [0.2, 0.8]}, MODEL | {"miops.prediction.scores": [1.0]})

    assert rows(decoded("traces", payload), "scores.0", "scores.1") == [(0.2, 0.8), (1.0, None)]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1.5, 2, None], {"feature.x": [1.5, 2.0, None]}),
        ([1, True], {"feature.x": [1.0, 1.0]}),
        (["a", True], {"feature.x": ["a", "true"]}),
        ([True, False], {"feature.x": [True, False]}),
        ([1.5, "old"], {"feature.x": [1.5, None], "feature.x" + FAULT_SUFFIX: [None, "old"]}),
        (["", "a"], {"feature.x": ["", "a"]}),
        ([b"raw", 1.0], {"feature.x": [None, 1.0]}),
        ([{"a": 1}, 1.0], {"feature.x": [None, 1.0]}),
        ([[1.0], 1.0], {"feature.x": [None, 1.0]}),
        ([b"raw", None], {}),
    ],
)
def test_types_of_a_feature(values: list[object], expected: dict[str, list[object]]) -> None:
    payload = spans(*(MODEL | {"miops.feature.x": value} for value in values))

    table = plain(only(decoded("traces", payload)).table)

    assert {c: table[c].to_pylist() for c in table.column_names if c.startswith("feature.")} == expected


def test_values_of_types_nobody_can_use_are_counted() -> None:
    found = decoded(
        "traces", spans(MODEL | {"miops.feature.x": b"raw", "miops.feature.y": [1.0], "miops.feature.z": 1})
    )

    assert found.ignored == {"type": 2}
    assert found.refused == {}


def test_texts_in_fields_of_numbers_are_left_out_and_counted() -> None:
    found = decoded("traces", spans(MODEL | {"miops.prediction.score": "0.5", "miops.sample.weight": "2"}))

    assert found.ignored == {"type": 2}
    assert rows(found, "score", "weight") == [(None, None)]


def test_nan_and_infinity_are_values() -> None:
    payload = spans(*(MODEL | {"miops.feature.x": x} for x in (math.nan, math.inf, -math.inf)))

    column = only(decoded("traces", payload)).table["feature.x"]

    assert column.null_count == 0
    assert [str(x) for x in column.to_pylist()] == ["nan", "inf", "-inf"]


def test_the_last_of_two_attributes_of_one_name_counts() -> None:
    payload = spans({**MODEL, "ml.x": 1.0, "miops.feature.x": 2.0})

    found = decoded("traces", payload, DecodeSettings(attribute_map={"ml.x": "miops.feature.x"}))

    assert rows(found, "feature.x") == [(2.0,)]


def test_foreign_names_are_translated() -> None:
    settings = DecodeSettings(
        attribute_map={
            "ml.model": "miops.model.name",
            "ml.output": "miops.prediction.value",
            "ml.": "miops.context.",
            "ml.in.": "miops.feature.",
        }
    )

    found = decoded("traces", spans({"ml.model": "m", "ml.output": 3, "ml.in.a": 1.0, "ml.other": "b"}), settings)

    assert only(found).model == "m"
    assert rows(found, "value_number", "feature.a", "context.other") == [(3.0, 1.0, "b")]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (1_500_000_000_000_000_000, 1_500_000_000_000_000_000),
        ("1500000000000000000", 1_500_000_000_000_000_000),
        ("2017-07-14T02:40:00Z", 1_500_000_000_000_000_000),
        ("2017-07-14T04:40:00.5+02:00", 1_500_000_000_500_000_000),
        (None, NOW),
    ],
)
def test_event_time_is_the_given_one_or_the_start_of_the_span(given: object, expected: int) -> None:
    assert rows(decoded("traces", spans(MODEL | {"miops.prediction.time": given})), "time") == [(expected,)]


def test_sampled_spans_stand_for_others() -> None:
    assert rows(decoded("traces", spans(MODEL, trace_state="vendor=x,ot=rv:0123456789abcd;th:c")), "weight") == [(4.0,)]
    assert rows(decoded("traces", spans(MODEL | {"miops.sample.weight": 3.0}, trace_state="ot=th:c")), "weight") == [
        (3.0,)
    ]


def test_a_trace_id_of_a_wrong_length_costs_only_itself() -> None:
    found = decoded("traces", spans(MODEL, trace_id=b"123"))

    assert rows(found, "trace_id", "value_number") == [(None, 1.0)]


def test_negative_durations_are_unknown() -> None:
    assert rows(decoded("traces", spans(MODEL, end_time_unix_nano=NOW - 1)), "duration") == [(None,)]


def test_booleans_and_numbers_as_values() -> None:
    payload = spans(*(MODEL | {"miops.prediction.value": v} for v in (True, 3, 2.5, "x")))

    assert rows(decoded("traces", payload), "value_number", "value_text") == [
        (None, "true"), (3.0, None), (2.5, None), (None, "x"),
    ]  # fmt: skip


def test_ids_that_are_numbers_are_written_out() -> None:
    found = rows(
        decoded("traces", spans(MODEL | {"miops.prediction.id": 17, "miops.entity.id": 3})), "id_text", "entity_id"
    )

    assert found == [("17", "3")]


def test_more_distinct_texts_than_a_dictionary_holds() -> None:
    values = [f"word {i}" for i in range(3000)]

    table = only(decoded("traces", spans(*(MODEL | {"miops.feature.x": v} for v in values)))).table

    assert table["feature.x"].to_pylist() == values
    assert table.schema.field("feature.x").type == pa.string()


def test_keys_in_any_order_and_missing_ones() -> None:
    each = [MODEL | {f"miops.feature.{c}": float(i) for c in order} for i, order in enumerate(("abc", "cab", "b", ""))]

    found = rows(decoded("traces", spans(*each)), "feature.a", "feature.b", "feature.c")

    assert found == [(0, 0, 0), (1, 1, 1), (None, 2, None), (None, None, None)]


def test_joined_requests_are_one_request() -> None:
    joined = decoded("traces", spans(MODEL | {"miops.feature.x": 1.0}) + spans(MODEL | {"miops.feature.x": 2.0}))

    assert rows(joined, "feature.x") == [(1.0,), (2.0,)]
