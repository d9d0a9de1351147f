"""Exposure in ranked lists: by hand, against lists looked at one by one, and whether its interval holds."""

from __future__ import annotations

from dataclasses import replace
from math import isnan, log, log2
from typing import Any

import numpy as np
import pytest

from miops_collector.binning import summarise, summarise_truth
from miops_collector.columns import Numbers, Rows, Texts
from miops_collector.layout import Layout
from miops_collector.panes import PaneSet
from miops_collector.reference import build_layout
from miops_collector.statistics import Statistic, statistics_of
from miops_collector.summary import GroupExposures, GroupMerits
from miops_collector.window import Window

DAY = 86_400 * 10**9
SEXES = ("F", "M")


def statistic(name: str) -> Statistic:
    return next(s for s in statistics_of("fairness") if s.name == name)


def values(name: str, groups: GroupExposures | GroupMerits) -> tuple[float, float]:
    """Of women and men."""
    found = dict(zip(groups.names, statistic(name).function(groups).tolist(), strict=True))
    return found["F"], found["M"]


def lists(*shown: str) -> Rows:
    """Rows of lists, each a word of the groups in the order of their places, a second after one another."""
    sizes = np.array([len(word) for word in shown])
    places = np.concatenate([np.arange(1.0, n + 1) for n in sizes])
    n = len(places)
    return Rows(
        time=np.repeat(np.arange(len(shown)) * 10**9, sizes),
        weight=np.ones(n),
        duration=np.zeros(n),
        value=Numbers(-places),
        score=np.full(n, np.nan),
        columns={
            "context.list_position": Numbers(places),
            "context.list_size": Numbers(np.repeat(sizes, sizes).astype(np.float64)),
            "feature.sex": Texts(np.array([SEXES.index(g) for g in "".join(shown)], np.int32), SEXES),
        },
    )


def part(rows: Rows, chosen: np.ndarray) -> Rows:
    columns: dict[str, Any] = {
        name: Texts(c.codes[chosen], c.words) if isinstance(c, Texts) else Numbers(c.values[chosen])
        for name, c in rows.columns.items()
    }
    assert isinstance(rows.value, Numbers)
    return Rows(
        rows.time[chosen], rows.weight[chosen], rows.duration[chosen], Numbers(rows.value.values[chosen]),
        rows.score[chosen], None, columns,
    )  # fmt: skip


def layout_of(rows: Rows) -> Layout:
    return build_layout(rows, task="ranking", sensitive=["sex"])


def exposures(layout: Layout, *pieces: Rows, pane: int = DAY) -> GroupExposures:
    panes = PaneSet(layout, pane, ((pane, 0),))
    for rows in pieces:
        panes.add(summarise(layout, rows, pane))
    (found,) = panes.window(Window(0, 400 * DAY)).group_exposures
    return found


def of_groups(*shown: str) -> GroupExposures:
    rows = lists(*shown)
    return exposures(layout_of(rows), rows)


def by_list(shown: list[str], group: str, top: int | None = None) -> float:
    """What is defined per list, then averaged: one list after the other."""
    got, items = 0.0, 0.0
    for word in shown:
        worth = [1 / log2(1 + place) if top is None else float(place <= top) for place in range(1, len(word) + 1)]
        got += sum(w for w, g in zip(worth, word, strict=True) if g == group) / sum(worth)
        items += word.count(group) / len(word)
    return got / items


def drawn(rng: np.random.Generator, count: int, *, spread: float = 0.0) -> list[str]:
    """Lists of 2 to 30; ``spread`` is by how much a query favours one of the groups as a whole, now this, now that."""
    found = []
    for size in rng.integers(2, 31, count).tolist():
        women = rng.random(size) < 0.3
        score = rng.normal(size=size) + spread * rng.normal() * women
        found.append("".join("F" if w else "M" for w in women[np.argsort(-score)]))
    return found


def test_one_list_by_hand() -> None:
    """Places are worth 1, 0.6309, 0.5 and 0.4307, together 2.5616."""
    women, men = values("exposure", of_groups("MFMF"))

    assert women == pytest.approx((0.63093 + 0.43068) / 2.56161 / 0.5, abs=1e-4)
    assert men == pytest.approx((1 + 0.5) / 2.56161 / 0.5, abs=1e-4)


def test_example_of_singh_and_joachims() -> None:
    """Six job seekers, the men a little more relevant and so all above: mean exposure 0.71 of men, 0.39 of women."""
    shown = of_groups("MMMFFF")
    worth_of_a_row = sum(1 / log2(1 + place) for place in range(1, 7)) / 6

    women, men = values("exposure", shown)

    assert (round(men * worth_of_a_row, 2), round(women * worth_of_a_row, 2)) == (0.71, 0.39)
    assert statistic("exposure_ratio").function(shown, minimum_rows=1) == pytest.approx(women / men)


def test_every_list_counts_once_however_long_it_is() -> None:
    short_and_long = ["FM", "M" * 50 + "F" * 50]

    women, _ = values("exposure", of_groups(*short_and_long))

    first, second = (by_list([word], "F") for word in short_and_long)
    assert women == pytest.approx((first + second) / 2)


@pytest.mark.parametrize(("name", "top"), [("exposure", None), ("top_ten_presence", 10)])
def test_lists_are_averaged_as_if_looked_at_one_by_one(name: str, top: int | None) -> None:
    shown = drawn(np.random.default_rng(3), 300, spread=1.0)

    found = values(name, of_groups(*shown))

    np.testing.assert_allclose(found, [by_list(shown, group, top) for group in SEXES], rtol=1e-12)


def test_logarithm_of_presence_is_the_skew_of_geyik() -> None:
    shown = ["M" * 8 + "F" * 12]

    women, men = values("top_ten_presence", of_groups(*shown))

    assert log(women) == pytest.approx(log((2 / 10) / (12 / 20)))
    assert log(men) == pytest.approx(log((8 / 10) / (8 / 20)))


def relevant(rows: Rows, truth: np.ndarray, *, sign: float = 1.0) -> Rows:
    return replace(rows, truth=Numbers(truth), sign=np.full(len(rows), sign))


def merits(layout: Layout, *pieces: Rows) -> GroupMerits:
    panes = PaneSet(layout, DAY, ((DAY, 0),))
    for rows in pieces:
        panes.add(summarise_truth(layout, rows, DAY))
    (found,) = panes.window(Window(0, DAY)).group_merits
    return found


def test_merit_by_hand_of_women_who_are_seen_much_less_and_hardly_less_relevant() -> None:
    rows = lists("MMMFFF")
    worth, relevance = 1 / np.log2(np.arange(2.0, 8)), np.array([0.82, 0.81, 0.80, 0.79, 0.78, 0.77])

    found = merits(layout_of(rows), relevant(rows, relevance))

    women, men = (worth[part].sum() / relevance[part].sum() for part in (slice(3, 6), slice(0, 3)))
    women_found, men_found = values("exposure_by_merit", found)
    assert women_found / men_found == pytest.approx(women / men)
    assert statistic("exposure_by_merit_ratio").function(found, minimum_rows=1) == pytest.approx(women / men)


def test_merit_is_averaged_over_lists_and_compared_with_that_of_all_rows() -> None:
    rng = np.random.default_rng(4)
    shown = drawn(rng, 120)
    rows = lists(*shown)
    truth = rng.integers(0, 4, len(rows)).astype(float)
    seen, good, first = {"F": 0.0, "M": 0.0}, {"F": 0.0, "M": 0.0}, 0
    for word in shown:
        worth = [1 / log2(1 + place) for place in range(1, len(word) + 1)]
        for place, group in enumerate(word):
            seen[group] += worth[place] / sum(worth)
            good[group] += truth[first + place] / len(word)
        first += len(word)

    found = values("exposure_by_merit", merits(layout_of(rows), relevant(rows, truth)))

    every = sum(seen.values()) / sum(good.values())
    assert found == pytest.approx([seen[group] / good[group] / every for group in SEXES])


def test_truth_that_is_taken_back_or_no_relevance_is_no_merit() -> None:
    rows = lists("MFMF", "FFMM")
    first, second = np.array([1.0, 0, 1, 1, 0, 0, 1, 1]), np.array([1.0, -1, np.nan, 1, np.inf, 0, 1, 1])

    restated = merits(layout_of(rows), relevant(rows, first), relevant(rows, first, sign=-1.0), relevant(rows, second))

    plain = merits(layout_of(rows), relevant(rows, second))
    assert restated.rows.tolist() == plain.rows.tolist() == [2.0, 3.0]
    np.testing.assert_allclose(restated.sums, plain.sums, atol=1e-12)


def test_lists_may_be_split_and_shuffled_over_requests_and_panes() -> None:
    rng = np.random.default_rng(5)
    rows = lists(*drawn(rng, 200))
    layout, order = layout_of(rows), rng.permutation(len(rows))

    whole = exposures(layout, rows)
    split = exposures(layout, *(part(rows, chosen) for chosen in np.array_split(order, 7)), pane=10 * 10**9)

    np.testing.assert_allclose(split.sums, whole.sums, atol=1e-12)
    np.testing.assert_array_equal(split.rows, whole.rows)


def test_rows_without_a_place_are_in_no_list() -> None:
    rows = lists("MFMF", "FFMM")
    wrong = {"context.list_position": Numbers(np.array([1, 2, 3, 4, 0, 5, 1.5, np.nan]))}
    found = exposures(layout_of(rows), Rows(**{f: getattr(rows, f) for f in rows.__slots__ if f != "columns"},
                                            columns={**rows.columns, **wrong}))  # fmt: skip

    assert found.rows.tolist() == [2, 2]
    assert values("exposure", found) == pytest.approx(values("exposure", of_groups("MFMF")))


def test_error_is_unknown_while_lists_share_few_times() -> None:
    error = statistic("exposure").standard_error
    assert error is not None

    assert all(map(isnan, error(of_groups(*["FM", "MF"] * 3)).tolist()))
    assert not any(map(isnan, error(of_groups(*["FM", "MF"] * 200)).tolist()))


@pytest.mark.parametrize("spread", [0.0, 2.0])
@pytest.mark.parametrize("name", ["exposure", "top_ten_presence"])
def test_interval_covers_also_where_a_query_favours_a_group_as_a_whole(name: str, spread: float) -> None:
    """Rows of such lists are far from independent, and the error counts lists."""
    rng, s = np.random.default_rng(11), statistic(name)
    layout = layout_of(lists("MF" * 20))
    assert s.interval is not None

    found = [exposures(layout, lists(*drawn(rng, 100, spread=spread))) for _ in range(200)]
    values, (low, high) = (
        np.array([s.function(e)[0] for e in found]),
        np.array([s.interval(e) for e in found])[..., 0].T,
    )

    covered = (low <= values.mean()) & (values.mean() <= high)
    assert 0.89 <= covered.mean() <= 0.99
