"""The same rows and chunks as NannyML 0.13.1 give the same numbers, or differ by no more than the bins explain."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import ks_2samp
from sklearn import metrics

from miops_collector.statistics.drift.chi_square import chi_square
from miops_collector.statistics.drift.hellinger import hellinger
from miops_collector.statistics.drift.jensen_shannon import jensen_shannon
from miops_collector.statistics.drift.kolmogorov_smirnov import kolmogorov_smirnov
from miops_collector.statistics.drift.l_infinity import l_infinity
from miops_collector.statistics.drift.wasserstein import wasserstein
from miops_collector.statistics.performance.accuracy import accuracy
from miops_collector.statistics.performance.f1 import f1
from miops_collector.statistics.performance.precision import precision
from miops_collector.statistics.performance.recall import recall
from miops_collector.statistics.performance.roc_auc import roc_auc
from tests.collector.statistics import rows
from tests.collector.statistics.test_drift import bin_mass, width_bound
from tests.collector.statistics.test_performance import auc_bound

NUMERIC = ("AGEP", "predicted_probability")
WRITTEN_TO = 1e-9
"""The golden file has ten decimals."""
KS_OF_TEN_THOUSAND_BINS = 3e-3
"""NannyML's own distance is of 10,000 equal bins for a reference of this size: that far from SciPy's on these rows."""


@pytest.fixture(scope="module")
def golden(shared: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((shared / "golden" / "nannyml_employment_ma.json").read_text())
    return found


@pytest.fixture(scope="module")
def frame(shared: Path) -> pd.DataFrame:
    return pd.read_parquet(shared / "data" / "employment_ma.parquet")


@pytest.fixture(scope="module")
def reference(frame: pd.DataFrame) -> pd.DataFrame:
    return frame[frame["year"] == 2015]


@pytest.fixture(scope="module")
def chunks(golden: dict[str, Any], frame: pd.DataFrame, reference: pd.DataFrame) -> list[pd.DataFrame]:
    parts = {"reference": reference, "analysis": frame[frame["year"] > 2015]}
    return [parts[period].iloc[start : end + 1] for start, end, period in golden["chunks"]]


def test_categorical_drift_is_equal(golden: dict[str, Any], reference: pd.DataFrame, chunks: list[Any]) -> None:
    drift = golden["drift"]
    for column, expected in drift["chi2"].items():
        values = reference[column].astype(str)
        categories = list(values.value_counts().index)
        then = rows.frequencies(categories, values)
        now = [rows.frequencies(categories, chunk[column].astype(str)) for chunk in chunks]

        for statistic in (jensen_shannon, hellinger, l_infinity):
            ours = [statistic(then, x) for x in now]
            np.testing.assert_allclose(ours, drift[statistic.__name__][column], rtol=0, atol=WRITTEN_TO)
        ours = [chi_square(then, x, yates=True) for x in now]  # NannyML corrects tables of two categories
        np.testing.assert_allclose(ours, expected, rtol=0, atol=WRITTEN_TO)
        if len(categories) > 2:
            ours = [chi_square(then, x) for x in now]
            np.testing.assert_allclose(ours, expected, rtol=0, atol=WRITTEN_TO)


@pytest.mark.parametrize("column", NUMERIC)
def test_numeric_divergence_is_equal_on_that_tools_edges(
    column: str, golden: dict[str, Any], reference: pd.DataFrame, chunks: list[Any]
) -> None:
    edges = np.histogram_bin_edges(reference[column].to_numpy(), bins="doane")
    then = rows.histogram(edges, reference[column])
    now = [rows.histogram(edges, chunk[column]) for chunk in chunks]

    for statistic in (jensen_shannon, hellinger):
        ours = [statistic(then, x) for x in now]
        np.testing.assert_allclose(ours, golden["drift"][statistic.__name__][column], rtol=0, atol=WRITTEN_TO)


@pytest.mark.parametrize("column", NUMERIC)
def test_kolmogorov_smirnov_is_within_the_bound_of_the_bins(
    column: str, golden: dict[str, Any], reference: pd.DataFrame, chunks: list[Any]
) -> None:
    edges = rows.quantile_edges(reference[column])
    then = rows.histogram(edges, reference[column])
    for chunk, theirs in zip(chunks, golden["drift"]["kolmogorov_smirnov"][column], strict=True):
        now = rows.histogram(edges, chunk[column])
        ours, bound = kolmogorov_smirnov(then, now), bin_mass(then, now)
        exact = ks_2samp(reference[column], chunk[column], method="asymp").statistic

        assert ours - 1e-12 <= exact <= ours + bound
        assert abs(ours - theirs) <= bound + KS_OF_TEN_THOUSAND_BINS
        assert abs(exact - theirs) <= KS_OF_TEN_THOUSAND_BINS


@pytest.mark.parametrize("column", NUMERIC)
def test_wasserstein_is_within_the_bound_of_the_bins(
    column: str, golden: dict[str, Any], reference: pd.DataFrame, chunks: list[Any]
) -> None:
    edges = rows.quantile_edges(reference[column])
    then = rows.histogram(edges, reference[column])
    for chunk, theirs in zip(chunks, golden["drift"]["wasserstein"][column], strict=True):
        now = rows.histogram(edges, chunk[column])
        ours, bound = wasserstein(then, now), width_bound(then, now)

        assert abs(ours - theirs) <= bound
        assert abs(ours - theirs) <= 0.003 * float(reference[column].std())


def test_realised_performance_is_equal(golden: dict[str, Any], chunks: list[Any]) -> None:
    expected = golden["realized_performance"]
    confusions = [rows.confusion(c["employed"], c["prediction"], 2, positive=1) for c in chunks]

    for statistic in (accuracy, f1, precision, recall):
        ours = [statistic(c) for c in confusions]
        np.testing.assert_allclose(ours, expected[statistic.__name__]["value"], rtol=0, atol=1e-6)


def test_realised_roc_auc_is_equal_exactly_and_within_the_bound_from_a_thousand_bins(
    golden: dict[str, Any], chunks: list[Any]
) -> None:
    for chunk, theirs in zip(chunks, golden["realized_performance"]["roc_auc"]["value"], strict=True):
        truth, score = chunk["employed"].to_numpy(), chunk["predicted_probability"].to_numpy()
        scores = rows.score_histogram(score, truth, chunk["prediction"])
        bound = auc_bound(scores.labelled.sum(axis=1))

        assert metrics.roc_auc_score(truth, score) == pytest.approx(theirs, abs=1e-6)
        assert abs(roc_auc(scores) - theirs) <= bound
        assert bound < 0.0024
        assert roc_auc(scores) == pytest.approx(theirs, abs=2e-4)
