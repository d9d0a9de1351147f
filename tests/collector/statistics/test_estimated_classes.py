"""Estimates of several classes against hand-computed values, a row-level implementation, and simulation."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import confusion_matrix

from miops_collector.statistics import statistics_of
from miops_collector.statistics.estimated_performance import (
    CalibratedClasses,
    CalibratedScores,
    Calibration,
    calibrated,
)
from miops_collector.summary import ClassScores, ScoreHistogram
from tests.collector.statistics import rows

FAMILY = {s.name: s for s in statistics_of("estimated_performance") if CalibratedClasses in s.takes}
GAPS = sorted(name for name in FAMILY if name.endswith("_gap") and name != "prevalence_gap")
"""Means over classes; ``prevalence_gap`` is the largest of them."""
Scores: TypeAlias = NDArray[np.float64]
Classes: TypeAlias = NDArray[np.int64]


def value(name: str, scores: CalibratedClasses, companion: str = "function") -> float:
    return float(getattr(FAMILY[name], companion)(scores))


def drawn(seed: int, n: int, k: int = 4, shift: float = 0.0, stretch: float = 1.3) -> tuple[Scores, Classes]:
    """Rows of a model that is too sure of itself by ``stretch``; their truth does not depend on the seed's weights."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 5))
    x[:, 0] += shift
    z = x @ np.random.default_rng(100 + k).normal(size=(5, k))
    truth = (softmax(z).cumsum(axis=1) > rng.random((n, 1))).argmax(axis=1)
    return softmax(stretch * z + 0.3 * rng.normal(size=z.shape)), truth


def softmax(z: Scores) -> Scores:
    raised = np.exp(z - z.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


def seen(reference: tuple[Scores, Classes], window: tuple[Scores, Classes]) -> CalibratedClasses:
    found = calibrated(rows.class_scores(*reference), rows.class_scores(*window))
    assert isinstance(found, CalibratedClasses)
    return found


def one_class(decided: list[list[float]], chance: list[float]) -> CalibratedScores:
    q, pool = np.array(chance), np.arange(2)
    scores = ScoreHistogram(np.array([0, 0.5, 1]), True, np.array(decided), np.zeros((2, 2, 2)))
    return CalibratedScores(scores, Calibration(np.array([0.25, 0.75]), q, q * (1 - q), pool, np.zeros(2), True))


def test_expected_values_by_hand() -> None:
    """20 rows, decided 10, 6 and 4 times for the three classes, right with a chance of 0.8, 0.9 and 0.5."""
    window = CalibratedClasses(
        (
            one_class([[10.0, 0.0], [0.0, 10.0]], [0.1, 0.8]),
            one_class([[14.0, 0.0], [0.0, 6.0]], [0.2, 0.9]),
            one_class([[16.0, 0.0], [0.0, 4.0]], [0.125, 0.5]),
        )
    )

    assert window.rows == 20
    assert value("accuracy", window) == pytest.approx((8 + 5.4 + 2) / 20)
    assert value("precision", window) == pytest.approx((0.8 + 0.9 + 0.5) / 3)
    assert value("recall", window) == pytest.approx((8 / 9 + 5.4 / 8.2 + 2 / 4) / 3)
    assert value("balanced_accuracy", window) == value("recall", window)
    assert value("f1", window) == pytest.approx((16 / 19 + 10.8 / 14.2 + 4 / 8) / 3)
    assert value("specificity", window) == pytest.approx((9 / 11 + 11.2 / 11.8 + 14 / 16) / 3)
    assert value("accuracy", window, "standard_error") == pytest.approx(np.sqrt(0.77 * 0.23 / 20))
    assert value("log_loss", window) == pytest.approx(-(5.8 * np.log(0.25) + 15.4 * np.log(0.75)) / 20)


def test_estimates_are_those_of_the_rows_but_for_the_bins() -> None:
    reference, window = drawn(1, 12_000), drawn(2, 4_000, shift=0.7)
    chance = np.stack(
        [
            IsotonicRegression(out_of_bounds="clip").fit(reference[0][:, c], reference[1] == c).predict(window[0][:, c])
            for c in range(4)
        ],
        axis=1,
    )
    decided = window[0].argmax(axis=1)[:, None] == np.arange(4)
    tp, predicted, true = (chance * decided).sum(axis=0), decided.sum(axis=0), chance.sum(axis=0)

    ours = seen(reference, window)

    assert all(c.calibration.isotonic for c in ours.classes)
    assert value("accuracy", ours) == pytest.approx(tp.sum() / 4_000, abs=1e-3)
    assert value("precision", ours) == pytest.approx(np.mean(tp / predicted), abs=2e-3)
    assert value("recall", ours) == pytest.approx(np.mean(tp / true), abs=2e-3)
    assert value("f1", ours) == pytest.approx(np.mean(2 * tp / (predicted + true)), abs=2e-3)


def test_estimates_follow_covariate_shift_to_what_turned_out() -> None:
    reference, window = drawn(3, 20_000), drawn(4, 20_000, shift=1.5)

    ours = seen(reference, window)

    matrix = confusion_matrix(window[1], window[0].argmax(axis=1))
    accuracy = float(np.trace(matrix) / matrix.sum())
    assert value("accuracy", ours) + value("accuracy_gap", ours) == pytest.approx(accuracy)
    assert value("accuracy", ours) == pytest.approx(accuracy, abs=0.015)
    assert abs(value("accuracy", seen(reference, reference)) - accuracy) > 0.02


@pytest.mark.parametrize("shift", [0.0, 0.4])
def test_log_loss_is_what_turns_out_within_its_standard_error(shift: float) -> None:
    window = drawn(6, 20_000, shift=shift)

    ours = seen(drawn(5, 20_000), window)

    turned_out = -np.log(window[0][np.arange(20_000), window[1]]).mean()
    assert abs(value("log_loss", ours) - turned_out) < 3 * value("log_loss", ours, "standard_error") < 0.1


def test_values_of_truth_are_those_of_the_confusion_matrix() -> None:
    reference, window = drawn(5, 3_000), drawn(6, 2_000)
    cells = rows.confusion(window[1], window[0].argmax(axis=1), 4)
    realised = {s.name: s for s in statistics_of("performance")}

    ours = seen(reference, window)

    for name in ("precision", "recall", "f1", "specificity"):
        assert value(name, ours) + value(f"{name}_gap", ours) == pytest.approx(realised[name].function(cells))


def test_gaps_scatter_as_their_standard_errors_say_while_nothing_changed() -> None:
    found = []
    for seed in range(30):
        window = seen(drawn(2 * seed, 4_000, k=3), drawn(2 * seed + 1, 2_000, k=3))
        found.append([value(name, window) / value(name, window, "standard_error") for name in GAPS])

    spread = np.std(found, axis=0)
    assert spread.min() > 0.55  # of the statistics of the decided rows alone: 1 / √2
    assert spread.max() < 1.3


def test_concept_drift_shows_in_the_gaps_only() -> None:
    reference, (scores, truth) = drawn(7, 10_000), drawn(8, 5_000)
    before, after = seen(reference, (scores, truth)), seen(reference, (scores, (truth + 1) % 4))

    assert value("f1", after) == value("f1", before)
    assert value("f1_gap", after) < -20 * value("f1_gap", after, "standard_error")
    assert value("accuracy_gap", after) < -20 * value("accuracy_gap", after, "standard_error")
    assert value("brier_gap", after) > 20 * value("brier_gap", after, "standard_error")
    assert abs(value("accuracy_gap", before)) < 3.5 * value("accuracy_gap", before, "standard_error")


def test_the_largest_of_the_class_wise_gaps_is_told_with_its_own_error() -> None:
    reference, (scores, truth) = drawn(7, 10_000), drawn(8, 5_000)
    turned = np.random.default_rng(0).random(5_000) < 0.3
    moved = np.where((truth == 2) & turned, 1, truth)

    before, after = seen(reference, (scores, truth)), seen(reference, (scores, moved))

    gaps = [float(c.scores.labelled[..., 1].sum() - c.known.by_truth[:, 1].sum()) / 5_000 for c in after.classes]
    assert value("prevalence_gap", after) == pytest.approx(max(gaps, key=abs))
    assert int(np.argmax(np.abs(gaps))) in (1, 2)
    assert abs(value("prevalence_gap", after)) > 8 * value("prevalence_gap", after, "standard_error")
    assert abs(value("prevalence_gap", before)) < 4 * value("prevalence_gap", before, "standard_error")


def test_a_class_whose_scores_the_reference_lacks_is_left_out() -> None:
    reference = rows.class_scores(*drawn(9, 500))
    blind = reference.labelled * np.array([1.0, 1, 0, 1])[:, None, None, None]
    lacking = ClassScores(reference.classes, reference.rows, blind)

    found = calibrated(lacking, reference)

    assert isinstance(found, CalibratedClasses)
    assert len(found.classes) == 3
