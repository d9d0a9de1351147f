from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from miops_collector.columns import Numbers, Texts
from miops_collector.schema import FAULT_SUFFIX
from miops_collector.summarise import rows_of, scored_classes


def table(n: int = 3, **columns: Any) -> pa.Table:
    return pa.table({"time": pa.array(range(n), pa.int64()), **{k.replace("__", "."): v for k, v in columns.items()}})


def words(column: object) -> list[str | None]:
    assert isinstance(column, Texts)
    return [None if code < 0 else column.words[code] for code in column.codes.tolist()]


def numbers(column: object) -> list[float]:
    assert isinstance(column, Numbers)
    return column.values.tolist()


def test_what_is_absent_is_missing() -> None:
    rows = rows_of(table())

    assert len(rows) == 3
    assert rows.weight.tolist() == [1.0] * 3
    assert np.isnan(rows.score).all()
    assert np.isnan(rows.duration).all()
    assert np.isnan(numbers(rows.value)).all()
    assert rows.columns == {}
    assert rows.truth is rows.sign is rows.class_scores is None


def test_durations_are_seconds_and_nulls_are_missing() -> None:
    rows = rows_of(table(duration=[2_000_000_000, None, 5], weight=[None, 2.5, 0.0], score=[0.5, None, 1.0]))

    assert rows.duration[0] == 2.0
    assert np.isnan(rows.duration[1])
    assert rows.weight.tolist() == [1.0, 2.5, 0.0]
    assert np.isnan(rows.score[1])


@pytest.mark.parametrize(
    "array",
    [
        pa.array([1, 0, 1], pa.int8()), pa.array([1, 0, 1], pa.uint64()), pa.array([1, 0, 1], pa.float32()),
        pa.chunked_array([[1.0], [0.0, 1.0]]),
    ],
)  # fmt: skip
def test_numbers_of_every_type_are_numbers(array: Any) -> None:
    assert numbers(rows_of(table(feature__x=array)).columns["feature.x"]) == [1.0, 0.0, 1.0]


@pytest.mark.parametrize(
    "array",
    [
        pa.array(["b", None, "a"]), pa.array(["b", None, "a"], pa.large_string()),
        pa.array(["b", None, "a"]).dictionary_encode(), pa.chunked_array([["b"], [None, "a"]]),
        pa.chunked_array([pa.array(["b"]).dictionary_encode(), pa.array([None, "a"]).dictionary_encode()]),
    ],
)  # fmt: skip
def test_texts_of_every_type_are_texts(array: Any) -> None:
    assert words(rows_of(table(feature__c=array)).columns["feature.c"]) == ["b", None, "a"]


def test_booleans_are_two_words() -> None:
    assert words(rows_of(table(context__b=[True, None, False])).columns["context.b"]) == ["true", None, "false"]


def test_a_column_of_nulls_is_missing() -> None:
    assert np.isnan(numbers(rows_of(table(feature__x=pa.nulls(3))).columns["feature.x"])).all()


def test_only_inputs_and_context_are_monitored() -> None:
    rows = rows_of(table(feature__x=[1.0] * 3, context__g=["a"] * 3, attribution__x=[0.1] * 3, scores__0=[0.5] * 3))

    assert rows.columns.keys() == {"feature.x", "context.g"}


def test_values_of_the_wrong_type_are_faults_of_their_column() -> None:
    names = {"feature.x": [1.0, None, 3.0], "feature.x" + FAULT_SUFFIX: [None, "many", None]}
    rows = rows_of(table(**names, feature__c=["a", None, "b"], **{"feature.c" + FAULT_SUFFIX: [None, "7", None]}))

    assert rows.columns.keys() == {"feature.x", "feature.c"}
    for column in rows.columns.values():
        assert column.faults is not None
        assert column.faults.tolist() == [False, True, False]


def test_decisions_are_numbers_or_texts_or_both_as_texts() -> None:
    plain = rows_of(table(value_number=[1.0, 0.0, None]))
    text = rows_of(table(value_number=pa.nulls(3, pa.float64()), value_text=["yes", None, "no"]))
    both = rows_of(table(value_number=[None, 2.0, None], value_text=["yes", None, None]))

    assert numbers(plain.value)[:2] == [1.0, 0.0]
    assert words(text.value) == ["yes", None, "no"]
    assert words(both.value) == ["yes", "2", None]


def test_truth_is_there_only_if_the_table_has_it() -> None:
    rows = rows_of(table(truth_number=[1.0, None, 0.0], truth_text=pa.nulls(3, pa.string()), sign=[1.0, -1.0, 1.0]))

    assert rows.truth is not None
    assert numbers(rows.truth)[0] == 1.0
    assert rows.sign is not None
    assert rows.sign.tolist() == [1.0, -1.0, 1.0]


SCORES = {f"scores__{i}": [float(i), 0.0, 0.1] for i in range(3)}


def test_class_scores_come_in_the_order_of_the_layout_s_classes() -> None:
    rows = rows_of(table(**SCORES), classes=("c", "a", "b"), scored=("a", "b", "c"))

    assert scored_classes(table(**SCORES)) == 3
    assert rows.class_scores is not None
    assert rows.class_scores[0].tolist() == [2.0, 0.0, 1.0]


@pytest.mark.parametrize(
    ("classes", "scored"),
    [(("a", "b", "x"), ("a", "b", "c")), (("a", "b", "c"), ("a", "b")), (("a", "b", "c"), ())],
)
def test_class_scores_of_classes_that_are_not_known_are_left_out(
    classes: tuple[str, ...], scored: tuple[str, ...]
) -> None:
    assert rows_of(table(**SCORES), classes=classes, scored=scored).class_scores is None


def test_two_class_scores_say_no_more_than_one() -> None:
    two = {name: values for name, values in SCORES.items() if name != "scores__2"}

    assert rows_of(table(**two), classes=("a", "b"), scored=("a", "b")).class_scores is None


def test_no_rows_are_no_rows() -> None:
    rows = rows_of(table(0, feature__x=pa.array([], pa.float64()), feature__c=pa.array([], pa.string())))

    assert len(rows) == 0
