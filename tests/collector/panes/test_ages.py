"""Panes are short while they are new and long when they are old, and never shorter again."""

from __future__ import annotations

import pytest

from miops_collector.panes import default_levels
from miops_collector.panes.ages import Ages
from miops_collector.window import parse_length

LEVELS = ((10, 100), (50, 1000), (200, 0))


def test_without_a_watermark_all_panes_are_short() -> None:
    assert Ages(LEVELS).length_at(-(10**9)) == 10


def test_lengths_grow_with_age() -> None:
    ages = Ages(LEVELS)

    assert ages.advance(2130)

    assert [ages.length_at(t) for t in (2029, 2000, 1999, 1000, 999, 0)] == [10, 10, 50, 50, 200, 200]


def test_a_boundary_cuts_no_longer_pane() -> None:
    ages = Ages(LEVELS)
    for watermark in range(1000, 5000, 7):
        ages.advance(watermark)
        lengths = [(t, ages.length_at(t)) for t in range(0, watermark, 10)]
        assert all(ages.length_at(t - t % length) == length for t, length in lengths)


def test_the_watermark_does_not_go_back() -> None:
    ages = Ages(LEVELS)
    ages.advance(5000)

    assert not ages.advance(4000)
    assert ages.length_at(4500) == 50


def test_a_loaded_pane_tells_what_was_merged() -> None:
    ages = Ages(LEVELS)

    ages.have_seen(200, 400)

    assert [ages.length_at(t) for t in (599, 600)] == [200, 10]


@pytest.mark.parametrize("levels", [((10, 5), (25, 0)), ((10, 5), (10, 0)), ((10, 50), (20, 50), (40, 0))])
def test_lengths_must_be_multiples_and_ages_rise(levels: tuple[tuple[int, int], ...]) -> None:
    with pytest.raises(ValueError, match="cannot grow"):
        Ages(levels)


@pytest.mark.parametrize("pane", ["1m", "5m", "7m", "1h", "2d", "60d"])
def test_default_levels_fit_any_pane(pane: str) -> None:
    levels = default_levels(parse_length(pane))

    assert levels[0][0] == parse_length(pane)
    assert Ages(levels).length_at(0) == parse_length(pane)
