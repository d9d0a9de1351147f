"""Losses by segment by hand, and that the worst are found, with few false ones."""

from __future__ import annotations

import numpy as np
import pytest

from miops_collector.statistics import statistics_of
from miops_collector.statistics.segments import worst
from miops_collector.statistics.segments.added_loss import added_loss
from miops_collector.statistics.segments.excess_loss import excess_loss, standard_error
from miops_collector.summary import FloatArray, Segments

FAMILY = {s.name: s for s in statistics_of("segments")}


def axis(columns: str, parts: list[np.ndarray], loss: np.ndarray, k: int = 3) -> Segments:
    """Of rows in ``k`` parts of each column."""
    names = columns.split()
    place = parts[0] if len(parts) == 1 else parts[0] * k + parts[1]
    size = k ** len(parts)
    sums = [np.bincount(place, weights, size) for weights in (np.ones(len(loss)), loss, loss**2)]
    words = [f"{names[0]}{i}" for i in range(k)]
    if len(parts) == 2:
        words = [f"{word} & {names[1]}{i}" for word in words for i in range(k)]
    return Segments(tuple(names), (k,) * len(parts), tuple(words), np.stack(sums, axis=1))


def axes(rng: np.random.Generator, n: int, error: FloatArray | float) -> list[Segments]:
    """Six columns of three parts and all pairs; ``error`` is the chance of each row's loss."""
    columns = {name: rng.integers(0, 3, n) for name in "abcdef"}
    loss = (rng.random(n) < (error(columns) if callable(error) else error)).astype(float)
    singles = [axis(name, [codes], loss) for name, codes in columns.items()]
    pairs = [
        axis(f"{one} {other}", [columns[one], columns[other]], loss)
        for one in columns
        for other in columns
        if one < other
    ]
    return [*singles, *pairs]


def named(found: list[Segments], most: int = 10) -> list[str]:
    values, errors = [excess_loss(s) for s in found], [standard_error(s) for s in found]
    return [one.name for one in worst(found, values, errors, minimum_rows=30, most=most)]


def test_excess_is_share_times_how_much_worse() -> None:
    segments = Segments(("age",), (2,), ("young", "old"), np.array([[50.0, 20, 20], [150, 30, 30]]))

    assert excess_loss(segments) == pytest.approx([0.25 * (0.4 - 0.2), 0.75 * (0.2 - 0.4)])


def test_added_losses_sum_to_the_change_at_the_same_mix() -> None:
    rng = np.random.default_rng(0)
    then = Segments(("x",), (4,), ("a", "b", "c", "d"), np.tile([[100.0, 10, 10]], (4, 1)))
    wrong = rng.integers(5, 60, 4).astype(float)
    now = Segments(("x",), (4,), ("a", "b", "c", "d"), np.stack((np.full(4, 100.0), wrong, wrong), axis=1))

    assert added_loss(then, now).sum() == pytest.approx(wrong.sum() / 400 - 0.1)


def test_the_segment_that_is_worse_is_found() -> None:
    rng = np.random.default_rng(1)

    found = named(axes(rng, 5_000, lambda c: np.where(c["c"] == 2, 0.25, 0.1)))

    assert found[0] == "c=c2"
    assert not [name for name in found if "&" in name and "c=c2" in name]


def test_a_pair_is_found_where_neither_column_alone_tells_it() -> None:
    rng = np.random.default_rng(2)

    found = named(axes(rng, 9_000, lambda c: np.where((c["b"] == 0) & (c["e"] == 1), 0.4, 0.1)))

    assert "b=b0 & e=e1" in found


def test_like_segments_are_seldom_named() -> None:
    rng = np.random.default_rng(3)

    wrongly = [bool(named(axes(rng, 2_000, 0.1))) for _ in range(200)]

    assert np.mean(wrongly) <= 0.08


def test_small_segments_are_not_named_and_the_most_costly_come_first() -> None:
    sums = np.array([[20.0, 20, 20], [100, 40, 40], [400, 120, 120], [4000, 200, 200]])
    segments = Segments(("x",), (4,), ("tiny", "bad", "large", "rest"), sums)

    assert named([segments]) == ["x=large", "x=bad"]
    assert named([segments], most=1) == ["x=large"]
    assert worst((), (), (), minimum_rows=1, most=1) == ()


def test_the_family_is_what_discovery_finds() -> None:
    assert set(FAMILY) == {"added_loss", "excess_loss", "loss"}
    assert FAMILY["added_loss"].compares
