"""Of every estimate the part of a change that covariate shift explains: it and the gap are the whole of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from miops_collector.statistics import statistics_of
from miops_collector.statistics.estimated_performance import (
    CalibratedClasses,
    CalibratedScores,
    ExpectedErrors,
    calibrated,
    calibration,
    loss_model,
)
from miops_collector.statistics.estimated_performance import _sensitivity as sensitivities
from miops_collector.statistics.estimated_performance._influence import INFLUENCES
from tests.collector.statistics import rows
from tests.collector.statistics import test_estimated_classes as classes
from tests.collector.statistics import test_estimated_errors as numbers
from tests.collector.statistics.test_estimated_performance import BINS, CENTERS, drawn, learnt

FAMILY = {s.name: s for s in statistics_of("estimated_performance")}
Pair = tuple[Any, Any]


def names(kind: type) -> list[str]:
    """Of estimates that a kind of model has."""
    return [name for name, s in FAMILY.items() if kind in s.takes and not name.endswith(("_gap", "_shift"))]


def shift(name: str, pair: Pair, companion: str = "function") -> float:
    return float(getattr(FAMILY[f"{name}_shift"], companion)(*pair))


def binary(rng: np.random.Generator, n: int, shape: tuple[float, float] = (0.8, 0.8)) -> Pair:
    chance = 0.05 + 0.8 * CENTERS**1.4
    reference = drawn(rng, 2 * n, chance)
    meaning = calibration(reference)
    return CalibratedScores(reference, meaning), CalibratedScores(drawn(rng, n, chance, shape), meaning)


def several(seed: int, n: int, shift: float = 0.0) -> Pair:
    then, now = classes.drawn(2 * seed, 2 * n, k=3), classes.drawn(2 * seed + 1, n, k=3, shift=shift)
    one, other = rows.class_scores(*then), rows.class_scores(*now)
    return calibrated(one, one), calibrated(one, other)


def regression(rng: np.random.Generator, n: int, mean: float = 0.0) -> Pair:
    """Too low, most of all for small predictions; truths are never near 0."""
    before, after = numbers.drawn(rng, 3 * n), numbers.drawn(rng, n, mean)
    then, now = (numbers.profile(p, 0.2 * e + 0.3 * p - 12.0) for p, e in (before, after))
    model = loss_model(then)
    return ExpectedErrors(then, model), ExpectedErrors(now, model)


def test_every_estimate_has_a_shift() -> None:
    assert [n for n in FAMILY if n.endswith("_shift")] == [
        f"{n}_shift" for n in FAMILY if not n.endswith(("_gap", "_shift"))
    ]
    for kind in (CalibratedScores, CalibratedClasses, ExpectedErrors):
        assert all(kind in FAMILY[f"{name}_shift"].takes for name in names(kind))


@pytest.mark.parametrize("kind", [CalibratedScores, CalibratedClasses, ExpectedErrors])
def test_a_change_of_what_turned_out_is_shift_and_gap(kind: type) -> None:
    rng = np.random.default_rng(1)
    makers = {
        CalibratedScores: lambda: binary(rng, 4_000, (3.0, 3.0)),
        CalibratedClasses: lambda: several(1, 4_000, 1.0),
        ExpectedErrors: lambda: regression(rng, 4_000, 1.0),
    }
    before, after = makers[kind]()

    for name in names(kind):
        gap, estimate = FAMILY[f"{name}_gap"].function, FAMILY[name].function
        turned_out = (estimate(after) + gap(after)) - (estimate(before) + gap(before))
        assert shift(name, (before, after)) + gap(after) - gap(before) == pytest.approx(turned_out)
        if kind is not CalibratedClasses:  # its rows are other ones, and no harder
            assert abs(shift(name, (before, after))) > 2 * shift(name, (before, after), "standard_error"), name


@pytest.mark.parametrize("name", sorted(INFLUENCES))
def test_influences_are_derivatives(name: str) -> None:
    scores = drawn(np.random.default_rng(2), 400, CENTERS[::10] ** 1.3, bins=10)
    window = CalibratedScores(scores, learnt(CENTERS[::10]))
    of, chance = INFLUENCES[name](window, window), window.calibration.probability[:, None]
    moved = np.broadcast_to(chance * of.positive + (1 - chance) * of.negative, scores.rows.shape)
    turned = np.broadcast_to(of.positive - of.negative, scores.rows.shape)

    np.testing.assert_allclose(
        turned, np.broadcast_to(getattr(sensitivities, name)(window), turned.shape), rtol=1e-9, atol=1e-15
    )
    for b, decision in ((0, 0), (3, 0), (5, 1), (9, 1)):
        more = scores.rows.copy()
        more[b, decision] += 1e-5
        after = FAMILY[name].function(replace(window, scores=replace(scores, rows=more)))
        before = FAMILY[name].function(window)
        assert (after - before) / 1e-5 == pytest.approx(moved[b, decision], rel=1e-3, abs=1e-8)


def test_shifts_of_scores_scatter_as_their_standard_errors_say_while_nothing_changed() -> None:
    rng = np.random.default_rng(3)
    found = []
    for _ in range(40):
        pair = binary(rng, 1_500)
        found.append([shift(n, pair) / shift(n, pair, "standard_error") for n in names(CalibratedScores)])

    assert 0.75 < np.std(found, axis=0).min() < np.std(found, axis=0).max() < 1.25
    assert np.abs(np.mean(found, axis=0)).max() < 0.4


def test_shifts_of_several_classes_scatter_by_their_standard_errors_at_most() -> None:
    found = []
    for seed in range(20):
        pair = several(seed, 1_500)
        found.append([shift(n, pair) / shift(n, pair, "standard_error") for n in names(CalibratedClasses)])

    assert 0.2 < np.std(found, axis=0).min() < np.std(found, axis=0).max() < 1.25
    assert np.abs(np.mean(found, axis=0)).max() < 0.5


def test_shifts_of_numbers_scatter_as_their_standard_errors_say_while_nothing_changed() -> None:
    rng = np.random.default_rng(4)
    found = []
    for _ in range(100):
        pair = regression(rng, 700)
        found.append([shift(n, pair) / shift(n, pair, "standard_error") for n in names(ExpectedErrors)])

    assert 0.7 < np.std(found, axis=0).min() < np.std(found, axis=0).max() < 1.25
    assert np.abs(np.mean(found, axis=0)).max() < 0.4


def test_rows_like_those_of_the_reference_have_no_shift() -> None:
    rng = np.random.default_rng(5)
    before, _ = binary(rng, 1_000)
    tenfold = replace(before, scores=replace(before.scores, rows=10 * before.scores.rows))

    for name in names(CalibratedScores):
        assert shift(name, (before, tenfold)) == pytest.approx(0.0, abs=1e-12)
    assert before.scores.rows.shape == (BINS, 2)
