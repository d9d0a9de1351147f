from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pytest

from miops_collector.otlp.settings import DecodeSettings
from miops_collector.schema import FAULT_SUFFIX, GROUND_TRUTH
from tests.collector.otlp.payloads import NOW, SPAN, TRACE, any_value, batch, decoded, events, only, plain, rows

MODEL = {"miops.model.name": "credit"}
PREDICTION, PREDICTION_BATCH = "miops.prediction", "miops.prediction.batch"
TRUTH, TRUTH_BATCH, REFERENCE_BATCH = "miops.ground_truth", "miops.ground_truth.batch", "miops.reference.batch"
UUIDS = [bytes([i]) * 16 for i in (1, 2, 3)]


def ids(values: list[bytes] = UUIDS) -> pa.Array:
    return pa.array(values, pa.binary(16))


def test_single_event_becomes_a_row() -> None:
    values = MODEL | {"miops.prediction.id": "a", "miops.prediction.value": 1, "miops.feature.x": 2.5}

    found = decoded("logs", events(PREDICTION, values, trace_id=TRACE, span_id=SPAN))

    assert rows(found, "id_text", "time", "trace_id", "span_id", "value_number", "feature.x") == [
        ("a", NOW, TRACE, SPAN, 1.0, 2.5)
    ]
    assert (found.items, found.rows, found.other) == (1, 1, 0)


def test_event_name_as_attribute_and_observed_time_of_older_sdks() -> None:
    payload = events(
        "",
        MODEL | {"event.name": PREDICTION, "miops.prediction.value": 1},
        time_unix_nano=0,
        observed_time_unix_nano=NOW,
    )

    assert rows(decoded("logs", payload), "time") == [(NOW,)]


def test_records_without_any_time_have_the_time_of_their_arrival() -> None:
    payload = events(PREDICTION, MODEL | {"miops.prediction.value": 1}, time_unix_nano=0)

    assert rows(decoded("logs", payload, now=NOW + 7), "time") == [(NOW + 7,)]


def test_other_log_records_are_counted() -> None:
    found = decoded("logs", events("browser.page_view", {"x": 1}) + events("", {"y": 2}, body=None))

    assert (found.items, found.other, found.rows, found.records) == (2, 2, 0, ())


def test_arrow_batch_becomes_rows() -> None:
    columns = {
        "prediction_id": ids(),
        "time_unix_nano": pa.array([NOW, NOW + 1, NOW + 2]),
        "duration_ns": pa.array([5, 6, 7]),
        "trace_id": pa.array([TRACE, None, bytes(16)], pa.binary(16)),
        "span_id": pa.array([SPAN, None, bytes(8)], pa.binary(8)),
        "row": pa.array([0, 1, 2], pa.int32()),
        "value": pa.array(["no", "yes", None]),
        "score": pa.array([0.1, 0.9, math.nan]),
        "scores.0": pa.array([0.9, 0.1, None]),
        "threshold": pa.array([0.5, 0.5, 0.5]),
        "entity_id": pa.array(["a", None, "c"]),
        "weight": pa.array([1.0, 2.0, None]),
        "feature.age": pa.array([41, 42, None], pa.int64()),
        "feature.job": pa.array(["nurse", "cook", "nurse"]).dictionary_encode(),
        "feature.owner": pa.array([True, None, False]),
        "context.region": pa.array(["MA", "MA", None]),
        "attribution.age": pa.array([0.1, 0.2, 0.3], pa.float32()),
        "unknown": pa.array([1, 2, 3]),
    }
    said = MODEL | {"miops.model.version": "7", "miops.model.classes": ["no", "yes"], "miops.schema.version": "1"}

    found = decoded("logs", batch(PREDICTION_BATCH, columns, said))

    records = only(found)
    assert (records.kind, records.model, records.version, records.classes) == (
        "predictions",
        "credit",
        "7",
        ("no", "yes"),
    )
    assert (found.items, found.rows, found.other, found.refused) == (1, 3, 0, {})
    table = plain(records.table)
    assert table["key"].to_pylist() == UUIDS
    assert table["id_text"].null_count == 3
    assert table["trace_id"].to_pylist() == [TRACE, None, None]
    assert table["span_id"].to_pylist() == [SPAN, None, None]
    assert [f"{x}" for x in table["score"].to_pylist()] == ["0.1", "0.9", "nan"]
    expected = {
        "time": [NOW, NOW + 1, NOW + 2], "duration": [5, 6, 7], "row": [0, 1, 2], "value_text": ["no", "yes", None],
        "scores.0": [0.9, 0.1, None], "entity_id": ["a", None, "c"], "weight": [1.0, 2.0, None],
        "feature.age": [41.0, 42.0, None], "feature.job": ["nurse", "cook", "nurse"],
        "feature.owner": [True, None, False], "context.region": ["MA", "MA", None],
    }  # fmt: skip
    assert {name: table[name].to_pylist() for name in expected} == expected
    assert "unknown" not in table.column_names


def test_map_batch_is_the_same_as_arrow() -> None:
    columns = {
        "prediction_id": ["a", "b"],
        "time_unix_nano": [NOW, NOW + 1],
        "trace_id": [TRACE.hex(), ""],
        "span_id": [SPAN.hex(), ""],
        "row": [0, 1],
        "value": [1.0, 2.0],
        "feature.x": [1.5, 2.5],
        "feature.y": ["u", "v"],
        "feature.z": [True, False],
    }

    arrow = only(decoded("logs", batch(PREDICTION_BATCH, columns, MODEL)))
    as_map = only(decoded("logs", events(PREDICTION_BATCH, MODEL, body=any_value(columns))))

    assert plain(as_map.table).equals(plain(arrow.table))


def test_batch_ids_as_text() -> None:
    columns = {"prediction_id": ["0190163d-8694-739b-aea5-966c26f8ad91", "call/1"], "value": [1.0, 2.0]}

    found = rows(decoded("logs", batch(PREDICTION_BATCH, columns, MODEL)), "id_text", "time")

    assert found == [(None, NOW), ("call/1", NOW)]


def test_batch_without_ids_has_the_same_ones_when_sent_again() -> None:
    columns = {"value": [1.0, 1.0, 1.0]}

    first, second = (rows(decoded("logs", batch(PREDICTION_BATCH, columns, MODEL)), "key") for _ in range(2))

    assert first == second
    assert len(set(first)) == 3


def test_several_batches_of_one_shape_are_one_table() -> None:
    payload = b"".join(batch(PREDICTION_BATCH, {"value": [float(i)] * 2}, MODEL) for i in range(3))

    assert rows(decoded("logs", payload), "value_number") == [(0,), (0,), (1,), (1,), (2,), (2,)]


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (pa.array([1, 2], pa.uint8()), {"feature.x": [1.0, 2.0]}),
        (pa.array([1.5, None], pa.float32()), {"feature.x": [1.5, None]}),
        (pa.array(["a", "b"], pa.large_string()), {"feature.x": ["a", "b"]}),
        (pa.array(["a", "b"], pa.string_view()), {"feature.x": ["a", "b"]}),
        (pa.array([1, 1]).dictionary_encode(), {"feature.x": [1.0, 1.0]}),
        (pa.array([None, None]), {}),
        (pa.array([[1], [2]]), {}),
        (pa.array([b"a", b"b"]), {}),
        (pa.array([1, 2], pa.timestamp("s")), {}),
    ],
)
def test_arrow_types_of_a_feature(column: pa.Array, expected: dict[str, list[object]]) -> None:
    found = decoded("logs", batch(PREDICTION_BATCH, {"value": [1.0, 2.0], "feature.x": column}, MODEL))

    table = plain(only(found).table)
    assert {c: table[c].to_pylist() for c in table.column_names if c.startswith("feature.")} == expected


def test_time_of_a_batch_may_be_an_arrow_timestamp() -> None:
    times = pa.array([NOW // 1000], pa.timestamp("us", "UTC"))

    assert rows(decoded("logs", batch(PREDICTION_BATCH, {"value": [1.0], "time_unix_nano": times}, MODEL)), "time") == [
        (NOW // 1000 * 1000,)
    ]


def test_reference_batches_have_truth_and_say_which_reference() -> None:
    columns = {"value": ["no", "yes"], "ground_truth": ["no", "no"], "feature.x": [1.0, 2.0]}
    said = MODEL | {"miops.reference.id": "r1", "miops.reference.last": True}

    records = only(decoded("logs", batch(REFERENCE_BATCH, columns, said)))

    assert (records.kind, records.reference_id, records.reference_last) == ("reference", "r1", True)
    assert records.table["truth_text"].to_pylist() == ["no", "no"]
    assert records.table["truth_number"].null_count == 2


def test_ground_truth_names_its_prediction_by_id_then_entity_then_trace() -> None:
    payload = events(
        TRUTH,
        {"miops.prediction.id": "a", "miops.entity.id": "e", "miops.ground_truth.value": 1},
        {"miops.entity.id": "e", "miops.ground_truth.value": "yes", "miops.prediction.time": NOW - 5},
        {"miops.ground_truth.value": True, "miops.ground_truth.row": 2, "miops.ground_truth.time": NOW - 1},
        trace_id=TRACE,
    )

    found = decoded("logs", payload)

    records = only(found)
    assert (records.kind, records.model) == ("ground_truth", "")
    assert records.table.schema.names == GROUND_TRUTH.names
    table = plain(records.table)
    assert [key is not None for key in table["key"].to_pylist()] == [True, False, False]
    assert table["entity_id"].to_pylist() == [None, "e", None]
    assert table["trace_id"].to_pylist() == [None, None, TRACE]
    assert table["row"].to_pylist() == [None, None, 2]
    assert table["truth_number"].to_pylist() == [1.0, None, None]
    assert table["truth_text"].to_pylist() == [None, "yes", "true"]
    assert table["time"].to_pylist() == [NOW, NOW + 1, NOW - 1]
    assert table["prediction_time"].to_pylist() == [None, NOW - 5, None]


def test_outcomes_come_with_or_without_truth() -> None:
    payload = events(TRUTH, {"miops.prediction.id": "a", "miops.outcome.revenue": 12.5})

    assert rows(decoded("logs", payload), "outcome.revenue", "truth_number") == [(12.5, None)]


def test_truth_that_says_nothing_or_names_nothing_is_refused() -> None:
    payload = events(
        TRUTH,
        {"miops.prediction.id": "a"},
        {"miops.ground_truth.value": 1},
        {"miops.prediction.id": "a", "miops.ground_truth.value": 1},
    )

    found = decoded("logs", payload)

    assert found.refused == {"no_truth": 1, "unnamed_truth": 1}
    assert (found.rows, found.rejected) == (3, 2)
    assert rows(found, "truth_number") == [(1.0,)]


def test_truth_batch() -> None:
    columns = {
        "prediction_id": pa.array([UUIDS[0], None, None], pa.binary(16)),
        "trace_id": pa.array([TRACE, TRACE, None], pa.binary(16)),
        "row": pa.array([1, 1, 1], pa.int32()),
        "entity_id": ["e", "e", "e"],
        "value": ["yes", "no", "no"],
        "outcome.cost": [1.0, 2.0, 3.0],
        "prediction_time_unix_nano": [NOW, NOW, NOW],
    }

    found = decoded("logs", batch(TRUTH_BATCH, columns, {"miops.model.name": "credit"}))

    assert only(found).model == "credit"
    assert rows(found, "key", "trace_id", "row", "entity_id", "truth_text", "outcome.cost", "prediction_time") == [
        (UUIDS[0], None, None, None, "yes", 1.0, NOW),
        (None, TRACE, 1, None, "no", 2.0, NOW),
        (None, None, None, "e", "no", 3.0, NOW),
    ]


def test_unreadable_bodies_cost_only_themselves() -> None:
    good = batch(PREDICTION_BATCH, {"value": [1.0]}, MODEL)
    for bad in (b"garbage", b"", {"value": [1.0, 2.0], "score": [1.0]}, "text", None, [1.0]):
        found = decoded("logs", events(PREDICTION_BATCH, MODEL, body=any_value(bad)) + good)

        assert found.refused == {"body": 1}, bad
        assert rows(found, "value_number") == [(1.0,)]


def test_a_batch_without_a_model_is_refused_with_all_its_rows() -> None:
    found = decoded("logs", batch(PREDICTION_BATCH, {"value": [1.0, 2.0]}, {}))

    assert (found.refused, found.rows, found.rejected) == ({"model_name": 2}, 2, 1)


def test_rows_of_a_batch_are_refused_one_by_one() -> None:
    columns = {"value": [1.0, 2.0, 3.0], "time_unix_nano": [NOW, 0, 4_102_444_800_000_000_000]}

    found = decoded("logs", batch(PREDICTION_BATCH, columns, MODEL))

    assert (found.refused, found.rows, found.rejected) == ({"event_time": 2}, 3, 1)
    assert rows(found, "value_number") == [(1.0,)]
    assert found.message == "2 rows refused: the event time is no time, before the year 2000 or too far in the future"


def test_compressed_arrow_is_refused() -> None:
    table = pa.table({"value": np.zeros(100_000)})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression="zstd")) as writer:
        writer.write_table(table)

    found = decoded("logs", events(PREDICTION_BATCH, MODEL, body=any_value(sink.getvalue().to_pybytes())))

    assert found.refused == {"body": 1}


def test_rows_that_take_no_bytes_are_refused() -> None:
    found = decoded("logs", batch(PREDICTION_BATCH, {"feature.x": pa.nulls(10_000_000)}, MODEL))

    assert found.refused == {"body": 1}


def test_numbers_and_texts_of_one_feature_in_aany_value() -> None:
    found = decoded(
        "logs", events(PREDICTION_BATCH, MODEL, body=any_value({"value": [1, 2], "feature.x": [1.5, "old"]}))
    )

    assert rows(found, "feature.x", "feature.x" + FAULT_SUFFIX) == [(1.5, None), (None, "old")]


def test_maps_with_more_values_than_allowed_are_refused() -> None:
    body = any_value({"value": [1.0] * 100, **{f"feature.{i}": [1.0] * 100 for i in range(10)}})

    found = decoded("logs", events(PREDICTION_BATCH, MODEL, body=body), DecodeSettings(max_cells=1000))

    assert found.refused == {"body": 1}
