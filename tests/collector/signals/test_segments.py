"""The worst segments of a window, from rows on."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from miops_collector.binning import summarise_truth
from miops_collector.columns import Numbers, Rows, Texts
from miops_collector.layout import Layout, Summaries
from miops_collector.panes import PaneSet
from miops_collector.reference import build_layout
from miops_collector.report import Observation
from miops_collector.signals.segments import MOST, segments
from miops_collector.window import Window
from tests.collector.signals.models import CONTEXT

LENGTH = 1_000_000
CITIES = ("Oslo", "Bergen", "Tromsø")


def rows(seed: int, *, n: int = 4_000, broken: bool = False, task: str = "binary") -> Rows:
    """A model that is wrong one time in ten; if broken, four times in ten about the young of Bergen."""
    rng = np.random.default_rng(seed)
    age, city = rng.integers(18, 90, n).astype(float), rng.integers(0, 3, n).astype(np.int32)
    bad = (age < 36) & (city == 1)
    decided = rng.integers(0, 2, n)
    wrong = rng.random(n) < np.where(bad & broken, 0.4, 0.1)
    numbers = task == "regression"
    value = Numbers(rng.normal(50, 10, n) if numbers else decided.astype(float))
    truth = Numbers(value.values + rng.normal(0, np.where(bad & broken, 8, 2), n) if numbers else decided ^ wrong)
    columns = {
        "feature.age": Numbers(age),
        "context.city": Texts(city, CITIES),
        "feature.x": Numbers(rng.normal(size=n)),
    }
    return Rows(
        np.zeros(n, np.int64), np.ones(n), np.zeros(n), value, np.full(n, np.nan), None, columns,
        Numbers(truth.values.astype(float)), np.ones(n),
    )  # fmt: skip


@cache
def layout(task: str = "binary") -> Layout:
    return build_layout(rows(0, task=task))


def summed(given: Rows, task: str = "binary") -> Summaries:
    panes = PaneSet(layout(task), LENGTH, ((LENGTH, 0),))
    panes.add(summarise_truth(layout(task), given, LENGTH))
    return panes.window(Window(0, LENGTH))


def observed(reference: Summaries | None, current: Summaries) -> dict[str, list[Observation]]:
    found: dict[str, list[Observation]] = {}
    for o in segments(CONTEXT, reference, current):
        found.setdefault(o.metric.removeprefix("miops.segments."), []).append(o)
    return found


@pytest.mark.parametrize("task", ["binary", "regression"])
def test_what_broke_since_the_reference_is_named(task: str) -> None:
    found = observed(summed(rows(1, task=task), task), summed(rows(2, broken=True, task=task), task))

    first = found["added_loss"][0]
    assert set(first.segment.split(" & ")) == {"age=18-35", "city=Bergen"}
    assert first.p_value < 1e-6
    assert first.low > 0
    loss = next(o for o in found["loss"] if o.segment == first.segment)
    assert loss.value > 2 * loss.reference
    assert loss.n == first.n > 300


def test_a_healthy_window_names_nothing() -> None:
    assert observed(summed(rows(1)), summed(rows(3))) == {}


def test_without_truth_or_reference_there_is_less_to_say() -> None:
    nothing = Summaries.none(layout())

    assert observed(None, nothing) == {}
    assert set(observed(None, summed(rows(2, broken=True)))) == {"excess_loss", "loss"}
    assert list(segments(replace(CONTEXT, segment="north"), None, summed(rows(2, broken=True)))) == []


def test_series_are_bounded() -> None:
    found = observed(summed(rows(1)), summed(rows(2, broken=True)))

    assert all(len(found[name]) <= MOST for name in ("added_loss", "excess_loss"))
    assert len({o.segment for o in found["loss"]}) == len(found["loss"]) <= 2 * MOST


def test_cells_are_bounded_whatever_the_columns() -> None:
    n, rng = 400, np.random.default_rng(0)
    given = rows(0, n=n)
    words = tuple(f"w{i}" for i in range(40))
    columns = {f"feature.c{i}": Texts(rng.integers(0, 40, n).astype(np.int32), words) for i in range(50)}

    many = build_layout(replace(given, columns={**given.columns, **columns}))

    assert sum(len(axis.columns) == 1 for axis in many.segments) == 32
    assert sum(len(axis.columns) == 2 for axis in many.segments) == 15
    assert sum(len(axis.names) for axis in many.segments) <= 1_216
    assert Layout.from_json(many.to_json()) == many


def test_columns_that_tell_of_errors_are_paired() -> None:
    given = rows(0, broken=True)
    rng = np.random.default_rng(1)
    noise = {f"feature.n{i}": Numbers(rng.normal(size=len(given))) for i in range(10)}

    axes = build_layout(replace(given, columns={**noise, **given.columns})).segments

    assert ("city", "age") in {axis.columns for axis in axes} | {axis.columns[::-1] for axis in axes}
