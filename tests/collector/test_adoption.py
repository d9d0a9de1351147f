from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from miops_collector.adoption import Said, automatic_reference, given_reference, plain_layout
from miops_collector.config import ModelConfig
from miops_collector.errors import InputError
from miops_collector.layout import Layout
from miops_collector.stores._settings import StoreSettings
from miops_collector.stores._store import ModelInfo
from miops_collector.stores.duckdb import DuckDBStore
from tests.collector.little_model import CONFIG, HOUR, MODEL, START, config, predictions, reference, spread

BINARY = Said("binary_classification", ("0", "1"), "1", ("g",))
NOBODY = Said()


@pytest.fixture
def store() -> Iterator[DuckDBStore]:
    opened = DuckDBStore(None, StoreSettings(minimum_free_mib=1))
    yield opened
    opened.close()


def given(table: pa.Table, said: Said = BINARY, **changes: Any) -> Any:
    return given_reference(table, MODEL, said, config(**changes), origin="given", created_at=7)


def test_a_reference_is_summed_with_its_truth() -> None:
    table = reference(200).table

    made = given(table)

    volume = made.summaries.volume
    assert (volume.rows, volume.labelled, made.rows, made.created_at) == (200, 200, 200, 7)
    assert made.summaries.confusion is not None
    assert made.summaries.confusion.cells.sum() == 200
    assert [axis.columns for axis in made.layout.axes] == [("g",)]
    assert made.layout.origin == "given"


def test_a_reference_without_truth_has_no_labelled_rows() -> None:
    made = given(predictions(range(100), START).table)

    assert (made.summaries.volume.rows, made.summaries.volume.labelled) == (100, 0)


@pytest.mark.parametrize("rows", [0, 1, 49])
def test_a_reference_of_few_rows_is_refused_with_a_word_on_how_many_there_should_be(rows: int) -> None:
    with pytest.raises(
        InputError, match=f"a reference of {rows} rows for model 'credit' is too small: give at least 50"
    ):
        given(reference(rows).table if rows else pa.table({}))


def test_configuration_wins_over_telemetry_over_a_guess() -> None:
    models = {MODEL.name: ModelConfig(positive_class="0", sensitive=("c",))}

    made = given(reference(100).table, models=models)

    assert made.layout.classes[made.layout.positive] == "0"
    assert [axis.columns for axis in made.layout.axes] == [("c",)]
    assert made.layout.task == "binary_classification"


def test_what_nobody_said_is_guessed_from_the_rows() -> None:
    assert given(reference(100).table, NOBODY).layout.task == "binary_classification"


def test_what_was_said_first_holds_and_the_rest_is_filled_in() -> None:
    partly = Said(positive_class="1")

    assert partly.or_else(BINARY) == BINARY
    assert BINARY.or_else(Said("regression", ("x",), "x", ("y",))) == BINARY


def test_what_was_said_reads_back() -> None:
    assert Said.from_json(asdict(BINARY)) == BINARY
    assert hash(Said.from_json({**asdict(BINARY), "classes": ["0", "1"]})) == hash(BINARY)


def test_the_first_rows_are_the_reference_and_no_more(store: DuckDBStore) -> None:
    for first in (0, 80):
        store.append([predictions(range(first, first + 80), START)])
    (info,) = store.models()

    made = automatic_reference(store, info, config(reference="auto", reference_rows=100), 7)

    assert made is not None
    assert (made.rows, made.layout.origin) == (100, "auto")
    whole = given(predictions(range(100), START).table, Said("binary_classification", ("0", "1"), "1"))
    np.testing.assert_allclose(made.summaries.vector, whole.summaries.vector)


@pytest.mark.parametrize(("mode", "rows"), [("auto", 99), ("explicit", 200)])
def test_there_is_no_automatic_reference_before_time_or_unasked(store: DuckDBStore, mode: str, rows: int) -> None:
    store.append([predictions(range(rows), START)])
    (info,) = store.models()

    assert automatic_reference(store, info, config(reference=mode, reference_rows=100), 7) is None


def test_a_model_without_reference_is_laid_out_by_what_is_known_of_it() -> None:
    info = ModelInfo(MODEL, classes=("no", "yes"), columns={"feature.x": "number", "context.g": "text"})

    layout = plain_layout(info, CONFIG)

    assert [c.name for c in layout.columns] == ["x", "g", "prediction", "score"]
    assert layout.classes == ("no", "yes")
    assert layout.origin == "none"
    assert plain_layout(info, config(models={MODEL.name: ModelConfig(task="regression")})).classes == ()


def test_edges_of_a_definition_are_frozen_with_the_reference() -> None:
    table = reference(200).table
    own = given(table)

    theirs = given(table, models={MODEL.name: ModelConfig(definitions="nannyml")})

    column = next(c for c in theirs.layout.columns if c.definition_edges)
    values = table.column(column.source).drop_null().to_numpy()
    values = values[np.isfinite(values)]
    np.testing.assert_array_equal(column.definition_edges, np.histogram_bin_edges(values, bins="doane"))
    assert set(column.definition_edges) <= set(column.edges)
    assert not any(c.definition_edges for c in own.layout.columns)


def test_thresholds_over_chunks_of_the_reference_are_frozen_with_it() -> None:
    table = predictions(range(240), spread(240, START, 6 * HOUR)).table

    theirs = given(table, models={MODEL.name: ModelConfig(definitions="nannyml")}, windows=("1h", "1d"))

    for column in theirs.layout.columns:
        methods = {name for name, _, _, _ in column.definition_thresholds}
        own = {"l_infinity"} if column.kind == "categorical" else {"kolmogorov_smirnov", "wasserstein"}
        assert methods == own | {"hellinger", "jensen_shannon"}
        lengths = {label: chunks for _, label, _, chunks in column.definition_thresholds}
        assert lengths == {"": 10, "1h": 6}, "no days: all rows are of one"
        assert all(0 < limit < 100 for _, _, limit, _ in column.definition_thresholds)
    assert Layout.from_json(theirs.layout.to_json()) == theirs.layout == theirs.summaries.layout
    for other in ("miops", "evidently", "azure"):
        made = given(table, models={MODEL.name: ModelConfig(definitions=other)})
        assert not any(c.definition_thresholds for c in made.layout.columns)


def test_a_reference_without_times_has_only_the_thresholds_of_ten_chunks_in_its_order() -> None:
    made = given(reference(200).table, models={MODEL.name: ModelConfig(definitions="nannyml")})

    found = {label for c in made.layout.columns for _, label, _, _ in c.definition_thresholds}

    assert found == {""}


def test_a_column_without_values_in_the_reference_has_no_thresholds_and_one_with_few_has_those_of_its_chunks() -> None:
    rows = 200
    few = [1.0 * (i % 7) if i < 90 else None for i in range(rows)]
    table = predictions(range(rows), START, few=few, nothing=[None] * rows).table

    made = given(table, models={MODEL.name: ModelConfig(definitions="nannyml")})

    found = {c.name: {n for _, _, _, n in c.definition_thresholds} for c in made.layout.columns}
    assert found["nothing"] == set()
    assert found["few"] == {5}
    assert Layout.from_json(made.layout.to_json()) == made.layout
