"""What every store owes about rows: each once, as given, whatever their names, types and times."""

from __future__ import annotations

import math
import uuid
from typing import Any

import pyarrow as pa
import pytest

from miops_collector.errors import InputError
from miops_collector.otlp.ids import key_of
from miops_collector.report import ModelKey
from miops_collector.schema import FAULT_SUFFIX, PREDICTIONS, Records
from miops_collector.stores._store import Store
from tests.collector.stores.rows import DAY, MODEL, NOON, SECOND, all_rows, ids_of, predictions, truth

HOSTILE = [
    'a"b',
    "x'; DROP TABLE data.main.p1; --",
    "",
    " ",
    "naïve ☂ 雨",
    "select",
    "c1",
    "A",
    "a",
    "semi;colon",
    "nul\0byte",
    "n" * 10_000,
]


def test_a_commit_has_the_next_number(store: Store) -> None:
    assert store.newest() == 0
    assert store.append([predictions(["a"])]).seq == 1
    assert store.append([predictions(["b"])]).seq == 2
    assert store.newest() == 2


def test_a_repeated_row_is_left_out_and_counted(store: Store) -> None:
    store.append([predictions(["a", "b"])])

    appended = store.append([predictions(["b", "c", "a"], time=[NOON + SECOND, NOON, NOON])])

    assert ids_of([appended.stored[0].table]) == ["c"]
    assert appended.stored[0].duplicates == 2
    assert [r["id_text"] for r in all_rows(store)] == ["a", "b", "c"]


def test_a_repeat_is_found_within_one_table_and_between_tables_of_one_commit(store: Store) -> None:
    appended = store.append([predictions(["a", "b", "a"]), predictions(["b", "c"])])

    assert [s.duplicates for s in appended.stored] == [1, 1]
    assert ids_of(s.table for s in appended.stored) == ["a", "b", "c"]
    assert ids_of(store.rows(MODEL, after=0, upto=1)) == ["a", "b", "c"]


def test_a_repeat_is_found_although_its_time_moved(store: Store) -> None:
    store.append([predictions(["a"], time=[NOON])])

    assert store.append([predictions(["a"], time=[NOON + 3 * DAY])]).stored[0].duplicates == 1
    assert store.append([predictions(["a"], time=[NOON + 8 * DAY])]).stored[0].duplicates == 0


def test_a_commit_of_repeats_only_still_counts(store: Store) -> None:
    store.append([predictions(["a"])])

    assert store.append([predictions(["a"])]).seq == 2
    assert len(all_rows(store)) == 1


@pytest.mark.parametrize("other", [ModelKey("churn", "1"), ModelKey("credit", "2")])
def test_another_model_or_version_may_use_the_same_id(store: Store, other: ModelKey) -> None:
    appended = store.append([predictions(["a"]), predictions(["a"], model=other)])

    assert [s.duplicates for s in appended.stored] == [0, 0]
    assert len(all_rows(store)) == len(all_rows(store, other)) == 1


def test_rows_come_back_as_they_were_given(store: Store) -> None:
    one = uuid.UUID("0190163d-8694-739b-aea5-966c26f8ad91")
    given = pa.table({
        "key": pa.array([one.bytes, key_of("order-1"), key_of("order-2")], pa.binary(16)),
        "id_text": pa.array([None, "order-1", "order-2"]),
        "time": pa.array([0, NOON, 4_102_444_800 * SECOND]),
        "duration": pa.array([None, 1_500_000, 0]),
        "trace_id": pa.array([bytes(range(16)), None, b"\xff" * 16], pa.binary(16)),
        "span_id": pa.array([b"\x00" * 7 + b"\x01", None, b"\xff" * 8], pa.binary(8)),
        "row": pa.array([0, None, 7], pa.int32()),
        "value_number": pa.array([1.0, None, None]),
        "value_text": pa.array([None, "good", None]),
        "score": pa.array([0.25, math.inf, None]),
        "threshold": pa.array([0.5, None, None]),
        "entity_id": pa.array(["a", "", None]),
        "weight": pa.array([None, 2.5, 1.0]),
        "feature.age": pa.array([math.inf, -1e300, None]),
        "feature.region": pa.array(["n", None, ""]).dictionary_encode(),
        "context.flag": pa.array([True, None, False]),
        "scores.0": pa.array([0.75, 0.1, None]),
        "attribution.age": pa.array([0.5, None, -0.5]),
    })  # fmt: skip

    stored = store.append([Records("predictions", MODEL.name, given, version=MODEL.version)]).stored[0].table
    (back,) = store.rows(MODEL, after=0, upto=1)

    assert stored.to_pylist() == given.to_pylist()
    assert back.select(given.column_names).to_pylist() == given.to_pylist()
    assert [back.schema.field(f.name).type for f in PREDICTIONS] == [f.type for f in PREDICTIONS]
    assert back.schema.field("feature.age").type == pa.float64()
    assert back.schema.field("context.flag").type == pa.bool_()


def test_only_rows_between_two_commits_are_read(store: Store) -> None:
    for name in "abcd":
        store.append([predictions([name])])

    assert ids_of(store.rows(MODEL, after=1, upto=3)) == ["b", "c"]
    assert ids_of(store.rows(MODEL, after=4, upto=4)) == []
    assert ids_of(store.rows(ModelKey("unknown", "1"), after=0, upto=4)) == []


def test_many_rows_are_read_in_pieces(store: Store) -> None:
    n = 150_000
    keys = pa.array([i.to_bytes(16, "big") for i in range(n)], pa.binary(16))
    table = pa.table({"key": keys, "time": pa.array(range(n), pa.int64())})
    store.append([Records("predictions", "m", table)])

    pieces = [t.num_rows for t in store.rows(ModelKey("m", "unversioned"), after=0, upto=1)]

    assert sum(pieces) == n
    assert len(pieces) > 1


def test_nothing_is_stored_of_a_commit_that_is_refused(store: Store) -> None:
    nameless = Records("predictions", "m", pa.table({"time": pa.array([NOON])}))

    with pytest.raises(InputError, match="'key' is missing"):
        store.append([predictions(["a"]), nameless])

    assert store.newest() == 0
    assert all_rows(store) == []
    assert store.append([predictions(["a"])]).stored[0].duplicates == 0


def test_nothing_is_a_commit_too(store: Store) -> None:
    appended = store.append([predictions([], feature__age=pa.array([], pa.float64()))])

    assert appended.stored[0].table.num_rows == 0
    assert store.append([]).seq == 2


# Types


def _faulty(store: Store, first: list[Any], second: list[Any]) -> list[tuple[Any, Any]]:
    """Values and faults as stored after a column came with other values than at first."""
    store.append([predictions([f"first{i}" for i in range(len(first))], feature__x=first)])
    ids = [f"second{i}" for i in range(len(second))]
    stored = store.append([predictions(ids, feature__x=second)]).stored[0].table.to_pylist()
    back = all_rows(store)[len(first) :]
    fault = "feature.x" + FAULT_SUFFIX
    seen = [(r["feature.x"], r.get(fault)) for r in stored]

    assert seen == [(r["feature.x"], r.get(fault)) for r in back]
    return seen


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        pytest.param([1.5], ["high", None], [(None, "high"), (None, None)], id="text among numbers is a fault"),
        pytest.param(["a"], [2.5, None], [(None, "2.5"), (None, None)], id="a number among texts is a fault"),
        pytest.param(["a"], [True, None], [(None, "true"), (None, None)], id="a boolean among texts is a fault"),
        pytest.param([True], ["yes", None], [(None, "yes"), (None, None)], id="text among booleans is a fault"),
        pytest.param([1.5], [True, False, None], [(1.0, None), (0.0, None), (None, None)], id="a boolean is a number"),
        pytest.param([True], [1.0, 0.0, None], [(True, None), (False, None), (None, None)], id="0 and 1 are booleans"),
        pytest.param([True], [1.0, 2.0], [(True, None), (None, "2")], id="2 is no boolean"),
        pytest.param([1.5], [3, 4], [(3.0, None), (4.0, None)], id="integers are numbers"),
        pytest.param([1.5], [None, None], [(None, None), (None, None)], id="no value is no fault"),
    ],
)
def test_a_change_of_type(store: Store, first: list[Any], second: list[Any], expected: list[Any]) -> None:
    assert _faulty(store, first, second) == expected


def test_numbers_and_texts_of_one_batch_are_told_apart(store: Store) -> None:
    columns = {"feature.x": [1.0, None, None], "feature.x" + FAULT_SUFFIX: [None, "n/a", None]}

    store.append([predictions(["a", "b", "c"], **columns)])

    assert [(r["feature.x"], r["feature.x" + FAULT_SUFFIX]) for r in all_rows(store)] == [
        (1.0, None),
        (None, "n/a"),
        (None, None),
    ]
    assert store.models()[0].columns == {"feature.x": "number"}


def test_a_column_without_values_has_no_type_yet(store: Store) -> None:
    store.append([predictions(["a"], feature__x=pa.array([None], pa.float64()))])
    assert store.models()[0].columns == {}

    store.append([predictions(["b"], feature__x=["text"])])

    assert [r["feature.x"] for r in all_rows(store)] == [None, "text"]


def test_each_version_has_its_own_types(store: Store) -> None:
    second = ModelKey(MODEL.name, "2")
    store.append([predictions(["a"], feature__x=[1.0])])
    store.append([predictions(["a"], model=second, feature__x=["one"])])

    assert [m.columns for m in store.models()] == [{"feature.x": "number"}, {"feature.x": "text"}]
    assert [r["feature.x"] for r in all_rows(store, second)] == ["one"]


# Names


def test_any_feature_name_is_only_a_name(store: Store) -> None:
    columns = {f"feature.{name}": [float(i)] for i, name in enumerate(HOSTILE)}

    store.append([predictions(["a"], **columns)])

    (row,) = all_rows(store)
    assert {name: row[name] for name in columns} == {name: values[0] for name, values in columns.items()}


@pytest.mark.parametrize("name", HOSTILE)
def test_any_model_name_is_only_a_name(store: Store, name: str) -> None:
    model = ModelKey(name, name)
    store.append([predictions(["a"], model=model, feature__x=[1.0]), truth(["a"], [1.0], model=name)])

    assert [m.key for m in store.models()] == [model]
    assert len(all_rows(store, model)) == 1
    assert sum(t.num_rows for t in store.truth_changes(model, after=0, upto=1)) == 1


def test_five_thousand_features_are_stored(store: Store) -> None:
    columns = {f"feature.f{i}": [float(i), None] for i in range(5000)}
    store.append([predictions(["a", "b"], **columns)])
    store.append([predictions(["c"], feature__f4999=["text"], feature__new=[1.0])])

    rows = all_rows(store)

    assert [rows[0][name] for name in columns] == [float(i) for i in range(5000)]
    assert rows[2]["feature.f4999" + FAULT_SUFFIX] == "text"
    assert rows[2]["feature.new"] == 1.0


@pytest.mark.parametrize("time", [0, 1, 2**63 - 1])
def test_any_event_time_is_kept(store: Store, time: int) -> None:
    store.append([predictions(["a"], time=[time])])

    assert store.append([predictions(["a"], time=[time])]).stored[0].duplicates == 1
    assert all_rows(store)[0]["time"] == time


# Models


def test_models_tell_what_is_known_of_each(store: Store) -> None:
    said = {"task": "binary_classification", "classes": ("no", "yes"), "positive_class": "yes", "sensitive": ("sex",)}
    store.append([predictions(["a", "b"], said=said, feature__age=[1.0, 2.0])])
    store.append([predictions(["c"], time=[NOON - DAY], said={"framework": "scikit-learn"})])

    (info,) = store.models()

    assert (info.key, info.task, info.classes, info.positive_class) == (
        MODEL,
        "binary_classification",
        ("no", "yes"),
        "yes",
    )
    assert (info.sensitive, info.framework, info.columns) == (("sex",), "scikit-learn", {"feature.age": "number"})
    assert (info.rows, info.first_seen, info.last_seen) == (3, NOON - DAY, NOON + SECOND)


def test_models_count_rows_with_truth(store: Store) -> None:
    store.append([predictions(["a", "b", "c"]), truth(["a", "b", "z"], [1.0, 0.0, 1.0])])
    list(store.truth_changes(MODEL, after=0, upto=1))
    store.append([truth(["a"], [0.0]), predictions(["z"])])
    list(store.truth_changes(MODEL, after=1, upto=2))

    assert store.models()[0].labelled == 3


def test_a_table_takes_so_many_columns_and_no_more(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("miops_collector.stores._rows.MOST_SOURCES", 3)
    later = ModelKey(MODEL.name, "2")

    store.append([predictions(["a"], feature__x=[1.0], feature__y=[2.0])])
    store.append([predictions(["b"], model=later, feature__p=[3.0], feature__q=[4.0], feature__x=["text"])])
    store.append([predictions(["c"], feature__x=[5.0], feature__r=[6.0])])

    assert [(r["feature.x"], r["feature.y"]) for r in all_rows(store)] == [(1.0, 2.0), (5.0, None)]
    (row,) = all_rows(store, later)
    assert (row["feature.p"], row["feature.x"]) == (3.0, "text")
    assert not {"feature.q", "feature.r"} & {name for m in store.models() for name in m.columns}


def test_so_many_columns_of_a_table_may_change_their_type(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("miops_collector.stores._rows.MOST_FAULTS", 1)

    store.append([predictions(["a"], feature__x=[1.0], feature__y=[2.0])])
    store.append([predictions(["b"], feature__x=["text"], feature__y=["lost"])])
    store.append([predictions(["c"], feature__x=["again"], feature__y=[3.0])])

    rows = all_rows(store)
    assert [(r["feature.x"], r["feature.y"]) for r in rows] == [(1.0, 2.0), (None, None), (None, 3.0)]
    assert [r["feature.x" + FAULT_SUFFIX] for r in rows] == [None, "text", "again"]
    assert "feature.y" + FAULT_SUFFIX not in rows[0]
