"""Fairness statistics against Fairlearn and Aequitas; their versions and how they were called stand in the file.

``tests/data/fairness_golden.json`` was written by running the two packages in an environment of their own
(``tests/golden_peers/make_fairness.py``). They have no counterpart of exposure in lists, which ``test_exposure.py``
holds to published values, and of the mean rank, which is held to SciPy's here.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import rankdata

from miops_collector.statistics import Statistic, statistics_of
from miops_collector.statistics.fairness import support
from miops_collector.summary import (
    GroupClasses,
    GroupExposures,
    GroupLosses,
    GroupMerits,
    GroupPredictions,
    GroupResiduals,
    Groups,
    GroupScores,
)
from tests.collector.statistics import rows

GOLDEN = json.loads((Path(__file__).parents[2] / "data" / "fairness_golden.json").read_text())
NAMES = ("a", "b", "c")
FAIRLEARN = [name for name, value in GOLDEN["fairlearn"].items() if isinstance(value, dict)]
OWN_NAMES = {
    "selection_rate_difference": "demographic_parity_difference",
    "selection_rate_ratio": "demographic_parity_ratio",
    "true_positive_rate_difference": "equal_opportunity_difference",
    "precision_difference": "predictive_parity_difference",
}


def statistic(name: str) -> Statistic:
    return next(s for s in statistics_of("fairness") if s.name == OWN_NAMES.get(name, name))


@cache
def summaries() -> dict[type, Any]:
    """Those of the rows that Fairlearn and Aequitas were given; scores in a thousand bins."""
    given = GOLDEN["rows"]
    group = np.array([NAMES.index(name) for name in given["group"]])
    truth, score = np.array(list(given["truth"]), int), np.array(given["score"])
    decision = (score >= 0.5).astype(int)
    actual, predicted = np.array(given["actual"]), np.array(given["predicted"])
    losses, labelled, residuals, moments, cells = [], [], [], [], []
    for g in range(3):
        of, p = group == g, score[group == g]
        y = truth[of]
        loss = -np.log(np.where(y == 1, p, 1 - p))
        parts = (np.ones(len(p)), loss, loss**2, (p - y) ** 2, (p - y) ** 4, p - y, (p - y) ** 2)
        losses.append([part.sum() for part in parts])
        labelled.append(rows.score_histogram(p, y, decision[of]).labelled)
        residuals.append(rows.residuals(actual[of], predicted[of]).sums)
        moments.append(rows.moments(predicted[of]).sums)
        cells.append(rows.histogram(np.quantile(predicted, np.linspace(0, 1, 11)), predicted[of]).cells[2:])
    scores = np.array(labelled)
    listed = np.arange(len(group)) // 20 * 20  # as they come, in lists of twenty
    places = np.array([1 + (predicted[at : at + 20] > p).sum() for at, p in zip(listed, predicted, strict=True)])
    shares = np.stack((np.full(len(group), 0.05), 1 / np.log2(1 + places), (places <= 10) / 10), axis=1)
    shares[:, 1] /= (1 / np.log2(np.arange(2.0, 22))).sum()
    exposures = np.zeros((3, 32, 3))
    np.add.at(exposures, (group, listed // 20 % 32), shares)
    merits = np.zeros((3, 32, 2))
    np.add.at(merits, (group, listed // 20 % 32), np.stack((shares[:, 1], truth / 20), axis=1))
    of_axis = (("sex",), NAMES)
    groups = rows.groups(group, truth, decision, 3)
    return {
        Groups: groups,
        GroupClasses: GroupClasses(*of_axis, groups.classes, groups.confusion),
        GroupExposures: GroupExposures(*of_axis, np.bincount(group).astype(np.float64), exposures),
        GroupLosses: GroupLosses(*of_axis, 1, np.array(losses)),
        GroupScores: GroupScores(*of_axis, np.linspace(0, 1, 1001), True, scores.sum(axis=3), scores),
        GroupMerits: GroupMerits(*of_axis, np.bincount(group).astype(np.float64), merits),
        GroupResiduals: GroupResiduals(*of_axis, 0.0, np.array(residuals)),
        GroupPredictions: GroupPredictions(*of_axis, 0.0, np.array(moments), np.array(cells)),
    }


def summary_for(s: Statistic) -> Any:
    """Of a model with a positive class, if the statistic can be of one."""
    return summaries()[next(kind for kind in reversed(s.takes) if kind in summaries())]


def value(name: str) -> Any:
    s = statistic(name)
    options = {"minimum_rows": 1.0} if s.options else {}
    return s.function(summary_for(s), **options)


@pytest.mark.parametrize("name", FAIRLEARN)
def test_numbers_and_gaps_are_those_of_fairlearn(name: str) -> None:
    golden = GOLDEN["fairlearn"][name]

    np.testing.assert_allclose(value(name), golden["by_group"], rtol=1e-9)
    assert value(f"{name}_difference") == pytest.approx(golden["difference"], rel=1e-9)
    if statistic(name).about.bounds[0] >= 0:
        assert value(f"{name}_ratio") == pytest.approx(golden["ratio"], rel=1e-9)


def test_rows_of_each_group_are_counted_as_by_fairlearn() -> None:
    assert value("group_rows").tolist() == GOLDEN["fairlearn"]["rows"]


OWN = ("exposure", "exposure_by_merit", "group_rows", "mean_rank", "top_ten_presence")
OF_SEVERAL_CLASSES = ("recall", "specificity")
"""``test_classes_by_group.py`` holds them to scikit-learn."""


def test_every_number_by_group_with_a_counterpart_is_held_to_it() -> None:
    by_group = {s.name for s in statistics_of("fairness") if s.per_group}

    assert by_group - set(GOLDEN["fairlearn"]) == {*OWN, *OF_SEVERAL_CLASSES}


def test_mean_ranks_are_scipy_s() -> None:
    cells = summaries()[GroupPredictions].cells
    group, place = (np.repeat(i, cells.ravel().astype(int)) for i in np.indices(cells.shape).reshape(2, -1))
    ranks = (rankdata(place) - 0.5) / len(place)

    np.testing.assert_allclose(value("mean_rank"), [ranks[group == g].mean() for g in range(3)])


def test_equalized_odds_are_those_of_fairlearn() -> None:
    assert value("equalized_odds_difference") == pytest.approx(GOLDEN["fairlearn"]["equalized_odds_difference"])


@pytest.mark.parametrize("name", GOLDEN["aequitas"])
def test_numbers_by_group_and_disparities_to_one_group_are_those_of_aequitas(name: str) -> None:
    golden = GOLDEN["aequitas"][name]

    np.testing.assert_allclose(value(name), golden["by_group"], rtol=1e-9)
    np.testing.assert_allclose(value(name) / value(name)[0], golden["disparity"], rtol=1e-9)


def test_a_rate_of_nothing_is_empty_as_in_aequitas_and_not_0_as_in_fairlearn() -> None:
    golden, given = GOLDEN["no_positives_in_c"], summaries()[Groups]
    confusion = given.confusion.copy()
    confusion[2, 0] += confusion[2, 1]
    confusion[2, 1] = 0
    groups = Groups(given.axis, given.names, given.classes, 1, given.rows, confusion)
    gap = statistic("true_positive_rate_difference").function(groups, minimum_rows=1.0)

    ours = statistic("true_positive_rate").function(groups)

    np.testing.assert_allclose(ours, [np.nan if v is None else v for v in golden["aequitas"]])
    assert golden["fairlearn"][2] == 0.0
    assert golden["fairlearn_difference"] == pytest.approx(max(ours[:2]))
    assert gap == pytest.approx(abs(ours[0] - ours[1]))


def test_the_worst_group_is_the_one_with_the_largest_error() -> None:
    assert value("mae_worst") == max(value("mae"))
    assert value("accuracy_worst") == min(value("accuracy"))


@pytest.mark.parametrize("s", [s for s in statistics_of("fairness") if s.interval], ids=lambda s: s.name)
def test_every_number_lies_in_its_interval(s: Statistic) -> None:
    groups = summary_for(s)
    options = {"minimum_rows": 1.0} if s.options else {}

    low, high = s.interval(groups, **options)  # type: ignore[misc]

    found = s.function(groups, **options)
    assert np.all(low <= found + 1e-12)
    assert np.all((found <= high + 1e-12) | np.isnan(high))
    assert np.all(low < high)


@pytest.mark.parametrize("s", [s for s in statistics_of("fairness") if s.per_group], ids=lambda s: s.name)
def test_every_number_by_group_says_what_it_rests_on(s: Statistic) -> None:
    if not s.about.is_count:
        assert (support(s, summary_for(s)) > 0).all()
