"""Numbers that are whole, or levels: their distance is that of the values, not of their bins."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import wasserstein_distance

from miops_collector.binning.numeric import NumericBins
from miops_collector.columns import Numbers
from miops_collector.layout import ColumnLayout, Layout, Summaries
from miops_collector.reference.columns import NO_DEFINITION, DefinitionEdges, feature_column
from miops_collector.statistics.definitions import DEFINITIONS, Sample
from miops_collector.statistics.drift.wasserstein import wasserstein
from miops_collector.summary import Histogram

N = 5_000


def ones(rng: np.random.Generator, n: int, share: float) -> np.ndarray:
    return (rng.random(n) < share).astype(float)


def pair(kind: str) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(22)
    if kind == "flag":
        return ones(rng, N, 0.3), ones(rng, 1_000, 0.5)
    if kind == "eight levels":
        return rng.binomial(7, 0.4, N) * 1.0, rng.binomial(7, 0.55, 1_000) * 1.0
    if kind == "unequal levels":
        levels = np.array([0.0, 1.0, 10.0, 11.0])
        return rng.choice(levels, N), rng.choice(levels, 1_000, p=[0.1, 0.2, 0.3, 0.4])
    then, now = (rng.lognormal(0.0, 0.5, n) + 1.0 for n in (N, 1_000))
    return then * ones(rng, N, 0.3), now * ones(rng, 1_000, 0.6)


def summarised(column: ColumnLayout, values: np.ndarray) -> Summaries:
    layout = Layout(task="regression", columns=(column,))
    vector, extremes = layout.empty(), np.array([[values.min(), values.max()]])
    cells = NumericBins.of(np.array(column.edges)).cells(values)
    layout.blocks["column.x"].of(vector)[:] = np.bincount(cells, minlength=column.size)
    d = values - column.center
    layout.blocks["moments.x"].of(vector)[:] = (len(d), d.sum(), (d * d).sum())
    return Summaries(layout, vector, extremes)


def columns(kind: str, definition: DefinitionEdges = NO_DEFINITION) -> tuple[ColumnLayout, Summaries, Summaries]:
    then, now = pair(kind)
    column = feature_column(
        "x", "feature.x", "feature", Numbers(then), np.ones(N), bins=128, limit=200, definition=definition
    )
    return column, summarised(column, then), summarised(column, now)


@pytest.mark.parametrize("kind", ["flag", "eight levels", "unequal levels"])
def test_levels_are_as_far_apart_as_scipy_says(kind: str) -> None:
    column, then, now = columns(kind)
    a, b = then.distribution(column), now.distribution(column)
    assert isinstance(a, Histogram)
    assert isinstance(b, Histogram)

    assert wasserstein(a, b) == pytest.approx(wasserstein_distance(*pair(kind)), rel=1e-9)


@pytest.mark.parametrize("kind", ["flag", "eight levels", "unequal levels"])
@pytest.mark.parametrize("name", ["evidently", "nannyml"])
def test_they_are_so_in_other_tools_definitions_with_edges_of_their_own(kind: str, name: str) -> None:
    definition = DEFINITIONS[name]
    column, then, now = columns(kind, (definition.edges, definition.also))

    found = definition.numeric["wasserstein"](Sample.of(then, column), Sample.of(now, column), np.empty(0))

    scale = pair(kind)[0].std() if name == "evidently" else 1.0
    assert found is not None
    assert found.value == pytest.approx(wasserstein_distance(*pair(kind)) / scale, rel=1e-6)


def test_a_value_that_many_rows_are_tied_at_is_where_it_is() -> None:
    column, then, now = columns("zeros and a tail")
    a, b = then.distribution(column), now.distribution(column)
    exact = wasserstein_distance(*pair("zeros and a tail"))
    assert isinstance(a, Histogram)
    assert isinstance(b, Histogram)

    plain = wasserstein(Histogram(a.edges, a.groups, a.cells), Histogram(b.edges, b.groups, b.cells))

    assert column.atoms[0] == 0.0
    assert abs(wasserstein(a, b) - exact) < abs(plain - exact)
    assert wasserstein(a, b) == pytest.approx(exact, rel=0.02)
