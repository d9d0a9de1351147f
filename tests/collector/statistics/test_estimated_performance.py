"""Estimates without truth against hand-computed values, scikit-learn, differentiation and simulation."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module

import numpy as np
import pytest
from hypothesis import given, settings
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score

from miops_collector.statistics import statistics_of
from miops_collector.statistics.estimated_performance import (
    CalibratedClasses,
    CalibratedScores,
    Calibration,
    ExpectedErrors,
    calibration,
)
from miops_collector.statistics.estimated_performance import _sensitivity as sensitivities
from miops_collector.statistics.estimated_performance._isotonic import expected_over_orders, rising
from miops_collector.statistics.estimated_performance._miscalibration import calibrating_helps
from miops_collector.summary import Confusion, FloatArray, ScoreHistogram
from tests.collector.statistics import rows
from tests.collector.statistics.summaries import counts

FAMILY = {s.name: s for s in statistics_of("estimated_performance") if ExpectedErrors not in s.takes}
GAPS = sorted(name for name in FAMILY if name.endswith("_gap"))
SHIFTS = sorted(name for name in FAMILY if name.endswith("_shift"))
ESTIMATES = sorted(FAMILY.keys() - set(GAPS) - set(SHIFTS))
BINS = 100
CENTERS = (np.arange(BINS) + 0.5) / BINS


def learnt(chance: FloatArray) -> Calibration:
    """Known exactly."""
    pool = np.arange(chance.size)
    centers = (pool + 0.5) / chance.size
    return Calibration(centers, chance, chance * (1 - chance), pool, np.zeros(chance.size), isotonic=True)


def drawn(
    rng: np.random.Generator, n: int, chance: FloatArray, shape: tuple[float, float] = (0.8, 0.8), bins: int = BINS
) -> ScoreHistogram:
    """``n`` rows with scores in even bins; ``chance`` of a positive truth by bin; decisions from one half on."""
    cell = np.minimum((rng.beta(*shape, n) * bins).astype(int), bins - 1)
    truth = (rng.random(n) < chance[cell]).astype(int)
    return rows.score_histogram((cell + 0.5) / bins, truth, (cell >= bins // 2).astype(int), bins)


def value(name: str, scores: CalibratedScores) -> float:
    return float(FAMILY[name].function(scores))


def error(name: str, scores: CalibratedScores) -> float:
    companion = FAMILY[name].standard_error
    assert companion is not None
    return float(companion(scores))


# --- estimates ----------------------------------------------------------------------------------------------


def test_expected_cells_by_hand() -> None:
    decided = np.array([[40.0, 0.0], [0.0, 20.0]])
    scores = ScoreHistogram(np.array([0, 0.5, 1]), True, decided, np.zeros((2, 2, 2)))
    window = CalibratedScores(scores, learnt(np.array([0.1, 0.8])))

    assert window.cells == pytest.approx((16, 4, 4, 36))
    assert value("accuracy", window) == pytest.approx(52 / 60)
    assert value("precision", window) == pytest.approx(16 / 20)
    assert value("recall", window) == pytest.approx(16 / 20)
    assert value("specificity", window) == pytest.approx(36 / 40)
    assert value("f1", window) == pytest.approx(32 / 40)
    assert value("balanced_accuracy", window) == pytest.approx((0.8 + 0.9) / 2)
    assert value("matthews", window) == pytest.approx((16 * 36 - 16) / 800)
    assert value("roc_auc", window) == pytest.approx((16 * (36 + 2) + 4 * 18) / 800)
    assert value("brier", window) == pytest.approx((36 * 0.0625 + 4 * 0.5625 + 4 * 0.5625 + 16 * 0.0625) / 60)


def test_they_are_scikit_learns_numbers_with_chances_as_weights() -> None:
    scores = drawn(np.random.default_rng(1), 3_000, CENTERS)
    window = CalibratedScores(scores, learnt(CENTERS**1.5))
    truth = np.tile([0, 1], BINS)
    score, weight = np.repeat(CENTERS, 2), window.by_truth.ravel()

    assert value("roc_auc", window) == pytest.approx(roc_auc_score(truth, score, sample_weight=weight))
    assert value("average_precision", window) == pytest.approx(
        average_precision_score(truth, score, sample_weight=weight)
    )
    assert value("brier", window) == pytest.approx(brier_score_loss(truth, score, sample_weight=weight))
    assert value("log_loss", window) == pytest.approx(log_loss(truth, score, sample_weight=weight))


def test_truth_as_expected_leaves_no_gap() -> None:
    scores = drawn(np.random.default_rng(2), 3_000, CENTERS)
    window = CalibratedScores(scores, learnt(CENTERS))
    as_expected = replace(window, scores=window.expected)

    assert [value(name, as_expected) for name in GAPS] == pytest.approx([0.0] * len(GAPS))


def test_a_gap_is_over_the_rows_whose_truth_came() -> None:
    everything = drawn(np.random.default_rng(3), 3_000, CENTERS)
    first = np.where(np.arange(BINS) < 60, 1.0, 0.0)[:, None, None] * everything.labelled
    window = CalibratedScores(replace(everything, labelled=first), learnt(CENTERS))
    only_those = CalibratedScores(replace(everything, rows=first.sum(axis=2), labelled=first), learnt(CENTERS))

    for name in GAPS:
        assert value(name, window) == value(name, only_those)
        assert error(name, window) == error(name, only_those)


def test_estimates_follow_covariate_shift() -> None:
    rng = np.random.default_rng(4)
    chance = CENTERS**1.4
    meaning = calibration(drawn(rng, 20_000, chance))
    harder = CalibratedScores(drawn(rng, 20_000, chance, (3.0, 3.0)), meaning)
    easier = CalibratedScores(drawn(rng, 20_000, chance, (0.3, 0.3)), meaning)

    assert value("accuracy", easier) - value("accuracy", harder) > 0.1
    for window in (harder, easier):
        assert all(abs(value(name, window)) < 3.5 * error(name, window) for name in GAPS)


# --- errors -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name.removesuffix("_gap") for name in GAPS])
def test_sensitivities_are_derivatives(name: str) -> None:
    scores = drawn(np.random.default_rng(5), 400, CENTERS[::10] ** 1.3, bins=10)
    window = CalibratedScores(scores, learnt(CENTERS[::10]))
    at = np.broadcast_to(getattr(sensitivities, name)(window), scores.rows.shape)

    for b, decision in ((0, 0), (3, 0), (5, 1), (9, 1)):
        turned = window.expected.labelled.copy()
        turned[b, decision] += [-1e-5, 1e-5]
        moved = replace(window, scores=replace(scores, labelled=turned))
        assert value(f"{name}_gap", moved) / 1e-5 == pytest.approx(at[b, decision], rel=1e-3, abs=1e-7)


def test_gaps_scatter_as_their_standard_errors_say_while_nothing_changed() -> None:
    rng, chance = np.random.default_rng(6), 0.05 + 0.8 * CENTERS**1.4
    found = []
    for _ in range(80):
        meaning = calibration(drawn(rng, 4_000, chance))
        window = CalibratedScores(drawn(rng, 2_000, chance), meaning)
        found.append([value(name, window) / error(name, window) for name in GAPS])

    spread = np.std(found, axis=0)
    assert spread.min() > 0.8
    assert spread.max() < 1.2
    assert np.abs(np.mean(found, axis=0)).max() < 0.4  # a fit is a little too sure at its ends: estimates flatter


def test_realised_values_scatter_about_estimates_as_their_standard_errors_say() -> None:
    rng, chance = np.random.default_rng(7), 0.05 + 0.8 * CENTERS**1.4
    names = [name for name in ESTIMATES if f"{name}_gap" in FAMILY]
    found = []
    for _ in range(80):
        meaning = calibration(drawn(rng, 4_000, chance))
        one, other = (CalibratedScores(drawn(rng, 2_000, chance), meaning) for _ in range(2))
        realised = [value(name, other) + value(f"{name}_gap", other) for name in names]
        errors = [error(name, one) for name in names]
        found.append((np.array(realised) - [value(name, one) for name in names]) / errors)

    spread = np.std(found, axis=0)  # rows are drawn anew on both sides: up to 2 times the variance of one
    assert spread.min() > 0.8
    assert spread.max() < 1.45


def test_concept_drift_shows_in_the_gaps_only() -> None:
    rng = np.random.default_rng(8)
    meaning = calibration(drawn(rng, 20_000, CENTERS))
    before, after = (CalibratedScores(drawn(rng, 5_000, chance), meaning) for chance in (CENTERS, CENTERS[::-1]))

    assert value("accuracy", after) == pytest.approx(value("accuracy", before), abs=0.02)
    assert value("accuracy_gap", after) < -50 * error("accuracy_gap", after)
    assert value("roc_auc_gap", after) < -30 * error("roc_auc_gap", after)
    assert value("brier_gap", after) > 30 * error("brier_gap", after)


def test_chances_that_fell_everywhere_show_in_the_share_of_positives() -> None:
    rng = np.random.default_rng(31)
    meaning = calibration(drawn(rng, 10_000, CENTERS))

    after = CalibratedScores(drawn(rng, 7_000, np.clip(CENTERS - 0.15, 0, 1), (3.0, 3.0)), meaning)

    assert value("prevalence_gap", after) == pytest.approx(-0.15, abs=0.02)
    assert value("prevalence_gap", after) < -15 * error("prevalence_gap", after)
    assert abs(value("accuracy_gap", after)) < 5 * error("accuracy_gap", after)


@pytest.mark.parametrize("off", [0.0, 0.012, 0.05])
def test_scores_that_were_off_in_the_reference_already_leave_no_gap(off: float) -> None:
    """Whether scores were fitted or taken at their word: both occur among twenty references that were honest."""
    rng = np.random.default_rng(32)
    found, fitted = [], 0
    for _ in range(20):
        meaning = calibration(drawn(rng, 4_000, np.clip(CENTERS + off, 0, 1), (3.0, 3.0)))
        fitted += meaning.isotonic
        window = CalibratedScores(drawn(rng, 20_000, np.clip(CENTERS + off, 0, 1), (3.0, 3.0)), meaning)
        found.append(value("prevalence_gap", window) / error("prevalence_gap", window))

    assert off > 0.0 or 0 < fitted < 20
    assert np.abs(found).max() < 3.0
    assert abs(np.mean(found)) < 0.7


# --- calibration --------------------------------------------------------------------------------------------


def test_fit_of_the_bins_is_scikit_learns() -> None:
    by_truth = drawn(np.random.default_rng(9), 120, CENTERS).labelled.sum(axis=1)
    there = by_truth.sum(axis=1) > 0
    assert 5 < (~there).sum() < BINS
    weights = by_truth.sum(axis=1)[there]
    theirs = IsotonicRegression(out_of_bounds="clip")
    theirs.fit(CENTERS[there], by_truth[there, 1] / weights, sample_weight=weights)

    ours = rising(by_truth, CENTERS)

    np.testing.assert_allclose(ours.share, theirs.predict(CENTERS), atol=1e-12)
    assert ours.support.sum() == 120
    assert (np.diff(ours.block) >= 0).all()


@settings(deadline=None, max_examples=25)
@given(counts(12, 2).filter(lambda c: c.sum() > 0))
def test_mean_fit_rises_and_keeps_the_number_of_positives(by_truth: FloatArray) -> None:
    share = expected_over_orders(by_truth, (np.arange(12) + 0.5) / 12)

    assert (np.diff(share) > -1e-12).all()
    assert share.min() >= 0
    assert share.max() <= 1
    assert float(share @ by_truth.sum(axis=1)) == pytest.approx(by_truth[:, 1].sum())


def test_mean_fit_is_nearer_to_the_fit_of_the_rows_than_the_fit_of_the_bins() -> None:
    rng = np.random.default_rng(10)
    nearer = 0
    for _ in range(5):
        score = rng.random(4_000)
        truth = (rng.random(4_000) < score**1.5).astype(int)
        cell = (score * BINS).astype(int)
        by_rows = IsotonicRegression().fit(score, truth).predict(score)
        exact = np.bincount(cell, by_rows, BINS) / np.bincount(cell, minlength=BINS)
        by_truth = rows.score_histogram(score, truth, np.zeros(4_000, int), BINS).labelled.sum(axis=1)
        distance = [
            float(np.abs(fit - exact).mean())
            for fit in (expected_over_orders(by_truth, CENTERS), rising(by_truth, CENTERS).share)
        ]
        nearer += distance[0] < distance[1]

    assert nearer == 5


@pytest.mark.parametrize(("chance", "expected"), [(CENTERS, False), (CENTERS**2, True), (1 - CENTERS, True)])
def test_calibration_is_fitted_where_it_helps(chance: FloatArray, *, expected: bool) -> None:
    reference = drawn(np.random.default_rng(3), 20_000, chance)

    assert calibrating_helps(reference.labelled.sum(axis=1), CENTERS) is expected
    assert calibration(reference).isotonic is expected


def test_scores_that_need_no_calibration_are_taken_at_their_word() -> None:
    found = calibration(drawn(np.random.default_rng(3), 20_000, CENTERS))

    np.testing.assert_allclose(found.probability, CENTERS, rtol=1e-12)
    assert found.block_variance.min() > 0


@pytest.mark.parametrize("chance", [np.zeros(BINS), np.ones(BINS), (CENTERS > 0.5).astype(float)])
def test_one_class_or_a_perfect_ranking_leave_nothing_to_fit(chance: FloatArray) -> None:
    assert not calibration(drawn(np.random.default_rng(12), 500, chance)).isotonic


def test_scores_that_are_no_probabilities_are_always_fitted() -> None:
    reference = replace(drawn(np.random.default_rng(13), 5_000, CENTERS), probabilities=False)
    of_one_class = replace(drawn(np.random.default_rng(13), 500, np.zeros(BINS)), probabilities=False)

    window = CalibratedScores(reference, calibration(reference))
    assert window.calibration.isotonic
    assert value("accuracy", window) == pytest.approx(0.75, abs=0.03)
    assert np.isnan(value("brier", window))
    assert np.isnan(value("log_loss", window))
    assert np.isnan(value("brier_gap", window))
    unknown = CalibratedScores(of_one_class, calibration(of_one_class))
    assert all(np.isnan(value(name, unknown)) for name in (*ESTIMATES, *GAPS))


def test_a_reference_is_fitted_once() -> None:
    reference = drawn(np.random.default_rng(14), 1_000, CENTERS**2)

    assert calibration(reference) is calibration(replace(reference, rows=reference.rows * 2))


def test_a_bin_without_hits_is_not_certain() -> None:
    reference = drawn(np.random.default_rng(15), 500, np.where(CENTERS < 0.5, 0.0, 0.7))

    found = calibration(reference)

    assert found.probability[:40].max() == 0
    assert found.row_variance.min() > 0
    assert found.block_variance.min() > 0


def confusion_of(scores: ScoreHistogram) -> Confusion:
    return Confusion(("no", "yes"), 1, scores.labelled.sum(axis=0).T)


def test_what_turns_out_scatters_about_estimates_as_the_standard_errors_of_the_others_say() -> None:
    rng, chance = np.random.default_rng(17), 0.05 + 0.8 * CENTERS**1.4
    found = []
    for _ in range(60):
        window = CalibratedScores(drawn(rng, 2_000, chance), calibration(drawn(rng, 4_000, chance)))
        precision = import_module("miops_collector.statistics.performance.average_precision").average_precision
        matthews = import_module("miops_collector.statistics.performance.matthews").matthews
        hits = window.scores.labelled.sum(axis=1)[:, 1] / window.scores.labelled.sum(axis=(1, 2))
        surprise = -hits * np.log(CENTERS) - (1 - hits) * np.log1p(-CENTERS)
        of_truth = {
            "average_precision": precision(window.scores),
            "matthews": matthews(confusion_of(window.scores)),
            "log_loss": np.average(surprise, weights=window.scores.rows.sum(axis=1)),
        }
        found.append([(realised - value(n, window)) / error(n, window) for n, realised in of_truth.items()])

    spread = np.std(found, axis=0)
    assert spread.min() > 0.75
    assert spread.max() < 1.25


def test_every_estimate_is_tested_when_truth_comes() -> None:
    gaps = [name for name in GAPS if name != "prevalence_gap"]  # calibration in the large is no estimate's
    assert [f"{name}_gap" for name in ESTIMATES] == gaps
    of_classes = {name for name in FAMILY if CalibratedClasses in FAMILY[name].takes}
    assert {name for name in ESTIMATES if name in of_classes} == {
        n.removesuffix("_gap") for n in gaps if n in of_classes
    }


def test_every_estimate_has_a_standard_error() -> None:
    assert [name for name, statistic in FAMILY.items() if statistic.standard_error is None] == []


def test_a_change_splits_into_what_covariate_shift_explains_and_the_rest() -> None:
    rng = np.random.default_rng(18)
    reference = drawn(rng, 20_000, CENTERS)
    harder, meaning = drawn(rng, 5_000, 0.25 + CENTERS / 2, (3.0, 3.0)), calibration(reference)
    before, after = CalibratedScores(reference, meaning), CalibratedScores(harder, meaning)
    realised = [float(np.trace(c.realised.cells) / c.realised.cells.sum()) for c in (before, after)]

    shift, rest = float(FAMILY["accuracy_shift"].function(before, after)), value("accuracy_gap", after)

    assert shift < -0.05
    assert rest < -0.02
    at_reference = value("accuracy_gap", before)
    assert realised[1] - realised[0] == pytest.approx(shift + rest - at_reference, abs=1e-12)


def test_shifts_scatter_as_their_standard_errors_say_while_nothing_changed() -> None:
    rng, chance = np.random.default_rng(19), CENTERS**1.4
    found = []
    for _ in range(60):
        reference = drawn(rng, 4_000, chance)
        meaning = calibration(reference)
        pair = CalibratedScores(reference, meaning), CalibratedScores(drawn(rng, 2_000, chance), meaning)
        shift = FAMILY["accuracy_shift"]
        assert shift.standard_error is not None
        found.append(shift.function(*pair) / shift.standard_error(*pair))

    assert 0.75 < np.std(found) < 1.25
    assert abs(np.mean(found)) < 0.4
