"""What a reference freezes: task, classes, columns, categories and groups."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from miops.semconv import BINARY, MULTICLASS, RANKING, REGRESSION
from miops_collector.binning import summarise
from miops_collector.columns import Column, Numbers, Rows, Texts
from miops_collector.layout import ColumnLayout, Layout
from miops_collector.reference import build_layout, provisional_layout
from tests.collector.binning.sample_rows import clean_rows

N = 100
RNG = np.random.default_rng(0)
WHOLE = Numbers(RNG.integers(0, 5, N).astype(np.float64))
REAL = Numbers(RNG.normal(size=N))
BOOLEANS = Texts(RNG.integers(0, 2, N).astype(np.int32), ("false", "true"))
THIRTY = tuple(str(i) for i in range(30))
WORDS = Texts(RNG.integers(0, 3, N).astype(np.int32), ("cat", "dog", "emu"))
NOTHING = np.full(N, np.nan)


def rows_with(value: Column, *, score: np.ndarray = NOTHING, truth: Column | None = None, **columns: Column) -> Rows:
    return Rows(
        time=np.zeros(N, np.int64),
        weight=np.ones(N),
        duration=NOTHING,
        value=value,
        score=score,
        truth=truth,
        columns={name.replace("_", ".", 1): column for name, column in columns.items()},
    )


def column(layout: Layout, name: str) -> ColumnLayout:
    return next(c for c in layout.columns if c.name == name)


@pytest.mark.parametrize(
    ("rows", "task", "classes"),
    [
        (rows_with(BOOLEANS), BINARY, ("false", "true")),
        (rows_with(WORDS), MULTICLASS, ("cat", "dog", "emu")),
        (rows_with(WHOLE), MULTICLASS, ("0", "1", "2", "3", "4")),
        (rows_with(REAL), REGRESSION, ()),
        (rows_with(Numbers(np.arange(N, dtype=np.float64))), REGRESSION, ()),
        (
            rows_with(Numbers(np.arange(N) % 30 * 1.0), score=RNG.random(N)),
            MULTICLASS,
            THIRTY,
        ),
        (rows_with(Numbers(np.zeros(N))), BINARY, ("0", "1")),
    ],
)
def test_the_task_is_guessed_from_the_decisions(rows: Rows, task: str, classes: tuple[str, ...]) -> None:
    layout = build_layout(rows)

    assert (task, classes) == (layout.task, layout.classes)


@pytest.mark.parametrize(
    ("said", "value", "task", "classes"),
    [
        (REGRESSION, WHOLE, REGRESSION, 0),
        (RANKING, WHOLE, RANKING, 0),
        (MULTICLASS, WHOLE, MULTICLASS, 5),
        (BINARY, WHOLE, MULTICLASS, 5),
        ("nonsense", REAL, REGRESSION, 0),
    ],
)
def test_a_known_task_that_was_said_wins(said: str, value: Column, task: str, classes: int) -> None:
    layout = build_layout(rows_with(value), task=said)

    assert (task, classes) == (layout.task, len(layout.classes))


def test_classes_that_were_said_win_if_they_fit() -> None:
    rows = rows_with(Numbers(np.ones(N)))

    assert build_layout(rows, classes=("1.0", "0", "2")).classes == ("0", "1", "2")
    assert build_layout(rows, classes=("yes", "no")).classes == ("0", "1")


def test_classes_of_the_truth_belong_too_and_booleans_join_numbers() -> None:
    decided = Numbers(np.zeros(N))

    assert build_layout(rows_with(decided, truth=BOOLEANS), task=BINARY).classes == ("0", "1")
    assert build_layout(rows_with(WORDS, truth=Texts(np.zeros(N, np.int32), ("yak",)))).classes == (
        "cat",
        "dog",
        "emu",
        "yak",
    )


def test_numbers_are_sorted_as_numbers_and_texts_as_texts() -> None:
    numbers = rows_with(Numbers(np.where(RNG.random(N) < 0.5, 10.0, 9.0)))
    texts = rows_with(Texts(RNG.integers(0, 2, N).astype(np.int32), ("v9", "v10")))

    assert build_layout(numbers).classes == ("9", "10")
    assert build_layout(texts).classes == ("v10", "v9")


@pytest.mark.parametrize(("said", "positive"), [("", 1), ("true", 1), ("1.0", 1), ("0", 0), ("False", 0), ("emu", 1)])
def test_the_second_of_two_classes_is_positive_unless_said(said: str, positive: int) -> None:
    assert build_layout(rows_with(WHOLE_BINARY), positive_class=said).positive == positive


WHOLE_BINARY = Numbers(RNG.integers(0, 2, N).astype(np.float64))


def test_more_than_two_classes_have_no_positive_one() -> None:
    assert build_layout(rows_with(WORDS), positive_class="dog").positive == -1


def test_more_classes_than_can_be_told_apart_leave_the_rarest_out() -> None:
    n = 600
    codes = np.concatenate((np.arange(300), np.arange(300))).astype(np.int32)
    codes[300] = 299
    rows = replace(
        clean_rows("binary", n, 0), value=Texts(codes, tuple(f"w{i:03}" for i in range(300))), truth=None, columns={}
    )

    layout = build_layout(rows, task=MULTICLASS)

    assert len(layout.classes) == 200
    assert "w299" in layout.classes
    assert "w000" not in layout.classes


def test_probabilities_get_a_thousand_equal_bins_and_margins_their_quantiles() -> None:
    probabilities = build_layout(rows_with(WHOLE_BINARY, score=RNG.random(N)))
    margins = build_layout(rows_with(WHOLE_BINARY, score=np.linspace(-3, 3, N)))
    none = build_layout(rows_with(WHOLE_BINARY))

    np.testing.assert_array_equal(np.linspace(0, 1, 1001), probabilities.score_edges)
    assert probabilities.probabilities
    assert (margins.score_edges[0], margins.score_edges[-1], len(margins.score_edges)) == (-3.0, 3.0, 101)
    assert not margins.probabilities
    assert none.score_edges == ()
    assert [c.name for c in none.columns] == ["prediction"]


def test_class_scores_are_kept_for_three_classes_and_more() -> None:
    scores = RNG.dirichlet(np.ones(3), N)

    assert build_layout(replace(rows_with(WORDS), class_scores=scores)).class_scores
    assert not build_layout(replace(rows_with(WORDS), class_scores=scores * 3 - 1)).class_scores
    assert not build_layout(replace(rows_with(WORDS), class_scores=scores[:, :2])).class_scores
    assert not build_layout(replace(rows_with(BOOLEANS), class_scores=scores[:, :2])).class_scores


def test_features_keep_their_name_and_context_gives_way() -> None:
    rows = rows_with(REAL, feature_x=REAL, context_x=WORDS, context_region=WORDS, feature_score=REAL)

    names = {c.source: (c.name, c.role, c.kind) for c in build_layout(rows).columns}

    assert names == {
        "feature.x": ("x", "feature", "numeric"),
        "feature.score": ("feature.score", "feature", "numeric"),
        "context.x": ("context.x", "context", "categorical"),
        "context.region": ("region", "context", "categorical"),
        "value": ("prediction", "prediction", "numeric"),
    }


def test_names_differ_even_where_columns_are_named_like_sources() -> None:
    columns = dict.fromkeys(("feature.x", "context.x", "feature.context.x", "feature.prediction"), "number")

    names = [c.name for c in provisional_layout(columns).columns]

    assert len(names) == len(set(names)) == 6


def test_categories_come_by_frequency_and_the_rare_are_pooled() -> None:
    codes = np.repeat(np.arange(6), [5, 30, 25, 20, 15, 5]).astype(np.int32)
    found = column(build_layout(rows_with(REAL, feature_t=Texts(codes, tuple("abcdef"))), categorical_limit=4), "t")

    assert found.categories == ("b", "c", "d", "other (3 more)")
    assert found.pooled == ("e", "a", "f")
    assert not found.open_pool


def test_categories_too_many_to_name_make_an_open_pool() -> None:
    n = 24_000
    twice = (np.arange(n) // 2).astype(np.int32)
    rows = replace(
        clean_rows("regression", n, 0), columns={"feature.id": Texts(twice, tuple(str(i) for i in range(n // 2)))}
    )
    layout = build_layout(rows)

    later = replace(rows, columns={"feature.id": Texts(np.zeros(n, np.int32), ("never seen",))})
    delta = summarise(layout, later, 10**9)

    found = column(layout, "id")
    block = layout.blocks["column.id"]
    cells = dict(zip(delta.cells.tolist(), delta.values.tolist(), strict=True))
    assert (len(found.categories), found.pooled, found.open_pool) == (200, (), True)
    assert cells[block.start + 2 + 199] == n
    assert block.stop - 1 not in cells


def test_every_class_is_a_category_of_the_prediction() -> None:
    rows = rows_with(Numbers(np.where(np.arange(N) < 80, 1.0, 0.0)), truth=Numbers(np.full(N, 2.0)))

    assert column(build_layout(rows, task=MULTICLASS), "prediction").categories == ("1", "0", "2")


def test_whole_numbers_have_a_whole_center() -> None:
    layout = build_layout(rows_with(REAL, feature_a=WHOLE, feature_b=REAL))

    assert column(layout, "a").center == round(float(WHOLE.values.mean()))
    assert column(layout, "b").center == pytest.approx(REAL.values.mean())


def test_a_column_without_values_has_no_edges() -> None:
    found = column(build_layout(rows_with(REAL, feature_a=Numbers(NOTHING))), "a")

    assert (found.edges, found.groups, found.size) == ((), (), 4)


def test_ten_groups_of_a_column_hold_about_a_tenth_each() -> None:
    rows = clean_rows("regression", 5000, 0)

    layout = build_layout(rows)

    amounts = rows.columns["feature.amount"]
    assert isinstance(amounts, Numbers)
    found = column(layout, "amount")
    counts = np.histogram(amounts.values, found.edges)[0]
    sums = np.bincount(found.groups, weights=counts)
    assert len(found.edges) == 129
    assert len(sums) == 10
    np.testing.assert_allclose(sums, 500, atol=40)  # a bin more or less


def test_a_layout_survives_being_stored() -> None:
    layout = build_layout(clean_rows("binary", 300, 0), sensitive=("sex", "age"), categorical_limit=5)

    assert Layout.from_json(layout.to_json()) == layout
    assert Layout.from_json(layout.to_json()).id == layout.id


def test_without_a_reference_columns_are_known_by_kind_only() -> None:
    layout = provisional_layout(
        {"feature.a": "number", "feature.b": "text", "context.c": "boolean"},
        task=BINARY,
        classes=("no", "yes"),
        positive_class="no",
        low_confidence=0.8,
    )

    assert [(c.name, c.kind) for c in layout.columns] == [
        ("a", "numeric"),
        ("b", "categorical"),
        ("c", "categorical"),
        ("prediction", "categorical"),
        ("score", "numeric"),
    ]
    assert (layout.task, layout.classes, layout.positive, layout.origin) == (BINARY, ("no", "yes"), 0, "none")
    assert (layout.low_confidence, layout.score_edges, layout.axes) == (0.8, (), ())


def test_without_reference_and_classes_a_model_is_counted_as_numbers() -> None:
    layout = provisional_layout({}, task=REGRESSION)

    assert (layout.task, layout.classes) == (REGRESSION, ())
    assert column(layout, "prediction").kind == "numeric"
