"""Columns whose categories have no end: identifiers, free texts, long tails. Nothing drifts in them by being new."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from miops_collector.binning.words import Words
from miops_collector.columns import Texts
from miops_collector.layout import ColumnLayout, Layout, Summaries
from miops_collector.reference.columns import feature_column
from miops_collector.statistics.scan import LOOK_BACKS, Scan, ScanSettings
from miops_collector.statistics.scan.evidence import ColumnEvidence
from miops_collector.statistics.scan.pools import Pools
from miops_collector.statistics.scan.ragged import Ragged

Draw = Callable[[np.random.Generator, int], np.ndarray]
COLUMNS = 20
LIMIT = 200


def zipf(levels: int, power: float = 1.0) -> Draw:
    below = np.cumsum(1.0 / np.arange(1, levels + 1) ** power)
    return lambda rng, n: np.searchsorted(below / below[-1], rng.random(n))


def unique(rng: np.random.Generator, n: int) -> np.ndarray:
    return rng.integers(0, 2**62, n)


def sentences(rng: np.random.Generator, n: int) -> np.ndarray:
    """Six of ten words."""
    return rng.integers(0, 10**6, n)


def even(levels: int) -> Draw:
    return lambda rng, n: rng.integers(0, levels, n)


def texts(values: np.ndarray) -> Texts:
    words, codes = np.unique(values, return_inverse=True)
    return Texts(codes.astype(np.int32), tuple(map(str, words.tolist())))


def closed(name: str, values: Texts) -> ColumnLayout:
    """As references were frozen before columns could have an open end."""
    counts = np.bincount(values.codes, minlength=len(values.words))
    ranked = tuple(values.words[i] for i in np.argsort(-counts, kind="stable"))
    if len(ranked) <= LIMIT:
        return ColumnLayout(name, name, "feature", "categorical", categories=ranked)
    kept, rest = ranked[: LIMIT - 1], ranked[LIMIT - 1 :]
    return ColumnLayout(name, name, "feature", "categorical", categories=(*kept, "other"), pooled=rest)


def frozen(name: str, values: Texts) -> ColumnLayout:
    return feature_column(name, name, "feature", values, np.ones(len(values.codes)), bins=128, limit=LIMIT)


def cells(column: ColumnLayout, values: Texts) -> np.ndarray:
    table = Words.of_categories(column.categories, pooled=column.pooled, open_pool=column.open_pool)
    found = table.cells(values, 0, len(column.categories))
    return np.bincount(found, minlength=column.size).astype(np.float64)


def scanned(
    draw: Draw, rows: int, of_reference: int, *, freeze: Callable[[str, Texts], ColumnLayout], seed: int,
    then: Draw | None = None,
) -> list[ColumnEvidence]:  # fmt: skip
    """Evidence about columns with a reference of their own each, when the look-backs are full."""
    rng = np.random.default_rng(seed)
    columns, counts = [], []
    for i in range(COLUMNS):
        reference = texts(draw(rng, of_reference))
        columns.append(freeze(f"c{i}", reference))
        runs = np.diff((0, *LOOK_BACKS))
        windows = [cells(columns[i], texts((then or draw)(rng, rows * run))) for run in runs.tolist()]
        counts.append([cells(columns[i], reference), *np.cumsum(windows, axis=0)])
    layout = Layout(task="regression", columns=tuple(columns))
    sums = []
    for place in range(1 + len(LOOK_BACKS)):
        vector = layout.empty()
        for column, found in zip(columns, counts, strict=True):
            layout.blocks[f"column.{column.name}"].of(vector)[:] = found[place]
        sums.append(Summaries(layout, vector, layout.empty_extremes()))
    return list(Scan.of(layout, sums[0], ScanSettings()).evaluate(list(zip(LOOK_BACKS, sums[1:], strict=True))))


@pytest.mark.parametrize("freeze", [frozen, closed])
@pytest.mark.parametrize(
    ("draw", "rows", "of_reference"),
    [
        (unique, 150, 10_000),
        (unique, 150, 190),
        (sentences, 250, 2_000),
        (zipf(3_000), 200, 10_000),
        (zipf(3_000), 1_000, 1_000),
        (zipf(10**6), 500, 10_000),
        (zipf(10**6, 1.4), 1_000, 1_000),
        (even(300), 200, 10_000),
        (even(2_000), 200, 10_000),
    ],
)
def test_new_values_are_no_drift_where_categories_have_no_end(
    draw: Draw, rows: int, of_reference: int, freeze: Callable[[str, Texts], ColumnLayout]
) -> None:
    found = scanned(draw, rows, of_reference, freeze=freeze, seed=3)

    p = np.array([e.p_value for e in found])
    assert not [e.what for e in found if e.rejected]
    assert (p < 0.05).sum() <= 5, "binomial at the level: 99.9 % of draws have no more"
    assert p.min() > 1e-4


@pytest.mark.parametrize("freeze", [frozen, closed])
def test_a_value_that_takes_over_and_a_tail_that_grows_are_still_found(
    freeze: Callable[[str, Texts], ColumnLayout],
) -> None:
    draw = zipf(10**6)

    def first(rng: np.random.Generator, n: int) -> np.ndarray:
        return np.where(rng.random(n) < 0.1, 0, draw(rng, n))

    def tail(rng: np.random.Generator, n: int) -> np.ndarray:
        return np.where(rng.random(n) < 0.3, 10**6 + rng.integers(0, 10**6, n), draw(rng, n))

    taken = scanned(draw, 200, 10_000, freeze=freeze, seed=4, then=first)
    grown = scanned(draw, 200, 10_000, freeze=freeze, seed=5, then=tail)

    assert all(e.rejected for e in taken)
    assert sum(e.rejected for e in grown) >= 0.9 * COLUMNS


def test_an_identifier_is_one_cell() -> None:
    reference = texts(unique(np.random.default_rng(1), 10_000))
    column = frozen("id", reference)

    assert column.is_identifier
    assert column.categories == ("other (10000 more)",)


def test_few_categories_are_told_apart_as_ever_and_long_tails_by_their_heads() -> None:
    rng = np.random.default_rng(2)
    few = frozen("few", texts(even(50)(rng, 1_000)))
    long = frozen("long", texts(zipf(10**6)(rng, 10_000)))

    assert (len(few.categories), few.has_pool) == (50, False)
    assert long.open_pool
    assert long.pooled == ()
    assert 40 < len(long.categories) < 100


def test_a_pool_that_grew_is_told_with_what_is_new_in_it() -> None:
    def tail(rng: np.random.Generator, n: int) -> np.ndarray:
        return np.where(rng.random(n) < 0.5, 10**6 + rng.integers(0, 10**6, n), zipf(3_000)(rng, n))

    found = scanned(zipf(3_000), 200, 10_000, freeze=closed, seed=6, then=tail)

    told = [e.what for e in found if e.statistic in ("shape", "category") and "'other'" in e.what]
    assert all(float(what.rpartition("→ ")[2].partition("%")[0]) > 60.0 for what in told)
    assert all(e.rejected for e in found)


@pytest.mark.parametrize("levels", [2, 5, 20, 50])
def test_a_column_of_few_categories_has_no_pool_and_no_luck(levels: int) -> None:
    """Its figures are those of a plain two-sample test."""
    rng = np.random.default_rng(levels)
    column = closed("c", texts(zipf(levels, 0.5)(rng, 10_000)))
    layout = Layout(task="regression", columns=(column,))
    flat = cells(column, texts(zipf(levels, 0.5)(rng, 10_000)))[2:]

    pools = Pools.of(Ragged.of(layout, [column]), [column], flat, np.zeros(1))

    np.testing.assert_array_equal(flat, pools.reference(flat))
    np.testing.assert_array_equal(flat, pools.joined(flat))
    np.testing.assert_array_equal(np.append(np.ones(levels), 0.0), pools.solid)
    assert pools.blur.tolist() == [1.0]
    assert pools.alone.all()
