"""The employment survey through real reference bins, panes and signals gives NannyML 0.13.1's numbers."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from miops_collector.binning import summarise, summarise_truth
from miops_collector.columns import Numbers, Rows, Texts
from miops_collector.layout import Layout, Summaries
from miops_collector.panes import PaneSet
from miops_collector.reference import build_layout
from miops_collector.report import ModelKey, Observation
from miops_collector.signals import Context, evaluate_all
from miops_collector.statistics.drift.chi_square import chi_square
from miops_collector.window import Window
from tests.collector.statistics.test_drift import bin_mass, width_bound

ONE_PANE = 2**62
NUMERIC = ("AGEP", "predicted_probability")
OURS = {"predicted_probability": "score"}
EQUAL = {"atol": 1e-9, "rtol": 0}
CONTEXT = Context(ModelKey("employment", "1"), Window(0, ONE_PANE), computed_at=0, complete=True)


def texts(column: pd.Series) -> Texts:
    codes, words = pd.factorize(column.astype(str))
    return Texts(codes.astype(np.int32), tuple(words))


def rows_of(frame: pd.DataFrame, features: list[str]) -> Rows:
    n = len(frame)
    score = frame["predicted_probability"].to_numpy()
    columns: dict[str, Numbers | Texts] = {f"feature.{c}": texts(frame[c]) for c in features if c != "AGEP"}
    columns["feature.AGEP"] = Numbers(frame["AGEP"].to_numpy(np.float64))
    return Rows(
        time=np.zeros(n, np.int64),
        weight=np.ones(n),
        duration=np.full(n, np.nan),
        value=texts(frame["prediction"]),
        score=score,
        class_scores=np.stack((1 - score, score), axis=1),
        columns=columns,
        truth=texts(frame["employed"]),
    )


def summed(layout: Layout, rows: Rows) -> Summaries:
    panes = PaneSet(layout, ONE_PANE, ((ONE_PANE, 0),))
    panes.add(summarise(layout, rows, ONE_PANE))
    panes.add(summarise_truth(layout, rows, ONE_PANE))
    return panes.window(Window(0, ONE_PANE))


@pytest.fixture(scope="module")
def golden(shared: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((shared / "golden" / "nannyml_employment_ma.json").read_text())
    return found


@pytest.fixture(scope="module")
def run(shared: Path, golden: dict[str, Any]) -> tuple[Summaries, list[Summaries], list[tuple[Observation, ...]]]:
    """The reference, every chunk, and what is observed of it."""
    frame = pd.read_parquet(shared / "data" / "employment_ma.parquet")
    features = [c for c in frame.columns if c.isupper()]
    parts = {"reference": frame[frame["year"] == 2015], "analysis": frame[frame["year"] > 2015]}
    rows = rows_of(parts["reference"], features)
    layout = build_layout(rows, classes=("0", "1"), positive_class="1", sensitive=("SEX", "RAC1P"))
    reference = summed(layout, rows)
    chunks = [summed(layout, rows_of(parts[p].iloc[start : end + 1], features)) for start, end, p in golden["chunks"]]
    return reference, chunks, [evaluate_all(CONTEXT, reference, chunk) for chunk in chunks]


@pytest.fixture(scope="module")
def series(run: Any) -> Callable[..., list[float]]:
    tables = [
        {(o.metric, o.column): o.value for o in observations if not o.sensitive_feature} for observations in run[2]
    ]
    return lambda metric, column="": [table[f"miops.{metric}", column] for table in tables]


@pytest.mark.parametrize("statistic", ["jensen_shannon", "hellinger", "l_infinity"])
def test_categorical_drift_is_equal(statistic: str, golden: dict[str, Any], series: Any) -> None:
    for column, expected in golden["drift"][statistic].items():
        if column not in NUMERIC:
            np.testing.assert_allclose(series(f"drift.{statistic}", column), expected, **EQUAL)


def test_chi_square_is_equal_but_for_that_tools_correction_of_two_categories(
    golden: dict[str, Any], series: Any, run: Any
) -> None:
    reference, chunks, _ = run
    for column in reference.layout.columns:
        expected = golden["drift"]["chi2"].get(column.name)
        if expected is None:
            continue
        then = reference.distribution(column)
        corrected = [chi_square(then, chunk.distribution(column), yates=True) for chunk in chunks]
        np.testing.assert_allclose(corrected, expected, **EQUAL)
        if len(column.categories) > 2:
            np.testing.assert_allclose(series("drift.chi_square", column.name), expected, **EQUAL)


@pytest.mark.parametrize("column", NUMERIC)
def test_numeric_distances_are_within_the_bound_of_the_bins(
    column: str, golden: dict[str, Any], series: Any, run: Any
) -> None:
    reference, chunks, _ = run
    name = OURS.get(column, column)
    layout = next(c for c in reference.layout.columns if c.name == name)
    then, now = reference.distribution(layout), [chunk.distribution(layout) for chunk in chunks]
    drift = golden["drift"]
    ks = np.abs(np.subtract(series("drift.kolmogorov_smirnov", name), drift["kolmogorov_smirnov"][column]))
    shift = np.abs(np.subtract(series("drift.wasserstein", name), drift["wasserstein"][column]))

    assert (ks <= [bin_mass(then, x) for x in now]).all()
    assert (shift <= [width_bound(then, x) for x in now]).all()
    assert shift.max() <= 0.003 * reference.moments(layout).std


def test_realised_performance_is_equal(golden: dict[str, Any], series: Any) -> None:
    realised = golden["realized_performance"]
    for statistic in ("accuracy", "f1", "precision", "recall"):
        ours = series(f"performance.{statistic}")
        np.testing.assert_allclose(ours, realised[statistic]["value"], rtol=0, atol=1e-6)
    np.testing.assert_allclose(series("performance.roc_auc"), realised["roc_auc"]["value"], rtol=0, atol=2e-4)


@pytest.mark.parametrize("statistic", ["roc_auc", "accuracy", "precision", "recall", "f1"])
def test_estimated_performance_is_equal_but_for_a_thousand_bins(
    statistic: str, golden: dict[str, Any], series: Any
) -> None:
    expected = golden["estimated_performance"][statistic]["value"]

    np.testing.assert_allclose(series(f"estimated_performance.{statistic}"), expected, rtol=0, atol=3e-4)


def test_groups_of_the_survey_are_observed(run: Any) -> None:
    found = {(o.metric, o.sensitive_feature, o.group) for o in run[2][0]}

    assert ("miops.fairness.selection_rate", "SEX", "2") in found
    assert ("miops.fairness.demographic_parity_difference", "SEX & RAC1P", "") in found
