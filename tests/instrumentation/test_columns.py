"""Values of every kind → typed columns → Arrow, read back by pyarrow."""

from __future__ import annotations

import datetime as dt
import decimal
import math
from typing import Any

import nanoarrow as na
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from miops.arrow import encoded, row_bytes
from miops.columns import Column, column, from_values

NAN = math.nan
ONE_OCLOCK = dt.datetime(1970, 1, 1, 1, tzinfo=dt.timezone(dt.timedelta(hours=1)))


def read(columns: dict[str, Column]) -> pa.Table:
    return read_rows(columns, len(next(iter(columns.values()))))


def read_rows(columns: dict[str, Column], rows: int) -> pa.Table:
    table = pa.ipc.open_stream(b"".join(encoded(columns, rows))).read_all()
    table.validate(full=True)
    return table


def values(given: Any, *, keep_integers: bool = False) -> tuple[str, list[Any]]:
    read_back = read({"c": column(given, keep_integers=keep_integers)}).column("c")
    plain = [None if isinstance(v, float) and math.isnan(v) else v for v in read_back.to_pylist()]
    return str(read_back.type), plain


@pytest.mark.parametrize(
    ("given", "kind", "expected"),
    [
        ([1, 2.5, None], "double", [1.0, 2.5, None]),
        ([True, False], "bool", [True, False]),
        ([True, None, False], "bool", [True, None, False]),
        ([True, 2], "double", [1.0, 2.0]),
        (["a", None, "é", ""], "string", ["a", None, "é", ""]),
        (["a", 1, 2.5, None, NAN], "string", ["a", "1", "2.5", None, None]),
        ([None, None], "double", [None, None]),
        ([], "double", []),
        ([decimal.Decimal("1.5")], "double", [1.5]),
        ([np.float32(0.5), np.int64(2), None], "double", [0.5, 2.0, None]),
        ([np.str_("x"), "y"], "string", ["x", "y"]),
        ([b"\xff", "y"], "string", ["\ufffd", "y"]),
        (["\ud800"], "string", ["?"]),
        ([dt.date(1970, 1, 2), None, ONE_OCLOCK], "double", [86400.0, None, 0.0]),
        ([(1, 2)], "string", ["(1, 2)"]),
        ([2**70, 1], "double", [float(2**70), 1.0]),
        (np.array([1, 2], dtype=np.int8), "double", [1.0, 2.0]),
        (np.array([True, False]), "bool", [True, False]),
        (np.array(["a", "bc"]), "string", ["a", "bc"]),
        (np.array([b"a"]), "string", ["a"]),
        (np.array(["1970-01-02", "NaT"], dtype="datetime64[s]"), "double", [86400.0, None]),
        (np.array([1, "a", None], dtype=object), "string", ["1", "a", None]),
        (pd.Series([1, None], dtype="Int64"), "double", [1.0, None]),
        (pd.Series([True, None], dtype="boolean"), "bool", [True, None]),
        (pd.Series(["a", None], dtype="string"), "string", ["a", None]),
        (pd.Series(["a", None, 1.5], dtype=object), "string", ["a", None, "1.5"]),
        (pd.Series(["a", None, "b"], dtype="category"), "string", ["a", None, "b"]),
        (pd.Series([3, None, 4], dtype="category"), "double", [3.0, None, 4.0]),
        (pd.Series([True, False], dtype="category"), "bool", [True, False]),
        (pd.to_datetime(pd.Series(["1970-01-02", None])), "double", [86400.0, None]),
        (pd.to_datetime(pd.Series(["1970-01-02"])).dt.tz_localize("UTC"), "double", [86400.0]),
        (pd.Series(pd.arrays.SparseArray([0.0, 1.0])), "double", [0.0, 1.0]),
        ("one", "string", ["one"]),
        (1.5, "double", [1.5]),
    ],
)  # fmt: skip
def test_every_kind_of_value(given: Any, kind: str, expected: list[Any]) -> None:
    assert values(given) == (kind, expected)


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ([1, 2], "int64"),
        (np.array([1, 2], dtype=np.uint8), "int64"),
        ([1, None], "int64"),
        ([1, 2.0], "double"),
        ([2**70], "double"),
    ],
)
def test_integer_labels_stay_integers(given: Any, kind: str) -> None:
    assert values(given, keep_integers=True)[0] == kind


scalar = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.binary(max_size=5), st.dates())


@settings(deadline=None, max_examples=60)
@given(st.lists(scalar, max_size=30))
def test_no_mixture_of_values_breaks_encoding(given: list[Any]) -> None:
    made = from_values(given)
    table = read({"c": made, "n": Column("int32", np.arange(len(given), dtype=np.int32))})

    assert table.num_rows == len(given)
    missing = {i for i, value in enumerate(given) if value is None}
    null = {i for i, value in enumerate(table.column("c").to_pylist()) if value is None or value != value}
    assert missing <= null


@pytest.mark.parametrize("rows", [0, 1, 7, 1000])
def test_every_reader_finds_the_same_in_the_stream(rows: int) -> None:
    rng = np.random.default_rng(rows)
    columns = {
        "wide": Column("binary16", rng.integers(0, 256, (rows, 16), dtype=np.uint8)),
        "span": Column("binary8", rng.integers(0, 256, (rows, 8), dtype=np.uint8), rng.random(rows) > 0.5),
        "row": Column("int32", np.arange(rows, dtype=np.int32)),
        "flag": Column("bool", rng.random(rows) > 0.5, rng.random(rows) > 0.5),
        "text": Column("utf8", [f"é{i}" for i in range(rows)], rng.random(rows) > 0.5),
        "number": Column("double", rng.normal(size=rows)),
    }
    expected = [
        [None if column.valid is not None and not column.valid[i] else _plain(column.data[i]) for i in range(rows)]
        for column in columns.values()
    ]
    by_nanoarrow = na.ArrayStream.from_readable(b"".join(encoded(columns, rows))).read_all().to_pylist()

    assert expected == [column.to_pylist() for column in read_rows(columns, rows).columns]
    assert by_nanoarrow == [dict(zip(columns, row, strict=True)) for row in zip(*expected, strict=True)]


def _plain(value: Any) -> Any:
    return value.tobytes() if isinstance(value, np.ndarray) else value.item() if hasattr(value, "item") else value


@settings(deadline=None, max_examples=30)
@given(st.lists(st.text(max_size=5), min_size=1, max_size=40), st.data())
def test_a_cut_is_the_slice(texts: list[str], data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(texts) - 1))
    stop = data.draw(st.integers(start + 1, len(texts)))
    whole = {
        "t": from_values(texts),
        "b": from_values([len(t) > 2 for t in texts]),
        "n": from_values([None if not t else len(t) for t in texts], keep_integers=True),
    }
    parts = {name: one.cut(start, stop) for name, one in whole.items()}

    assert repr(read(parts).to_pylist()) == repr(read(whole).to_pylist()[start:stop])
    assert row_bytes(whole) > 0
