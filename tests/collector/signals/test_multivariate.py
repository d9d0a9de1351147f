"""What is said of sampled rows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from miops import semconv
from miops_collector.columns import Column, Numbers
from miops_collector.report import Observation
from miops_collector.signals import Context, Sampled
from miops_collector.signals.multivariate import METRICS, multivariate
from miops_collector.statistics.multivariate import baseline_of
from tests.collector.signals.models import CONTEXT, binary

NAMES = ("a", "b", "c")


def columns(seed: int, rows: int = 600, **shifts: float) -> dict[str, Column]:
    random = np.random.default_rng(seed)
    return {name: Numbers(random.normal(shifts.get(name, 0.0), size=rows)) for name in NAMES}


def context(window: dict[str, Column], *, rows: int = 600, reference: int = 600) -> Context:
    baseline = baseline_of(columns(1, reference)) if reference else None
    return replace(CONTEXT, minimum_rows=100, sampled=Sampled(window, rows, baseline))


def found(of: Context) -> dict[str, Observation]:
    return {o.metric: o for o in multivariate(of, binary(2), binary())}


def test_the_classifier_names_the_columns_that_give_the_window_away() -> None:
    o = found(context(columns(2, b=0.7)))[semconv.METRIC_DOMAIN_CLASSIFIER]

    assert o.value > 0.6
    assert o.p_value < 1e-6
    assert o.reason.startswith("by b 9")
    assert o.low < o.value < o.high


def test_where_nothing_gives_it_away_no_column_is_named() -> None:
    o = found(context(columns(3)))[semconv.METRIC_DOMAIN_CLASSIFIER]

    assert o.reason == "not told apart beyond chance"


def test_the_error_is_told_with_the_band_of_the_reference() -> None:
    quiet = found(context(columns(3)))

    error, shift = quiet[semconv.METRIC_RECONSTRUCTION_ERROR], quiet[semconv.METRIC_RECONSTRUCTION_SHIFT]
    assert abs(shift.value) < 3
    assert error.reason.startswith("within the reference's band")
    assert error.value == pytest.approx(error.reference, rel=0.1)


def test_the_same_sample_gives_the_same_numbers() -> None:
    of = context(columns(2))

    assert repr(found(of)) == repr(found(of))


@pytest.mark.parametrize(
    ("rows", "reference", "reason"),
    [
        (99, 600, "the window has 99 rows, fewer than 100"),
        (600, 90, "the sample of the reference has 90 rows, fewer than 100"),
        (600, 0, "no reference sample"),
    ],
)
def test_too_little_is_said(rows: int, reference: int, reason: str) -> None:
    said = found(context(columns(2, rows), rows=rows, reference=reference))

    assert set(said) == set(METRICS)
    assert {o.status for o in said.values()} == {"insufficient_data"}
    assert all(o.reason.startswith(reason) and np.isnan(o.value) for o in said.values())


def test_without_a_sample_or_a_reference_and_of_a_segment_nothing_is_said() -> None:
    of = context(columns(2))

    assert list(multivariate(CONTEXT, binary(2), binary())) == []
    assert list(multivariate(of, None, binary())) == []
    assert list(multivariate(replace(of, segment="sex = f"), binary(2), binary())) == []
