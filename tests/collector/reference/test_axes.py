"""Groups that are compared: by category, by quartile, together, and never too many."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np

from miops_collector.columns import Column, Numbers, Texts
from miops_collector.layout import GroupAxis, Layout
from miops_collector.reference import build_layout
from tests.collector.binning.sample_rows import clean_rows

N = 4000
RNG = np.random.default_rng(0)


def words(count: int) -> Texts:
    """Word 0 most often, the last one least, in numbers that leave no doubt which is rarer."""
    rows = np.round(N / np.arange(1, count + 1) / np.sum(1.0 / np.arange(1, count + 1))).astype(int)
    codes = np.repeat(np.arange(count, dtype=np.int32), rows)
    return Texts(np.resize(RNG.permutation(codes), N), tuple(f"w{i}" for i in range(count)))


def layout_of(kind: str = "binary", **columns: Column) -> Layout:
    rows = replace(clean_rows(kind, N, 0), columns={f"context.{name}": c for name, c in columns.items()})
    return build_layout(rows, sensitive=tuple(columns))


def axes_of(**columns: Column) -> tuple[GroupAxis, ...]:
    return layout_of(**columns).axes


def test_each_column_is_an_axis_and_all_of_them_together() -> None:
    sex, age = Texts(np.arange(N, dtype=np.int32) % 2, ("F", "M")), Numbers(RNG.integers(18, 66, N) * 1.0)

    axes = axes_of(sex=sex, age=age)

    assert [axis.columns for axis in axes] == [("sex",), ("age",), ("sex", "age")]
    assert axes[0].names == ("F", "M")
    assert len(axes[1].names) == 4
    assert axes[1].names[0].startswith("18-")
    assert axes[1].names[3].endswith("-65")
    assert axes[2].names[:2] == (f"F & {axes[1].names[0]}", f"F & {axes[1].names[1]}")


def test_names_of_whole_number_groups_touch_without_overlap() -> None:
    (axis,) = axes_of(age=Numbers(RNG.integers(18, 66, N) * 1.0))

    bounds = [tuple(map(int, name.split("-"))) for name in axis.names]
    assert all(after[0] == before[1] + 1 for before, after in pairwise(bounds))


def test_numbers_with_few_values_are_a_group_each() -> None:
    (axis,) = axes_of(children=Numbers(RNG.integers(0, 3, N) * 1.0))

    assert axis.names == ("0", "1", "2")


def test_fractions_and_negative_numbers_have_readable_names() -> None:
    (axis,) = axes_of(balance=Numbers(RNG.normal(size=N) * 1000))

    assert len(axis.names) == 4
    assert all(" to " in name for name in axis.names)


def test_an_axis_has_at_most_64_groups() -> None:
    single, _, both = axes_of(place=words(100), race=words(9))

    assert len(single.names) == 64
    assert len(both.names) == 64
    assert both.parts == (tuple(f"w{i}" for i in range(8)), tuple(f"w{i}" for i in range(8)))


def test_numbers_alone_that_make_too_many_groups_have_no_intersection() -> None:
    axes = axes_of(**{name: Numbers(RNG.normal(size=N)) for name in "abcd"})

    assert [axis.columns for axis in axes] == [("a",), ("b",), ("c",), ("d",)]


def test_axes_that_would_take_too_many_cells_are_left_out() -> None:
    rows = replace(
        clean_rows("binary", N, 0),
        value=Texts(RNG.integers(0, 120, N).astype(np.int32), tuple(f"c{i}" for i in range(120))),
        truth=None,
        columns={"context.place": words(50), "context.sex": words(2)},
    )

    axes = build_layout(rows, task="multiclass_classification", sensitive=("place", "sex")).axes

    assert [axis.columns for axis in axes] == [("sex",)]


def test_columns_the_reference_lacks_have_no_axis() -> None:
    rows = clean_rows("binary", N, 0)

    assert build_layout(rows, sensitive=("nowhere",)).axes == ()
    assert axes_of(nothing=Numbers(np.full(N, np.nan))) == ()


def test_groups_of_a_regression_are_compared_too() -> None:
    layout = layout_of("regression", sex=words(2))

    assert [axis.columns for axis in layout.axes] == [("sex",)]
    assert layout.blocks["labelled.residuals.groups.0"].shape == (2, 14)
    assert layout.blocks["predictions.groups.0"].shape == (2, 15)


def test_columns_are_found_by_name_or_source_and_once() -> None:
    rows = clean_rows("binary", N, 0)

    axes = build_layout(rows, sensitive=("context.sex", "sex")).axes

    assert [axis.columns for axis in axes] == [("sex",)]


def test_pooled_categories_are_no_group() -> None:
    rows = replace(clean_rows("binary", N, 0), columns={"context.place": words(10)})

    (axis,) = build_layout(rows, sensitive=("place",), categorical_limit=4).axes

    assert axis.names == ("w0", "w1", "w2")
