"""Fairness statistics against hand-computed values and Fairlearn's definitions written out."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import pytest
from sklearn import metrics

from miops_collector.statistics import Statistic, statistics_of
from miops_collector.statistics.fairness import (
    demographic_parity_difference,
    demographic_parity_ratio,
    equal_opportunity_difference,
    equalized_odds_difference,
    false_positive_rate,
    group_rows,
    precision,
    predictive_parity_difference,
    selection_rate,
    true_positive_rate,
)
from miops_collector.summary import Groups, GroupScores
from tests.collector.statistics import rows

difference = demographic_parity_difference.demographic_parity_difference
ratio = demographic_parity_ratio.demographic_parity_ratio
opportunity = equal_opportunity_difference.equal_opportunity_difference
odds = equalized_odds_difference.equalized_odds_difference
parity = predictive_parity_difference.predictive_parity_difference


def rates(group: np.ndarray, of: np.ndarray, among: np.ndarray) -> np.ndarray:
    """Fairlearn's MetricFrame by group: share of ``of`` among the rows where ``among``."""
    return np.array([of[(group == g) & among].mean() for g in np.unique(group)])


@pytest.mark.parametrize("seed", range(4))
def test_agrees_with_fairlearns_definitions_when_every_group_has_every_outcome(seed: int) -> None:
    rng = np.random.default_rng(seed)
    group = rng.integers(0, 4, 2_000)
    truth = (rng.random(2_000) < 0.3 + 0.1 * group).astype(int)
    decision = (rng.random(2_000) < 0.2 + 0.4 * truth + 0.05 * group).astype(int)
    groups = rows.groups(group, truth, decision, 4)
    always = np.ones(2_000, bool)
    selected = rates(group, decision, always)
    found = rates(group, decision, truth == 1)
    falsely = rates(group, decision, truth == 0)
    right = rates(group, truth, decision == 1)

    np.testing.assert_allclose(selection_rate.selection_rate(groups), selected)
    np.testing.assert_allclose(true_positive_rate.true_positive_rate(groups), found)
    np.testing.assert_allclose(false_positive_rate.false_positive_rate(groups), falsely)
    np.testing.assert_allclose(precision.precision(groups), right)
    np.testing.assert_array_equal(group_rows.group_rows(groups), np.bincount(group))
    assert difference(groups, minimum_rows=30) == pytest.approx(np.ptp(selected))
    assert ratio(groups, minimum_rows=30) == pytest.approx(selected.min() / selected.max())
    assert opportunity(groups, minimum_rows=30) == pytest.approx(np.ptp(found))
    assert odds(groups, minimum_rows=30) == pytest.approx(max(np.ptp(found), np.ptp(falsely)))
    assert parity(groups, minimum_rows=30) == pytest.approx(np.ptp(right))


def test_a_group_below_the_minimum_is_not_compared() -> None:
    group = np.array([0] * 100 + [1] * 100 + [2] * 5)
    decision = np.array([0, 1] * 50 + [0, 0, 0, 1] * 25 + [1] * 5)
    groups = rows.groups(group, decision, decision, 3)

    assert difference(groups, minimum_rows=6) == 0.25
    assert difference(groups, minimum_rows=5) == 0.75
    assert ratio(groups, minimum_rows=6) == 0.5


def test_a_group_without_positives_is_left_out_where_fairlearn_calls_it_zero() -> None:
    group = np.repeat([0, 1, 2], 40)
    truth = np.concatenate((np.ones(40, int), np.ones(40, int), np.zeros(40, int)))
    decision = np.concatenate((np.ones(40, int), np.tile([1, 1, 1, 0], 10), np.zeros(40, int)))
    groups = rows.groups(group, truth, decision, 3)

    assert opportunity(groups, minimum_rows=30) == 0.25
    assert math.isnan(true_positive_rate.true_positive_rate(groups)[2])
    assert math.isnan(true_positive_rate.standard_error(groups)[2])


def test_equalized_odds_is_the_gap_that_is_known() -> None:
    positives_only = rows.groups([0] * 4 + [1] * 4, [1] * 8, [1, 1, 1, 1, 1, 1, 0, 0], 2)

    assert odds(positives_only, minimum_rows=1) == 0.5


def test_one_group_cannot_be_compared() -> None:
    groups = rows.groups([0] * 50, [0, 1] * 25, [0, 1] * 25, 1)

    for compare in (difference, ratio, opportunity, odds, parity):
        assert math.isnan(compare(groups, minimum_rows=1))


def test_ratio_is_undefined_when_nobody_is_selected() -> None:
    groups = rows.groups([0] * 50 + [1] * 50, [0, 1] * 50, [0] * 100, 2)

    assert difference(groups, minimum_rows=1) == 0
    assert math.isnan(ratio(groups, minimum_rows=1))


def test_without_a_positive_class_only_what_is_about_all_classes_is_defined() -> None:
    groups = rows.groups([0, 0, 0, 1, 1, 1], [0, 1, 2] * 2, [0, 1, 2] * 2, 2, positive=-1, k=3)
    about_all = ("group_rows", "accuracy", "balanced_accuracy", "matthews")

    for statistic in statistics_of("fairness"):
        if statistic.takes == (Groups,):
            options = {"minimum_rows": 1} if statistic.options else {}
            value = np.atleast_1d(statistic.function(groups, **options))
            assert np.isnan(value).all() != statistic.name.startswith(about_all)
    assert group_rows.group_rows(groups).tolist() == [3, 3]


def test_selection_counts_rows_whose_truth_is_not_known() -> None:
    groups = Groups(("sex",), ("F", "M"), ("0", "1"), 1, np.array([[60.0, 40], [80, 20]]), np.zeros((2, 2, 2)))

    assert difference(groups, minimum_rows=30) == pytest.approx(0.2)
    assert math.isnan(opportunity(groups, minimum_rows=30))


def test_standard_errors_are_binomial() -> None:
    groups = rows.groups([0] * 100, [0, 1] * 50, [1] * 30 + [0] * 70, 1)

    assert selection_rate.standard_error(groups)[0] == pytest.approx(math.sqrt(0.3 * 0.7 / 100))
    assert true_positive_rate.standard_error(groups)[0] == pytest.approx(math.sqrt(0.3 * 0.7 / 50))
    assert false_positive_rate.standard_error(groups)[0] == pytest.approx(math.sqrt(0.3 * 0.7 / 50))
    assert precision.standard_error(groups)[0] == pytest.approx(math.sqrt(0.5 * 0.5 / 30))


SKLEARN = {
    "f1": partial(metrics.f1_score, zero_division=np.nan),
    "balanced_accuracy": metrics.balanced_accuracy_score,
    "matthews": metrics.matthews_corrcoef,
}


def number(name: str) -> Statistic:
    return next(s for s in statistics_of("fairness") if s.name == name)


@pytest.mark.parametrize("name", SKLEARN)
def test_numbers_of_decisions_are_scikit_learns_of_each_group_alone(name: str) -> None:
    rng = np.random.default_rng(5)
    group, truth = rng.integers(3, size=600), rng.integers(2, size=600)
    decision = np.where(rng.random(600) < 0.1 + 0.1 * group, 1 - truth, truth)

    found = number(name).function(rows.groups(group, truth, decision, 3))

    expected = [SKLEARN[name](truth[group == g], decision[group == g]) for g in range(3)]
    np.testing.assert_allclose(found, expected, rtol=1e-12)


@pytest.mark.parametrize("name", SKLEARN)
def test_numbers_of_decisions_scatter_as_their_standard_errors_say(name: str) -> None:
    drawn = np.random.default_rng(6).multinomial(400, [0.5, 0.1, 0.08, 0.32], size=2000).reshape(-1, 2, 2)
    cells = drawn.astype(np.float64)
    groups = Groups(("g",), tuple(map(str, range(2000))), ("0", "1"), 1, cells.sum(axis=1), cells)
    s = number(name)

    values, errors = s.function(groups), s.standard_error(groups)  # type: ignore[misc]

    assert np.mean(np.abs(values - values.mean()) <= 1.96 * errors) == pytest.approx(0.95, abs=0.02)


def test_a_group_without_a_class_has_no_balanced_accuracy_and_nothing_to_correlate() -> None:
    cells = np.array([[[40.0, 10], [5, 45]], [[50.0, 10], [0, 0]], [[0.0, 0], [0, 60]]])
    groups = Groups(("g",), ("a", "b", "c"), ("0", "1"), 1, cells.sum(axis=1), cells)

    of_all = {name: number(name).function(groups) for name in SKLEARN}
    errors = {name: number(name).standard_error(groups) for name in SKLEARN}  # type: ignore[misc]

    assert [np.isnan(of_all[name]).tolist() for name in ("balanced_accuracy", "matthews")] == [[False, True, True]] * 2
    assert of_all["f1"].tolist()[1:] == [0.0, 1.0]
    assert all((np.isnan(of_all[name]) | (errors[name] > 0)).all() for name in SKLEARN)


def of_scores(labelled: np.ndarray) -> GroupScores:
    """``(g, b, 2)`` labelled rows by bin and truth, all decided alike."""
    cells = np.stack((labelled, np.zeros_like(labelled)), axis=2)
    names, edges = tuple(map(str, range(len(cells)))), np.linspace(0, 1, labelled.shape[1] + 1)
    return GroupScores(("g",), names, edges, True, cells.sum(axis=3), cells)


def test_average_precision_is_scikit_learns_and_scatters_as_its_standard_error_says() -> None:
    rng, centers = np.random.default_rng(7), (np.arange(50) + 0.5) / 50
    chance, mass = 0.05 + 0.6 * centers, rng.dirichlet(np.full(50, 3.0))
    cells = np.stack((mass * (1 - chance), mass * chance), axis=1).ravel()
    drawn = rng.multinomial(800, cells, size=1000).reshape(-1, 50, 2).astype(np.float64)
    s = number("average_precision")

    values, errors = (f(of_scores(drawn)) for f in (s.function, s.standard_error))  # type: ignore[misc]

    weighted = partial(metrics.average_precision_score, np.tile([0, 1], 50), np.repeat(centers, 2))
    np.testing.assert_allclose(values[:5], [weighted(sample_weight=d.ravel()) for d in drawn[:5]], rtol=1e-12)
    assert np.mean(np.abs(values - values.mean()) <= 1.96 * errors) == pytest.approx(0.95, abs=0.02)


def test_a_group_without_positives_has_no_average_precision() -> None:
    s, cells = number("average_precision"), np.zeros((2, 4, 2))
    cells[0, :, 0], cells[1, 3, 1] = 10.0, 10.0

    values, errors = (f(of_scores(cells)) for f in (s.function, s.standard_error))  # type: ignore[misc]

    assert np.isnan([values[0], errors[0]]).all()
    assert (values[1], errors[1]) == (1.0, 0.0)
