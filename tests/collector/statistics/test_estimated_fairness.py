"""Fairness without labels against what turns out, where a score means another chance in one group than in another."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from miops_collector.statistics import statistics_of
from miops_collector.statistics.estimated_fairness import (
    CalibratedGroups,
    DecidedGroups,
    GroupErrors,
    calibrated_groups,
    decided_groups,
    group_errors,
)
from miops_collector.summary import ErrorProfile, GroupPredictions, GroupResiduals, Groups, GroupScores
from tests.collector.statistics import rows

FAMILY = {s.name: s for s in statistics_of("estimated_fairness")}
WHOLE = {s.name: s for s in statistics_of("estimated_performance")}
MEASURES = ["average_precision", "balanced_accuracy", "brier", "f1", "matthews", "roc_auc"]
REALISED = {s.name: s for s in statistics_of("fairness")}
OF_ERRORS = sorted(s.name for s in FAMILY.values() if s.per_group and GroupErrors in s.takes)
PER_GROUP = ["accuracy", "false_positive_rate", "precision", "true_positive_rate"]
ENOUGH = {"minimum_rows": 30.0}
BINS = 50


def drawn(rng: np.random.Generator, n: int, powers: tuple[float, ...], shape: tuple[float, float]) -> GroupScores:
    """``n`` rows of each group; ``score ** power`` is the chance of a positive truth."""
    found = []
    for power in powers:
        score = rng.beta(*shape, n)
        truth = (rng.random(n) < score**power).astype(int)
        found.append(rows.score_histogram(score, truth, (score > 0.5).astype(int), BINS))
    labelled = np.stack([f.labelled for f in found])
    names = tuple(f"g{i}" for i in range(len(powers)))
    return GroupScores(("sex",), names, np.linspace(0, 1, BINS + 1), True, labelled.sum(axis=3), labelled)


def values(name: str, groups: CalibratedGroups | DecidedGroups) -> list[float]:
    return [float(v) for v in FAMILY[name].function(groups)]


def confusion(scores: GroupScores) -> Groups:
    cells = scores.labelled.sum(axis=1).transpose(0, 2, 1)
    return Groups(scores.axis, scores.names, ("no", "yes"), 1, scores.rows.sum(axis=1), cells)


def test_estimates_follow_each_group_where_a_score_means_another_chance() -> None:
    rng = np.random.default_rng(1)
    reference, window = drawn(rng, 8_000, (1.0, 2.0), (1, 1)), drawn(rng, 8_000, (1.0, 2.0), (2, 1.3))

    found = calibrated_groups(reference, window, minimum_rows=30)

    truth = confusion(window)
    for name in PER_GROUP[1:]:
        assert FAMILY[name].standard_error is not None
        errors = FAMILY[name].standard_error(found)  # type: ignore[misc]
        assert (np.abs(np.array(values(name, found)) - REALISED[name].function(truth)) < 3.5 * errors).all()
    assert abs(values("precision", found)[0] - values("precision", found)[1]) > 0.1
    for name in ("equal_opportunity_difference", "equalized_odds_difference", "predictive_parity_difference"):
        expected = REALISED[name].function(truth, **ENOUGH)
        assert FAMILY[name].function(found, **ENOUGH) == pytest.approx(expected, abs=0.03)


def test_realised_rates_scatter_about_estimates_as_their_standard_errors_say() -> None:
    rng = np.random.default_rng(2)
    scatter = []
    for _ in range(60):
        reference, window = drawn(rng, 2_000, (1.5,), (1, 1)), drawn(rng, 1_000, (1.5,), (1, 1))
        found, truth = calibrated_groups(reference, window, minimum_rows=30), confusion(window)
        scatter.append(
            [
                (REALISED[name].function(truth)[0] - values(name, found)[0]) / FAMILY[name].standard_error(found)[0]  # type: ignore[misc]
                for name in PER_GROUP[1:]
            ]
        )

    spread = np.std(scatter, axis=0)  # the errors are those of other rows of the same kind, and a little too large
    assert spread.min() > 0.6
    assert spread.max() < 1.25


@pytest.mark.parametrize("name", MEASURES)
def test_a_measure_of_a_group_is_that_of_a_model_with_its_rows_alone(name: str) -> None:
    rng = np.random.default_rng(7)
    reference, window = drawn(rng, 3_000, (1.0, 2.0, 0.5), (1, 1)), drawn(rng, 900, (1.0, 2.0, 0.5), (2, 1.3))
    found, whole = calibrated_groups(reference, window, minimum_rows=30), WHOLE[name]

    alone = [whole.function(g) for g in found.groups]
    errors = [whole.standard_error(g) for g in found.groups]  # type: ignore[misc]
    own = FAMILY[name].standard_error(found)  # type: ignore[misc]

    np.testing.assert_allclose(values(name, found), alone, rtol=1e-12)
    if name in ("average_precision", "matthews"):  # of these very rows there too
        np.testing.assert_allclose(own, errors, rtol=1e-9)
    assert (own < 1.1 * np.array(errors)).all()


def test_what_turns_out_scatters_about_measures_as_their_errors_say() -> None:
    rng = np.random.default_rng(8)
    scatter = []
    for _ in range(80):
        reference, window = drawn(rng, 3_000, (1.5,), (1, 1)), drawn(rng, 1_000, (1.5,), (1, 1))
        found = calibrated_groups(reference, window, minimum_rows=30)
        of = {"average_precision": window, "roc_auc": window}
        scatter.append(
            [
                (REALISED[name].function(of.get(name, confusion(window)))[0] - values(name, found)[0])
                / FAMILY[name].standard_error(found)[0]  # type: ignore[misc]
                for name in MEASURES
                if name != "brier"
            ]
        )

    assert np.abs(np.mean(scatter, axis=0)).max() < 0.5
    assert np.std(scatter, axis=0).min() > 0.75
    assert np.std(scatter, axis=0).max() < 1.25


def test_groups_without_calibration_have_no_measures_and_are_in_no_gap() -> None:
    rng = np.random.default_rng(9)
    reference, window = drawn(rng, 800, (1.0, 1.0, 1.0), (1, 1)), drawn(rng, 500, (1.0, 1.0, 1.0), (1, 1))
    reference.labelled[1] = 0

    found = calibrated_groups(reference, window, minimum_rows=30)

    for name in MEASURES:
        of_groups = values(name, found)
        assert np.isnan(of_groups).tolist() == [False, True, False]
        gap = FAMILY[f"{name}_difference"]
        assert gap.function(found, **ENOUGH) == pytest.approx(abs(of_groups[0] - of_groups[2]))
        assert gap.standard_error is not None
        assert gap.standard_error(found, **ENOUGH) > 0
    nothing = calibrated_groups(replace(reference, labelled=0 * reference.labelled), window, minimum_rows=30)
    assert np.isnan([values(name, nothing) for name in MEASURES]).all()


def test_a_group_whose_reference_lacks_truth_is_unknown_and_not_compared() -> None:
    rng = np.random.default_rng(3)
    reference, window = drawn(rng, 500, (1.0, 1.0, 1.0), (1, 1)), drawn(rng, 400, (1.0, 1.0, 1.0), (1, 1))
    reference.labelled[2] = 0

    found = calibrated_groups(reference, window, minimum_rows=30)

    assert np.isnan(values("precision", found)).tolist() == [False, False, True]
    assert FAMILY["equal_opportunity_difference"].function(found, **ENOUGH) < 0.2
    assert np.isnan(FAMILY["equal_opportunity_difference"].function(found, minimum_rows=500.0))


def test_differences_are_those_of_the_groups_furthest_apart() -> None:
    rng = np.random.default_rng(4)
    found = calibrated_groups(
        drawn(rng, 2_000, (1.0, 2.0, 3.0), (1, 1)), drawn(rng, 500, (1.0, 2.0, 3.0), (1, 1)), minimum_rows=30
    )

    precision, error = values("precision", found), FAMILY["precision"].standard_error
    assert error is not None
    apart = error(found)[[int(np.argmax(precision)), int(np.argmin(precision))]]
    difference = FAMILY["predictive_parity_difference"]
    assert difference.standard_error is not None
    assert difference.function(found, **ENOUGH) == pytest.approx(max(precision) - min(precision))
    assert difference.standard_error(found, **ENOUGH) == pytest.approx(float(np.hypot(*apart)))


def test_accuracy_of_several_classes_scatters_about_its_estimate_as_its_error_says() -> None:
    rng = np.random.default_rng(5)
    right, then, now = np.array([0.95, 0.7, 0.5]), [0.6, 0.2, 0.2], [0.2, 0.5, 0.3]

    def groups(n: int, shares: list[float]) -> Groups:
        decided = rng.multinomial(n, shares)
        hits = rng.binomial(decided, right)
        cells = np.diag(hits) + np.roll(np.diag(decided - hits), 1, axis=0)
        return Groups(("sex",), ("g",), ("a", "b", "c"), -1, decided[None].astype(float), cells[None].astype(float))

    off = []
    for _ in range(200):
        reference, window = groups(600, then), groups(400, now)
        found = decided_groups(reference, window, minimum_rows=30)
        realised = REALISED["accuracy"].function(window)[0]
        off.append((realised - values("accuracy", found)[0]) / found.error[0])

    assert np.mean(off) == pytest.approx(0.0, abs=0.2)
    assert np.std(off) == pytest.approx(1.0, abs=0.15)


def test_errors_of_groups_scatter_about_their_estimates_as_their_errors_say() -> None:
    rng = np.random.default_rng(6)

    def drawn_errors(n: int, shift: float) -> tuple[ErrorProfile, GroupResiduals, GroupPredictions]:
        place = np.minimum(rng.binomial(4, shift, (2, n)), 3)
        error = rng.normal(0.3, (1.0 + place) * np.array([[1.0], [1.6]]))
        truth = 40 + 10 * place - error
        sums = np.array([rows.residuals(t, t + e, 50.0).sums for t, e in zip(truth, error, strict=True)])
        cells = np.array([np.bincount(1 + group, minlength=6) for group in place]).astype(float)
        names = (("sex",), ("f", "m"), 50.0)
        return (
            rows.error_profile(1 + place.ravel(), truth.ravel(), (truth + error).ravel(), 6, 50.0),
            GroupResiduals(*names, sums),
            GroupPredictions(*names, np.zeros((2, 3)), cells),
        )

    off = []
    for _ in range(200):
        (profile, known, then), (_, truth, now) = drawn_errors(800, 0.3), drawn_errors(400, 0.5)
        found = group_errors(profile, (0, 1, 2, 3), known, then, now, minimum_rows=30)
        off.append(
            [
                (REALISED[name].function(truth) - FAMILY[name].function(found)) / FAMILY[name].standard_error(found)
                for name in OF_ERRORS
            ]
        )  # type: ignore[misc]

    assert np.abs(np.mean(off, axis=0)).max() < 0.3
    assert np.abs(np.std(off, axis=0) - 1).max() < 0.3


def test_groups_of_the_reference_itself_are_expected_as_they_were() -> None:
    rng = np.random.default_rng(7)
    place = rng.integers(0, 4, (2, 500))
    truth = 30 + 5 * place + rng.normal(0, [[1.0], [3.0]], (2, 500))
    predicted = 32 + 5.0 * place
    sums = np.array([rows.residuals(t, p).sums for t, p in zip(truth, predicted, strict=True)])
    cells = np.array([np.bincount(1 + group, minlength=6) for group in place]).astype(float)
    names = (("sex",), ("f", "m"), 0.0)
    profile = rows.error_profile(1 + place.ravel(), truth.ravel(), predicted.ravel(), 6)
    then = GroupPredictions(*names, np.zeros((2, 3)), cells)

    found = group_errors(profile, (0, 1, 2, 3), GroupResiduals(*names, sums), then, then, minimum_rows=30)

    assert {"bias", "mae", "mape", "r2", "rmse"} == set(OF_ERRORS)
    for name in OF_ERRORS:
        expected = REALISED[name].function(GroupResiduals(*names, sums))
        assert FAMILY[name].function(found) == pytest.approx(expected), name
        for gap in (s for s in FAMILY if s.startswith(f"{name}_")):
            assert FAMILY[gap].function(found, **ENOUGH) == pytest.approx(
                REALISED[gap].function(GroupResiduals(*names, sums), **ENOUGH)
            ), gap
