from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from functools import reduce
from math import isnan
from operator import add
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from miops_collector import summary as s

CLASSES = ("no", "yes")


def counts(rng: np.random.Generator, *shape: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    return rng.integers(0, 20, shape).astype(np.float64)


EDGES, GROUPS = np.array([0.0, 1.0, 2.0, 3.0]), np.array([0, 0, 1])
MAKERS: dict[str, Callable[[np.random.Generator], Any]] = {
    "Histogram": lambda r: s.Histogram(EDGES, GROUPS, counts(r, 7)),
    "Frequencies": lambda r: s.Frequencies(("a", "b"), counts(r, 5)),
    "Moments": lambda r: s.Moments(1.0, counts(r, 3), *sorted(r.normal(size=2).tolist())),
    "Confusion": lambda r: s.Confusion(CLASSES, 1, counts(r, 2, 2)),
    "ScoreHistogram": lambda r: s.ScoreHistogram(EDGES, True, counts(r, 3, 2), counts(r, 3, 2, 2)),
    "ClassScores": lambda r: s.ClassScores(CLASSES, counts(r, 2, 4, 2), counts(r, 2, 4, 2, 2)),
    "Losses": lambda r: s.Losses(counts(r, 5)),
    "Residuals": lambda r: s.Residuals(0.0, counts(r, 14)),
    "ErrorProfile": lambda r: s.ErrorProfile(counts(r, 5), counts(r, 5, 14)),
    "Confidence": lambda r: s.Confidence(0.6, counts(r, 5), counts(r, 100, 4)),
    "Groups": lambda r: s.Groups(("sex",), ("f", "m"), CLASSES, 1, counts(r, 2, 2), counts(r, 2, 2, 2)),
    "GroupClasses": lambda r: s.GroupClasses(("sex",), ("f", "m"), CLASSES, counts(r, 2, 2, 2)),
    "GroupClassScores": lambda r: s.GroupClassScores(
        ("sex",), ("f", "m"), CLASSES, EDGES, counts(r, 2, 2, 3, 2), counts(r, 2, 2, 3, 2, 2)
    ),
    "GroupExposures": lambda r: s.GroupExposures(("sex",), ("f", "m"), counts(r, 2), counts(r, 2, 32, 3)),
    "GroupLosses": lambda r: s.GroupLosses(("sex",), ("f", "m"), 1, counts(r, 2, 7)),
    "GroupMerits": lambda r: s.GroupMerits(("sex",), ("f", "m"), counts(r, 2), counts(r, 2, 32, 2)),
    "GroupResiduals": lambda r: s.GroupResiduals(("sex",), ("f", "m"), 0.0, counts(r, 2, 14)),
    "GroupPredictions": lambda r: s.GroupPredictions(("sex",), ("f", "m"), 0.0, counts(r, 2, 3), counts(r, 2, 5)),
    "GroupScores": lambda r: s.GroupScores(
        ("sex",), ("f", "m"), EDGES, True, counts(r, 2, 3, 2), counts(r, 2, 3, 2, 2)
    ),
    "Segments": lambda r: s.Segments(("a", "b"), (2, 2), ("x", "y", "z", "w"), counts(r, 4, 3)),
    "Latency": lambda r: s.Latency(counts(r, 3), counts(r, s.LATENCY_BUCKETS)),
    "Attempts": lambda r: s.Attempts(counts(r, 4)),
    "Volume": lambda r: s.Volume(counts(r, 5)),
}
KINDS = sorted(MAKERS)


def made(kind: str, seed: int) -> Any:
    return MAKERS[kind](np.random.default_rng(seed))


def same(one: Any, other: Any) -> bool:
    return all(np.array_equal(getattr(one, f.name), getattr(other, f.name)) for f in fields(one))


def test_every_summary_has_its_laws_tested() -> None:
    assert sorted(name for name in s.__all__ if is_dataclass(getattr(s, name))) == KINDS


@given(st.sampled_from(KINDS), st.lists(st.integers(0, 99), min_size=2, max_size=5), st.randoms())
@settings(deadline=None, max_examples=80)
def test_summaries_add_in_any_order_and_grouping(kind: str, seeds: list[int], random: Any) -> None:
    parts = [made(kind, seed) for seed in seeds]
    whole = reduce(add, parts)
    random.shuffle(parts)

    assert same(reduce(add, parts), whole)
    assert same(parts[0] + reduce(add, parts[1:]), whole)


@pytest.mark.parametrize("kind", KINDS)
def test_adding_changes_neither_part(kind: str) -> None:
    one, other = made(kind, 1), made(kind, 2)

    one + other

    assert same(one, made(kind, 1))
    assert same(other, made(kind, 2))


def test_a_histogram_is_read_cell_by_cell() -> None:
    h = s.Histogram(EDGES, GROUPS, np.array([1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0]))

    assert (h.missing, h.faults, h.outside, h.rows, h.values) == (1, 2, 4 + 64, 127, 124)
    assert h.fine.tolist() == [4, 8, 16, 32, 64]
    assert h.coarse.tolist() == [4, 8 + 16, 32, 64]


def test_frequencies_are_read_cell_by_cell() -> None:
    f = s.Frequencies(("a", "b"), np.array([1.0, 2.0, 4.0, 8.0, 16.0]))

    assert (f.missing, f.faults, f.outside, f.rows, f.values) == (1, 2, 16, 31, 28)
    assert f.fine.tolist() == f.coarse.tolist() == [4, 8, 16]


def test_moments_are_those_of_numpy_far_from_zero() -> None:
    values = np.random.default_rng(0).normal(1e9, 1.0, 1000)
    d = values - 1e9
    m = s.Moments(1e9, np.array([1000.0, d.sum(), (d * d).sum()]), values.min(), values.max())

    assert m.count == 1000
    assert m.mean == pytest.approx(values.mean(), rel=1e-15)
    assert m.std == pytest.approx(values.std(), rel=1e-9)


def test_without_values_moments_are_undefined_and_take_those_of_others() -> None:
    none = s.Moments(5.0, np.zeros(3), float("nan"), float("nan"))
    some = s.Moments(5.0, np.array([2.0, 2.0, 2.0]), 5.0, 7.0)

    assert all(isnan(v) for v in (none.mean, none.std, none.lowest))
    assert ((none + some).lowest, (some + none).highest, (none + some).mean) == (5.0, 7.0, 6.0)
    assert isnan((none + none).highest)


def test_equal_values_have_no_spread() -> None:
    assert s.Moments(0.1, np.array([3.0, 1e-17, 0.0]), 0.1, 0.1).std == 0.0


def test_the_share_of_labelled_rows_is_undefined_without_rows() -> None:
    assert s.Volume(np.array([10.0, 10.0, 10.0, 4.0, 0.0])).labelled_share == 0.4
    assert isnan(s.Volume(np.zeros(5)).labelled_share)
