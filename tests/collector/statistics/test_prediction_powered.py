"""Few labels and many predictions: PPI++ by hand, by its authors' package, and by whether its intervals hold."""

from __future__ import annotations

from math import log, nan
from typing import Any

import numpy as np
import pytest

from miops_collector.statistics import statistics_of
from miops_collector.statistics.estimated_performance import (
    CalibratedClasses,
    CalibratedScores,
    Calibration,
    ExpectedErrors,
    LossModel,
    calibration,
    loss_model,
)
from miops_collector.statistics.prediction_powered import ScoredLosses
from miops_collector.statistics.prediction_powered._ranking import values_of_precision, values_of_roc
from miops_collector.summary import ClassScores, ErrorProfile, FloatArray, Losses, Residuals, ScoreHistogram
from tests.collector.statistics import rows

NAMES = (
    "accuracy", "balanced_accuracy", "f1", "precision", "recall", "specificity",
    "brier", "log_loss", "mae", "rmse", "labelled_difference", "roc_auc", "average_precision", "mape", "r2",
)  # fmt: skip
FOUND: dict[str, Any] = {s.name: s for s in statistics_of("prediction_powered")}
accuracy, balanced_accuracy, f1, precision, recall, specificity, brier, log_loss, mae, rmse, labelled_difference = (
    FOUND[name] for name in NAMES[:11]
)
roc_auc, average_precision, mape, r2 = (FOUND[name] for name in NAMES[11:])
SHARES = (accuracy, balanced_accuracy, f1, precision, recall, specificity)
TRUTH = np.array([[[30.0, 2], [0, 0]], [[14, 6], [0, 0]], [[0, 0], [5, 11]], [[0, 0], [3, 29]]])
OTHERS = np.array([[300.0, 0], [260, 0], [0, 220], [0, 220]])
CHANCE, CENTERS = np.array([0.1, 0.4, 0.6, 0.9]), np.array([0.125, 0.375, 0.625, 0.875])


def learnt(chance: FloatArray) -> Calibration:
    return Calibration(CENTERS, chance, chance * (1 - chance), np.arange(4), np.full(4, 0.001), isotonic=True)


def scores(truth: FloatArray = TRUTH, others: FloatArray = OTHERS, chance: FloatArray = CHANCE) -> CalibratedScores:
    bins = ScoreHistogram(np.linspace(0, 1, 5), True, truth.sum(axis=2) + others, truth)
    return CalibratedScores(bins, learnt(chance))


def by_hand(y: FloatArray, f: FloatArray, others: FloatArray) -> tuple[float, float, float]:
    """Value, standard error and tuning from the rows themselves."""
    n, m = len(y), len(others)
    trust = np.cov(y, f, ddof=0)[0, 1] / ((1 + n / m) * np.concatenate((f, others)).var())
    trust = min(max(trust, 0.0), 1.0)
    value = y.mean() + trust * (others.mean() - f.mean())
    return value, np.sqrt((y - trust * f).var() / (n - 2) + trust**2 * others.var() / m), trust


def each_row(counts: FloatArray, *values: FloatArray) -> list[FloatArray]:
    return [np.repeat(np.broadcast_to(v, counts.shape).ravel(), counts.ravel().astype(int)) for v in values]


def test_accuracy_is_the_labelled_mean_moved_by_what_the_others_lead_to_expect() -> None:
    right = np.stack((1 - CHANCE, CHANCE), axis=1)
    y, f = each_row(TRUTH, np.eye(2)[None], right[:, :, None])
    (others,) = each_row(OTHERS, right)

    found = accuracy.estimate(scores())

    assert (found.value, found.standard_error, found.tuning) == pytest.approx(by_hand(y, f, others))


def test_brier_is_a_mean_of_losses_by_bin() -> None:
    loss = np.stack((CENTERS**2, (1 - CENTERS) ** 2), axis=1)
    expected = ((1 - CHANCE) * loss[:, 0] + CHANCE * loss[:, 1])[:, None]
    y, f = each_row(TRUTH, loss[:, None, :], expected[:, :, None])
    (others,) = each_row(OTHERS, expected)

    found = brier.estimate(scores())

    assert (found.value, found.standard_error, found.tuning) == pytest.approx(by_hand(y, f, others))


@pytest.mark.parametrize(
    ("name", "value", "low", "high", "tuning"),
    [
        ("accuracy", 0.8170676967187003, 0.7481342706419826, 0.886001122795418, 0.6370084244805498),
        ("brier", 0.14002333545715198, 0.1054138750431053, 0.17463279587119868, 0.7999075253973318),
        ("log_loss", 0.44248444737704584, 0.3554489184608198, 0.5295199762932719, 0.8264872377148119),
    ],
)
def test_the_authors_package_says_the_same(name: str, value: float, low: float, high: float, tuning: float) -> None:
    """ppi-python 0.2.3 (PyPI), ``ppi_mean_ci`` of the same rows.

    It divides the residuals' variance by n, and that of all predictions by n + N - 1.
    """
    window = scores()
    loss = np.stack((-np.log(1 - CENTERS), -np.log(CENTERS)), axis=1)
    (y,) = each_row(TRUTH, loss[:, None, :])
    losses = ScoredLosses(window, Losses(np.array([100, y.sum(), (y**2).sum(), 0, 0])))

    found = (
        {"accuracy": accuracy, "brier": brier}[name].estimate(window)
        if name != "log_loss"
        else log_loss.estimate(losses)
    )

    assert found.tuning == pytest.approx(tuning * 1100 / 1099, rel=1e-9)
    assert found.value == pytest.approx(value, abs=1e-4)
    assert found.standard_error == pytest.approx((high - low) / 2 / 1.959963984540054, rel=0.012)


def test_the_authors_package_says_the_same_of_errors() -> None:
    """ppi-python 0.2.3, ``ppi_mean_ci`` of 80 absolute and squared errors and 600 more predictions."""
    rng = np.random.default_rng(3)
    known, others = rng.integers(0, 4, 80), np.minimum(rng.integers(0, 5, 600), 3)
    errors = np.abs(rng.normal(0, 1 + known))
    labelled = rows.error_profile(known, 0 * errors, errors, 4).labelled
    mean = rows.losses_by_bin([[1, 0.8, 1.0, 0], [1, 1.6, 4.0, 0], [1, 2.5, 9.0, 0], [1, 3.1, 17.0, 0]])
    model = LossModel(np.arange(4), np.full(4, 100.0), mean)
    window = ExpectedErrors(ErrorProfile(labelled[:, 0] + np.bincount(others, minlength=4), labelled), model)

    of_errors, of_squares = mae.estimate(window), rmse.estimate(window)

    assert of_errors.tuning == pytest.approx(0.7944591689998752 * 680 / 679, rel=1e-9)
    assert of_errors.value == pytest.approx(2.1741857679968923, abs=5e-4)
    assert of_errors.standard_error == pytest.approx((2.5438254898369697 - 1.804546046156815) / 3.92, rel=0.015)
    assert of_squares.tuning == pytest.approx(0.7039020397323857 * 680 / 679, rel=1e-9)
    assert of_squares.value**2 == pytest.approx(9.01809434007517, abs=5e-3)


def test_precision_by_hand_is_a_ratio_of_moved_cells() -> None:
    found = precision.estimate(scores())
    decided_right = (40 + found.tuning * 100 * (330 / 1000 - 38.4 / 100)) / 100
    decided = (48 + found.tuning * 100 * (440 / 1000 - 48 / 100)) / 100

    assert precision.function(scores()) == pytest.approx(decided_right / decided)


@pytest.mark.parametrize("statistic", SHARES)
def test_uninformative_predictions_leave_the_labelled_rows_alone(statistic: Any) -> None:
    window, labelled_only = scores(chance=np.full(4, 0.4)), scores(others=np.zeros((4, 2)))

    if statistic is accuracy:  # of the others it is still known how they were decided, but not whether rightly
        assert statistic.interval(window)[0] >= statistic.interval(labelled_only)[0] - 0.01
    error, alone = statistic.estimate(window).standard_error, statistic.estimate(labelled_only).standard_error
    assert error <= 1.02 * alone


@pytest.mark.parametrize("statistic", SHARES)
def test_without_other_rows_it_is_what_labelled_rows_say(statistic: Any) -> None:
    found = statistic.estimate(scores(others=np.zeros((4, 2))))

    (tn, fn), (fp, tp) = TRUTH.sum(axis=0)
    of_labels = {
        accuracy: (tp + tn) / 100, precision: tp / (tp + fp), recall: tp / (tp + fn), specificity: tn / (tn + fp),
        f1: 2 * tp / (2 * tp + fp + fn), balanced_accuracy: (tp / (tp + fn) + tn / (tn + fp)) / 2,
    }  # fmt: skip
    assert (found.value, found.tuning) == (pytest.approx(of_labels[statistic]), 0.0)


def test_predictions_are_not_trusted_where_labelled_rows_hardly_ever_err() -> None:
    truth = TRUTH * np.array([[1, 0], [0, 1]])

    found = recall.estimate(scores(truth))

    assert (found.value, found.standard_error, found.tuning) == (1.0, 0.0, 0.0)
    assert recall.interval(scores(truth))[0] == pytest.approx(1 - 3.84 / (40 + 3.84), abs=1e-3)  # Wilson's of 40 of 40


def test_scores_that_mean_nothing_give_nothing() -> None:
    window = scores(chance=np.full(4, nan))

    for statistic in SHARES:
        assert np.isnan([statistic.estimate(window).value, *statistic.interval(window)]).all()


def test_log_loss_of_labelled_rows_is_exact_where_bins_are_not() -> None:
    """One row whose probability was all but 0: its bin says 2.1, it was 30."""
    loss = np.stack((-np.log(1 - CENTERS), -np.log(CENTERS)), axis=1)
    (y,) = each_row(TRUTH, loss[:, None, :])
    more = 30 + log(CENTERS[0])
    sums = Losses(np.array([100, y.sum() + more, (y**2).sum() + 900 - log(CENTERS[0]) ** 2, 0, 0]))
    window = ScoredLosses(scores(others=np.zeros((4, 2))), sums)

    assert log_loss.function(window) == pytest.approx((y.sum() + more) / 100)
    assert log_loss.standard_error(window) > 0.25


def test_several_classes_count_each_row_where_it_was_decided() -> None:
    rng = np.random.default_rng(8)
    chances = rng.dirichlet([1, 1, 1], 1200)
    truth = (rng.random(1200)[:, None] > chances.cumsum(axis=1)).sum(axis=1)
    known = rows.class_scores(chances[:300], truth[:300], bins=20)
    rest = rows.class_scores(chances[300:], truth[300:], bins=20)
    both = ClassScores(known.classes, known.rows + rest.rows, known.labelled)
    reference = rows.class_scores(chances, truth, bins=20)
    pairs = zip(both.against_rest(), reference.against_rest(), strict=True)
    window = CalibratedClasses(tuple(CalibratedScores(now, calibration(then)) for now, then in pairs))

    found = accuracy.estimate(window)

    decided = chances.argmax(axis=1)
    bins = np.minimum((chances.max(axis=1) * 20).astype(int), 19)
    expected = np.array([window.classes[c].calibration.probability[b] for c, b in zip(decided, bins, strict=True)])
    y = (decided == truth)[:300].astype(float)
    assert (found.value, found.standard_error, found.tuning) == pytest.approx(
        by_hand(y, expected[:300], expected[300:])
    )
    assert 0 < f1.interval(window)[0] < f1.function(window) < f1.interval(window)[1] < 1


def test_several_classes_that_are_hardly_ever_confused_are_not_powered() -> None:
    chances = np.tile([[0.98, 0.01, 0.01], [0.01, 0.9, 0.09]], (40, 1))
    known, rest = (rows.class_scores(chances, chances.argmax(axis=1), bins=20) for _ in range(2))
    both = ClassScores(known.classes, known.rows + rest.rows, known.labelled)
    window = CalibratedClasses(tuple(CalibratedScores(c, calibration(c)) for c in both.against_rest()[:2]))

    assert (accuracy.estimate(window).value, accuracy.estimate(window).tuning) == (1.0, 0.0)


def drawn(rng: np.random.Generator, n: int, others: int, *, slope: float) -> ScoreHistogram:
    """Truth comes to the first ``n`` rows; ``slope`` 1: scores are honest, less: they mean less than they say."""
    score = rng.beta(0.6, 0.9, n + others)
    truth = (rng.random(n + others) < 0.4 + slope * (score - 0.4)).astype(int)
    place, decided = np.minimum((score * 100).astype(int), 99), (score >= 0.5).astype(int)
    all_rows, labelled = np.zeros((100, 2)), np.zeros((100, 2, 2))
    np.add.at(all_rows, (place, decided), 1.0)
    np.add.at(labelled, (place[:n], decided[:n], truth[:n]), 1.0)
    return ScoreHistogram(np.linspace(0, 1, 101), True, all_rows, labelled)


@pytest.mark.parametrize("slope", [1.0, 0.6], ids=["as in the reference", "concept drift"])
def test_intervals_hold_and_are_no_wider_than_of_labels_alone(slope: float) -> None:
    rng = np.random.default_rng(20)
    meaning = calibration(drawn(rng, 20_000, 0, slope=1.0))
    (tn, fn), (fp, tp) = drawn(rng, 1_000_000, 0, slope=slope).labelled.sum(axis=0)
    right = {
        accuracy: (tp + tn) / 1e6, precision: tp / (tp + fp), recall: tp / (tp + fn), specificity: tn / (tn + fp),
        f1: 2 * tp / (2 * tp + fp + fn), balanced_accuracy: (tp / (tp + fn) + tn / (tn + fp)) / 2,
    }  # fmt: skip
    held, width, alone = (np.zeros(len(SHARES)) for _ in range(3))

    for _ in range(400):
        bins = drawn(rng, 150, 2000, slope=slope)
        window = CalibratedScores(bins, meaning)
        labelled = CalibratedScores(ScoreHistogram(bins.edges, True, bins.labelled.sum(axis=2), bins.labelled), meaning)
        ends = np.array([s.interval(window) for s in SHARES])
        held += [low <= right[s] <= high for s, (low, high) in zip(SHARES, ends, strict=True)]
        width += ends[:, 1] - ends[:, 0]
        alone += [high - low for low, high in (s.interval(labelled) for s in SHARES)]

    assert (held / 400 >= 0.93).all(), held / 400
    assert (width <= 1.005 * alone).all()
    if slope == 1:
        assert (width[[2, 4, 5]] < 0.9 * alone[[2, 4, 5]]).all()  # f1, recall, specificity: how many the others are


def test_intervals_of_errors_hold() -> None:
    rng = np.random.default_rng(21)
    size = np.array([0.5, 1.0, 2.0, 3.0])

    def profile(n: int, others: int) -> ErrorProfile:
        place = rng.integers(0, 4, n + others)
        known = rows.error_profile(1 + place[:n], np.zeros(n), rng.normal(0, size[place[:n]]), 6)
        return ErrorProfile(np.bincount(1 + place, minlength=6).astype(float), known.labelled)

    model = loss_model(profile(5000, 0))
    right = {mae: np.sqrt(2 / np.pi) * size.mean(), rmse: np.sqrt((size**2).mean())}
    held, width, alone = (np.zeros(2) for _ in range(3))
    for _ in range(400):
        now = profile(500, 5000)
        window, labelled = (
            ExpectedErrors(now, model),
            ExpectedErrors(ErrorProfile(now.labelled[:, 0], now.labelled), model),
        )
        for i, s in enumerate(right):
            (low, high), (lowest, highest) = s.interval(window), s.interval(labelled)
            held[i] += low <= right[s] <= high
            width[i] += high - low
            alone[i] += highest - lowest

    assert (held / 400 >= 0.93).all(), held / 400
    assert (width < 0.92 * alone).all()


def test_labelled_rows_drawn_by_lot_look_like_the_others() -> None:
    rng = np.random.default_rng(22)
    meaning = calibration(drawn(rng, 5000, 0, slope=1.0))

    p = [labelled_difference.p_value(CalibratedScores(drawn(rng, 200, 1000, slope=1.0), meaning)) for _ in range(400)]

    assert 0.02 <= np.mean(np.array(p) < 0.05) <= 0.09


def test_labelled_rows_of_high_scores_do_not_look_like_the_others() -> None:
    truth = TRUTH * np.array([0, 0, 1, 1])[:, None, None]

    assert labelled_difference.function(scores(truth)) == pytest.approx(0.56)
    assert labelled_difference.p_value(scores(truth)) < 1e-9


REALISED: dict[str, Any] = {s.name: s for s in statistics_of("performance")}


def leaving_out(statistic: Any, truth: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Pseudo-values of each row, one row left out after the other, and the bin of each."""

    def area(cells: FloatArray) -> float:
        bins = np.stack((cells, 0 * cells), axis=1)
        return float(statistic.function(ScoreHistogram(np.linspace(0, 1, 5), True, bins.sum(axis=2), bins)))

    n, found, place = truth.sum(), [], []
    for bin_, of in np.argwhere(truth > 0):
        less = truth.copy()
        less[bin_, of] -= 1
        found += [n * area(truth) - (n - 1) * area(less)] * int(truth[bin_, of])
        place += [bin_] * int(truth[bin_, of])
    return np.array(found), np.array(place)


@pytest.mark.parametrize("statistic", [roc_auc, average_precision], ids=lambda s: s.name)
def test_an_area_is_the_mean_of_pseudo_values_moved_by_those_that_are_expected(statistic: Any) -> None:
    truth, others = TRUTH.sum(axis=1), OTHERS.sum(axis=1)
    y, place = leaving_out(REALISED[statistic.name], truth)
    rows_of_all = truth.sum(axis=1) + others
    values = {"roc_auc": values_of_roc, "average_precision": values_of_precision}[statistic.name]
    expected = values(np.stack((rows_of_all * (1 - CHANCE), rows_of_all * CHANCE), axis=1))
    f = (1 - CHANCE) * expected[:, 0] + CHANCE * expected[:, 1]

    found = statistic.estimate(scores())

    assert (found.value, found.standard_error, found.tuning) == pytest.approx(
        by_hand(y, f[place], np.repeat(f, others.astype(int))), rel=1e-6
    )


@pytest.mark.parametrize("statistic", [roc_auc, average_precision], ids=lambda s: s.name)
def test_an_area_without_other_rows_is_what_labelled_rows_say_less_the_bias_of_few(statistic: Any) -> None:
    window = scores(others=np.zeros((4, 2)))
    of_labels = REALISED[statistic.name].function(window.scores)

    found = statistic.estimate(window)

    assert found.tuning == 0.0
    if statistic is roc_auc:
        assert found.value == pytest.approx(of_labels)
        assert found.standard_error == pytest.approx(REALISED["roc_auc"].standard_error(window.scores), rel=0.01)
    assert of_labels - 0.02 < found.value <= of_labels + 1e-9


@pytest.mark.parametrize("statistic", [roc_auc, average_precision], ids=lambda s: s.name)
def test_an_area_of_four_rows_of_a_class_is_undefined_and_of_a_perfect_ranking_has_an_interval(statistic: Any) -> None:
    few = TRUTH * 0
    few[0, 0, 0], few[3, 1, 1] = 60, 4
    perfect = few + 0
    perfect[3, 1, 1] = 20

    assert np.isnan([statistic.function(scores(few)), *statistic.interval(scores(few))]).all()
    low, high = statistic.interval(scores(perfect))
    assert statistic.function(scores(perfect)) == 1.0 >= high > low > 0.8


def test_areas_of_several_classes_are_means_over_those_that_have_truth() -> None:
    window = CalibratedClasses((scores(), scores(chance=np.full(4, 0.4)), scores(TRUTH * 0)))

    found = [
        (s.estimate(window), s.estimate(scores()), s.estimate(window.classes[1])) for s in (roc_auc, average_precision)
    ]

    for both, one, other in found:
        assert both.value == pytest.approx((one.value + other.value) / 2)
        assert both.standard_error > max(one.standard_error, other.standard_error) / 2
        assert both.rows == 48


@pytest.mark.parametrize(("n", "slope"), [(100, 1.0), (500, 0.6)], ids=["100", "concept drift, 500"])
def test_intervals_of_areas_hold_and_are_narrower_than_of_labels_alone(n: int, slope: float) -> None:
    """Nominal 95 %; the range is that of what was simulated, 1,200 windows each, with what chance adds to 600."""
    rng = np.random.default_rng(23)
    meaning, areas = calibration(drawn(rng, 20_000, 0, slope=1.0)), (roc_auc, average_precision)
    whole = drawn(rng, 1_000_000, 0, slope=slope)
    right = [REALISED[s.name].function(whole) for s in areas]
    held, width, alone = (np.zeros(2) for _ in range(3))
    for _ in range(600):
        bins = drawn(rng, n, 10_000 - n, slope=slope)
        window = CalibratedScores(bins, meaning)
        labelled = CalibratedScores(ScoreHistogram(bins.edges, True, bins.labelled.sum(axis=2), bins.labelled), meaning)
        ends = np.array([s.interval(window) for s in areas])
        held += (ends[:, 0] <= right) & (right <= ends[:, 1])
        width += ends[:, 1] - ends[:, 0]
        alone += [high - low for low, high in (s.interval(labelled) for s in areas)]

    assert 0.93 <= held[0] / 600 <= 0.97, held / 600
    assert 0.91 <= held[1] / 600 <= 0.97, held / 600
    assert (width < (0.95 if slope == 1 else 1.0) * alone).all(), width / alone


def numbers(rng: np.random.Generator, n: int, others: int, *, noise: float) -> ErrorProfile:
    """Predictions of 20 to 60, in 20 bins; truth comes to the first ``n``."""
    predicted = 20 + 40 * rng.beta(1.2, 2.0, n + others)
    place = 1 + (predicted - 20).astype(int) // 2
    known, truth = place[:n], predicted[:n] + noise * rng.normal(0, 3, n)
    labelled = rows.error_profile(known, truth, predicted[:n], 22, center=35.0).labelled
    return ErrorProfile(np.bincount(place, minlength=22).astype(float), labelled)


def labels_of(window: ErrorProfile) -> ErrorProfile:
    return ErrorProfile(window.labelled[:, 0], window.labelled)


def test_relative_errors_and_r2_of_labelled_rows_alone_are_as_of_performance() -> None:
    known = labels_of(numbers(np.random.default_rng(24), 300, 0, noise=1.0))
    alone, residuals = ExpectedErrors(known, loss_model(known)), Residuals(35.0, known.labelled.sum(axis=0))

    for s in (mape, r2):
        assert s.function(alone) == pytest.approx(REALISED[s.name].function(residuals))
        assert s.estimate(alone).standard_error == pytest.approx(REALISED[s.name].standard_error(residuals))
        assert s.estimate(alone).tuning == 0.0


def test_relative_errors_are_ppi_of_each_row_s_pull() -> None:
    """All truths but two are not 0; by hand from the rows, at the labelled rows' own mean."""
    rng = np.random.default_rng(25)
    place, truth = rng.integers(0, 3, 60), np.concatenate((np.zeros(2), rng.uniform(5, 20, 58)))
    predicted = truth + rng.normal(0, 1 + 2 * place)
    known = rows.error_profile(place, truth, predicted, 3)
    model = loss_model(rows.error_profile(np.repeat(place, 9), np.repeat(truth, 9), np.repeat(predicted, 9) + 0.5, 3))
    more = np.array([200.0, 100.0, 50.0])
    window = ExpectedErrors(ErrorProfile(known.labelled[:, 0] + more, known.labelled), model)
    some = truth != 0
    relative = np.where(some, np.abs(predicted - truth) / np.where(some, truth, 1), 0)
    mean, per = relative[some].mean(), len(truth) / some.sum()
    f = (model.mean[:, 5] - mean * model.mean[:, 4])[model.block] * per

    found = mape.estimate(window)

    value, error, trust = by_hand((relative - mean * some) * per, f[place], np.repeat(f, more.astype(int)))
    assert (found.value, found.standard_error, found.tuning) == pytest.approx((mean + value, error, trust))


def test_intervals_of_relative_errors_and_r2_hold_under_concept_drift() -> None:
    n, noise = 200, 1.7
    rng = np.random.default_rng(26)
    model, found = loss_model(numbers(rng, 10_000, 0, noise=1.0)), (mape, r2)
    whole = Residuals(35.0, numbers(rng, 1_000_000, 0, noise=noise).labelled.sum(axis=0))
    right = [REALISED[s.name].function(whole) for s in found]
    held, width, alone = (np.zeros(2) for _ in range(3))
    for _ in range(600):
        now = numbers(rng, n, 10_000 - n, noise=noise)
        window, labelled = ExpectedErrors(now, model), ExpectedErrors(labels_of(now), model)
        ends = np.array([s.interval(window) for s in found])
        held += (ends[:, 0] <= right) & (right <= ends[:, 1])
        width += ends[:, 1] - ends[:, 0]
        alone += [high - low for low, high in (s.interval(labelled) for s in found)]

    assert (held / 600 >= 0.93).all(), held / 600
    assert (held / 600 <= 0.97).all(), held / 600
    assert (width < [0.99, 0.9] * alone).all(), width / alone
