from __future__ import annotations

import pyarrow as pa

from miops_collector.held import Held


def table(*values: float, name: str = "feature.x") -> pa.Table:
    return pa.table({"time": pa.array(range(len(values)), pa.int64()), name: pa.array(values, pa.float64())})


def test_tables_of_one_schema_and_the_same_classes_come_back_as_one_in_order() -> None:
    held = Held()
    for values in ((1.0, 2.0), (3.0,), (4.0, 5.0)):
        held.add(table(*values), ("a", "b"))

    [(together, classes)] = held.take()

    assert (together.column("feature.x").to_pylist(), classes) == ([1.0, 2.0, 3.0, 4.0, 5.0], ("a", "b"))


def test_other_columns_or_other_classes_stay_apart() -> None:
    held = Held()
    held.add(table(1.0), ("a", "b"))
    held.add(table(2.0), ("b", "a"))
    held.add(table(3.0, name="feature.y"), ("a", "b"))

    assert sorted((t.column_names[1], classes) for t, classes in held.take()) == [
        ("feature.x", ("a", "b")),
        ("feature.x", ("b", "a")),
        ("feature.y", ("a", "b")),
    ]


def test_words_of_different_dictionaries_come_back_as_they_were() -> None:
    held = Held()
    for words in (["a", "b"], ["b", "c"]):
        held.add(pa.table({"feature.w": pa.array(words).dictionary_encode()}), ())

    [(together, _)] = held.take()

    assert together.column("feature.w").combine_chunks().to_pylist() == ["a", "b", "b", "c"]


def test_after_taking_there_are_none() -> None:
    held = Held()
    held.add(table(1.0, 2.0), ())
    assert held.rows == 2
    assert held.nbytes > 0

    held.take()

    assert (held.rows, held.nbytes, held.take()) == (0, 0, [])
