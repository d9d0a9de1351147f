"""Several classes and log loss by group, before truth, against scikit-learn on labels that are drawn as expected."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    f1_score,
    log_loss,
    precision_score,
    recall_score,
    roc_auc_score,
)

from miops_collector.layout import CLASS_SCORE_BINS, GROUP_CLASS_ENDS
from miops_collector.statistics import statistics_of
from miops_collector.statistics.estimated_fairness import (
    CalibratedGroups,
    ClassGroups,
    calibrated_groups,
    class_groups,
)
from miops_collector.statistics.estimated_performance import CalibratedClasses
from miops_collector.summary import FloatArray, GroupClassScores, GroupLosses, GroupScores
from tests.collector.statistics import rows

FAMILY = {s.name: s for s in statistics_of("estimated_fairness")}
WHOLE = {s.name: s for s in statistics_of("estimated_performance")}
OF_CLASSES = sorted(s.name for s in FAMILY.values() if s.per_group and ClassGroups in s.takes)
EDGES = np.array(GROUP_CLASS_ENDS) / CLASS_SCORE_BINS
Classes = NDArray[np.int64]


def softmax(z: FloatArray) -> FloatArray:
    raised = np.exp(z - z.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


def drawn(rng: np.random.Generator, n: int, shift: float = 0.0, stretch: float = 1.0) -> tuple[FloatArray, Classes]:
    """Scores of three classes that are too sure by ``stretch``, and truth; ``shift`` makes rows easier."""
    z = rng.normal(size=(n, 3)) * (1.2 + shift)
    truth = (softmax(z).cumsum(axis=1) > rng.random((n, 1))).argmax(axis=1)
    return softmax(stretch * z), truth


def by_group(groups: list[tuple[FloatArray, Classes]]) -> GroupClassScores:
    names = tuple(f"g{i}" for i in range(len(groups)))
    found = []
    for scores, truth in groups:
        fine = rows.class_scores(scores, truth, bins=CLASS_SCORE_BINS).labelled
        found.append(np.add.reduceat(fine, GROUP_CLASS_ENDS[:-1], axis=1))
    labelled = np.stack(found)
    return GroupClassScores(("sex",), names, ("a", "b", "c"), EDGES, labelled.sum(axis=4), labelled)


def losses_of(groups: list[tuple[FloatArray, Classes]]) -> GroupLosses:
    lost = [-np.log(scores[np.arange(len(truth)), truth]) for scores, truth in groups]
    sums = np.array([[len(x), x.sum(), (x**2).sum(), 0, 0, 0, 0] for x in lost])
    return GroupLosses(("sex",), tuple(f"g{i}" for i in range(len(groups))), -1, sums)


def value(name: str, groups: ClassGroups | CalibratedGroups, companion: str = "function") -> FloatArray:
    return np.asarray(getattr(FAMILY[name], companion)(groups))


def by_scikit_learn(scores: FloatArray, truth: Classes) -> dict[str, float]:
    decided, one_hot = scores.argmax(axis=1), np.eye(3)[truth]
    binned = np.searchsorted(EDGES, scores, side="right").astype(np.float64)
    macro = {"average": "macro", "zero_division": np.nan}
    return {
        "accuracy": accuracy_score(truth, decided),
        "balanced_accuracy": recall_score(truth, decided, **macro),
        "brier": float(((scores - one_hot) ** 2).sum(axis=1).mean()),
        "f1": f1_score(truth, decided, **macro),
        "log_loss": log_loss(truth, scores, labels=[0, 1, 2]),
        "precision": precision_score(truth, decided, **macro),
        "recall": recall_score(truth, decided, **macro),
        "roc_auc": roc_auc_score(truth, scores, multi_class="ovr"),
        "average_precision": average_precision_score(one_hot, binned, average="macro"),  # ties as they are kept
        "specificity": float(
            np.mean([recall_score(truth != c, decided != c, pos_label=True) for c in range(3)])
        ),
    }  # fmt: skip


@cache
def shifted() -> tuple[ClassGroups, list[dict[str, float]]]:
    """Two groups, one of an overconfident model; what scikit-learn says of labels drawn anew, on average."""
    rng = np.random.default_rng(1)
    then = [drawn(rng, 20_000), drawn(rng, 20_000, stretch=1.6)]
    now = [drawn(rng, 3_000, shift=0.5), drawn(rng, 3_000, shift=0.5, stretch=1.6)]
    found = class_groups(by_group(then), by_group(now), minimum_rows=30, losses=losses_of(then))
    means = []
    for (scores, _), stretch in zip(now, (1.0, 1.6), strict=True):
        chance = softmax(np.log(scores) / stretch)
        draws = [(chance.cumsum(axis=1) > rng.random((3_000, 1))).argmax(axis=1) for _ in range(20)]
        every = [by_scikit_learn(scores, truth) for truth in draws]
        means.append({name: float(np.mean([one[name] for one in every])) for name in every[0]})
    return found, means


@pytest.mark.parametrize("name", OF_CLASSES)
def test_an_estimate_is_what_scikit_learn_says_on_average_of_labels_drawn_as_scores_mean(name: str) -> None:
    found, expected = shifted()

    estimates, errors = value(name, found), value(name, found, "standard_error")

    for estimate, error, of_draws in zip(estimates, errors, expected, strict=True):
        assert abs(estimate - of_draws[name]) < max(2.5 * error, 1e-9)
        assert error < 0.06 * max(abs(estimate), 0.5)


@pytest.mark.parametrize("name", sorted(set(OF_CLASSES) - {"log_loss"}))
def test_a_number_of_a_group_is_that_of_a_model_with_its_rows_alone(name: str) -> None:
    found, _ = shifted()

    alone = [WHOLE[name].function(g) for g in found.groups]
    errors = np.array([WHOLE[name].standard_error(g) for g in found.groups])  # type: ignore[misc]

    np.testing.assert_allclose(value(name, found), alone, rtol=1e-12)
    own = value(name, found, "standard_error")
    if name in ("accuracy", "average_precision", "precision", "recall", "specificity"):
        np.testing.assert_allclose(own, errors, rtol=1e-9)
    assert (own < 1.1 * errors).all()


def test_every_estimate_of_several_classes_is_made_by_group() -> None:
    estimates = {n for n, s in WHOLE.items() if CalibratedClasses in s.takes and not n.endswith(("_gap", "_shift"))}

    assert set(OF_CLASSES) == estimates


def test_what_turns_out_of_several_classes_scatters_as_the_errors_say() -> None:
    rng = np.random.default_rng(2)
    off = []
    for _ in range(20):
        then, now = [drawn(rng, 3_000, stretch=1.3)], [drawn(rng, 1_000, stretch=1.3)]
        found = class_groups(by_group(then), by_group(now), minimum_rows=30, losses=losses_of(then))
        realised = by_scikit_learn(*now[0])
        off.append([(realised[n] - value(n, found)[0]) / value(n, found, "standard_error")[0] for n in OF_CLASSES])

    spread = np.std(off, axis=0)  # errors of means over classes are upper bounds
    assert spread.max() < 1.3
    assert spread.min() > 0.35
    assert np.abs(np.mean(off, axis=0)).max() < 0.5


def test_a_group_without_truth_in_the_reference_means_nothing() -> None:
    rng = np.random.default_rng(3)
    then, now = by_group([drawn(rng, 500), drawn(rng, 20)]), by_group([drawn(rng, 300), drawn(rng, 300)])

    found = class_groups(then, now, minimum_rows=30)
    nothing = class_groups(by_group([drawn(rng, 20)]), by_group([drawn(rng, 50)]), minimum_rows=30)

    for name in set(OF_CLASSES) - {"log_loss"}:
        assert np.isnan(value(name, found)).tolist() == [False, True], name
    assert np.isnan([value(name, nothing) for name in OF_CLASSES]).all()
    assert np.isnan(value("log_loss", found)).all()  # the losses of the reference were not given
    assert found.learnt == (True, False)


# --- log loss where a class is positive ---------------------------------------------------------------------


def binary(groups: list[tuple[FloatArray, Classes]]) -> tuple[GroupScores, GroupLosses]:
    cells = [rows.score_histogram(s, t, (s > 0.5).astype(int), 50).labelled for s, t in groups]
    lost = [-np.log(np.where(t, s, 1 - s)) for s, t in groups]
    sums = np.array([[len(x), x.sum(), (x**2).sum(), 0, 0, 0, 0] for x in lost])
    labelled, names = np.stack(cells), tuple(f"g{i}" for i in range(len(groups)))
    scores = GroupScores(("sex",), names, np.linspace(0, 1, 51), True, labelled.sum(axis=3), labelled)
    return scores, GroupLosses(("sex",), names, 1, sums)


def sigmoid(rng: np.random.Generator, n: int, mean: float, wide: float, sure: float) -> tuple[FloatArray, Classes]:
    z = rng.normal(mean, wide, n)
    return 1 / (1 + np.exp(-sure * z)), (rng.random(n) < 1 / (1 + np.exp(-z))).astype(int)


def test_log_loss_of_the_reference_is_what_its_rows_lost() -> None:
    rng = np.random.default_rng(4)
    then = [sigmoid(rng, 4_000, 0, 2, 1), sigmoid(rng, 4_000, 1, 3, 2)]
    scores, losses = binary(then)

    found = calibrated_groups(scores, scores, minimum_rows=30, losses=losses)

    expected = [log_loss(t, s) for s, t in then]
    assert value("log_loss", found) == pytest.approx(expected)


def test_log_loss_follows_scores_that_shift_and_scatters_as_its_error_says() -> None:
    rng = np.random.default_rng(5)
    off, moved = [], []
    for _ in range(25):
        then = [sigmoid(rng, 6_000, 0, 2, 1), sigmoid(rng, 6_000, 0, 2, 1.5)]
        now = [sigmoid(rng, 1_500, 0.8, 1.4, 1), sigmoid(rng, 1_500, 0.8, 1.4, 1.5)]
        (before, losses), (after, _) = binary(then), binary(now)
        found = calibrated_groups(before, after, minimum_rows=30, losses=losses)
        realised = np.array([log_loss(t, s) for s, t in now])
        off.append((realised - value("log_loss", found)) / value("log_loss", found, "standard_error"))
        moved.append(value("log_loss", found) / losses.sums[:, 1] * losses.sums[:, 0])

    assert np.mean(moved, axis=0).min() > 1.05
    assert np.abs(np.mean(off, axis=0)).max() < 0.5
    assert 0.7 < np.std(off, axis=0).min() < np.std(off, axis=0).max() < 1.3


def test_gaps_of_log_loss_are_between_groups_of_enough_rows() -> None:
    rng = np.random.default_rng(6)
    then = [sigmoid(rng, 3_000, 0, 2, sure) for sure in (1, 1.5, 2)]
    scores, losses = binary(then)
    found = calibrated_groups(scores, scores, minimum_rows=30, losses=losses)

    apart = FAMILY["log_loss_difference"].function(found, minimum_rows=30.0)

    estimates = value("log_loss", found)
    assert apart == pytest.approx(estimates.max() - estimates.min())
    assert np.isnan(FAMILY["log_loss_difference"].function(found, minimum_rows=5_000.0))
    assert FAMILY["log_loss_worst"].function(found, minimum_rows=30.0) == estimates.max()
