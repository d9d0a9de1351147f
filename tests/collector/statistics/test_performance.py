"""Performance statistics against hand-computed values and scikit-learn on the rows themselves."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn import metrics

from miops_collector.statistics.performance import (
    accuracy,
    average_precision,
    balanced_accuracy,
    bias,
    brier,
    correct,
    decay_rate,
    f1,
    labelled,
    log_loss,
    mae,
    mape,
    matthews,
    precision,
    r2,
    recall,
    rmse,
    roc_auc,
    specificity,
)
from miops_collector.summary import Confusion, Losses, Residuals
from tests.collector.statistics import rows


@pytest.fixture(params=range(3))
def binary(request: pytest.FixtureRequest) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(request.param)
    score = rng.beta(0.8, 1.1, 4_000)
    truth = (rng.random(4_000) < 0.1 + 0.7 * score).astype(int)
    return score, truth, (score > 0.5).astype(int)


@pytest.fixture(params=range(3))
def multiclass(request: pytest.FixtureRequest) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(request.param)
    scores = rng.dirichlet((0.6, 0.9, 1.2, 0.5), 3_000)
    truth = np.array([rng.choice(4, p=p) for p in scores[:, [0, 1, 3, 2]]])
    return scores, truth, scores.argmax(axis=1)


@pytest.fixture
def regression() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(5)
    truth = rng.normal(1000, 20, 5_000)
    truth[:10] = 0
    return truth, truth + rng.standard_t(5, 5_000) * 3 + 0.5


def test_binary_decisions_by_hand() -> None:
    confusion = Confusion(("no", "yes"), 1, np.array([[50.0, 10.0], [5.0, 35.0]]))

    assert accuracy.accuracy(confusion) == 0.85
    assert precision.precision(confusion) == pytest.approx(35 / 45)
    assert recall.recall(confusion) == pytest.approx(35 / 40)
    assert specificity.specificity(confusion) == pytest.approx(50 / 60)
    assert f1.f1(confusion) == pytest.approx(70 / 85)
    assert balanced_accuracy.balanced_accuracy(confusion) == pytest.approx((35 / 40 + 50 / 60) / 2)
    assert matthews.matthews(confusion) == pytest.approx((35 * 50 - 10 * 5) / math.sqrt(45 * 40 * 60 * 55))
    assert (correct.correct(confusion), labelled.labelled(confusion)) == (85, 100)


def test_binary_decisions_agree_with_scikit_learn(binary: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    _, truth, decision = binary
    confusion = rows.confusion(truth, decision, 2, positive=1)

    assert accuracy.accuracy(confusion) == pytest.approx(metrics.accuracy_score(truth, decision))
    assert balanced_accuracy.balanced_accuracy(confusion) == pytest.approx(
        metrics.balanced_accuracy_score(truth, decision)
    )
    assert precision.precision(confusion) == pytest.approx(metrics.precision_score(truth, decision))
    assert recall.recall(confusion) == pytest.approx(metrics.recall_score(truth, decision))
    assert specificity.specificity(confusion) == pytest.approx(metrics.recall_score(truth, decision, pos_label=0))
    assert f1.f1(confusion) == pytest.approx(metrics.f1_score(truth, decision))
    assert matthews.matthews(confusion) == pytest.approx(metrics.matthews_corrcoef(truth, decision))


def test_multiclass_decisions_agree_with_scikit_learn(multiclass: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    _, truth, decision = multiclass
    confusion = rows.confusion(truth, decision, 4)

    assert accuracy.accuracy(confusion) == pytest.approx(metrics.accuracy_score(truth, decision))
    assert precision.precision(confusion) == pytest.approx(metrics.precision_score(truth, decision, average="macro"))
    assert recall.recall(confusion) == pytest.approx(metrics.recall_score(truth, decision, average="macro"))
    assert f1.f1(confusion) == pytest.approx(metrics.f1_score(truth, decision, average="macro"))
    assert matthews.matthews(confusion) == pytest.approx(metrics.matthews_corrcoef(truth, decision))


def test_macro_means_leave_out_what_is_undefined_as_scikit_learn_does_on_request() -> None:
    truth, decision = np.array([0, 0, 1, 1, 1, 3]), np.array([0, 1, 1, 1, 0, 0])
    confusion = rows.confusion(truth, decision, 4)
    asked = {"labels": [0, 1, 2, 3], "average": "macro", "zero_division": np.nan}

    assert precision.precision(confusion) == pytest.approx(metrics.precision_score(truth, decision, **asked))
    assert recall.recall(confusion) == pytest.approx(metrics.recall_score(truth, decision, **asked))
    assert f1.f1(confusion) == pytest.approx(metrics.f1_score(truth, decision, **asked))


def test_what_is_zero_over_zero_is_nan() -> None:
    never_predicted = Confusion(("no", "yes"), 1, np.array([[50.0, 0], [5, 0]]))
    never_true = Confusion(("no", "yes"), 1, np.array([[50.0, 5], [0, 0]]))
    neither = Confusion(("no", "yes"), 1, np.array([[50.0, 0], [0, 0]]))

    assert math.isnan(precision.precision(never_predicted))
    assert recall.recall(never_predicted) == f1.f1(never_predicted) == 0
    assert math.isnan(recall.recall(never_true))
    assert f1.f1(never_true) == 0
    assert math.isnan(f1.f1(neither))
    assert math.isnan(matthews.matthews(never_predicted))
    assert math.isnan(specificity.specificity(Confusion(("no", "yes"), 1, np.array([[0.0, 0], [5, 5]]))))


def test_ranking_agrees_with_scikit_learn_within_the_bound_of_the_bins(
    binary: tuple[np.ndarray, np.ndarray, np.ndarray],
) -> None:
    score, truth, decision = binary
    scores = rows.score_histogram(score, truth, decision, bins=200)
    by_truth = scores.labelled.sum(axis=1)

    auc, ap = metrics.roc_auc_score(truth, score), metrics.average_precision_score(truth, score)

    assert abs(roc_auc.roc_auc(scores) - auc) <= auc_bound(by_truth)
    assert abs(average_precision.average_precision(scores) - ap) <= ap_bound(by_truth)


def test_ranking_is_exact_when_every_score_has_its_bin() -> None:
    rng = np.random.default_rng(2)
    score = rng.integers(0, 100, 2_000) / 100 + 0.005
    truth = (rng.random(2_000) < score).astype(int)
    scores = rows.score_histogram(score, truth, truth, bins=100)

    assert roc_auc.roc_auc(scores) == pytest.approx(metrics.roc_auc_score(truth, score))
    assert average_precision.average_precision(scores) == pytest.approx(metrics.average_precision_score(truth, score))


def test_multiclass_ranking_is_one_versus_rest(multiclass: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    scores, truth, _ = multiclass
    binned = rows.class_scores(scores, truth, bins=2_000)

    auc = metrics.roc_auc_score(truth, scores, multi_class="ovr", average="macro")
    ap = np.mean([metrics.average_precision_score(truth == c, scores[:, c]) for c in range(4)])

    assert roc_auc.roc_auc(binned) == pytest.approx(auc, abs=2e-3)
    assert average_precision.average_precision(binned) == pytest.approx(ap, abs=5e-3)
    assert math.isnan(roc_auc.standard_error(binned))


def test_perfect_and_reversed_ranking() -> None:
    score, truth = np.array([0.1, 0.2, 0.8, 0.9]), np.array([0, 0, 1, 1])

    assert roc_auc.roc_auc(rows.score_histogram(score, truth, truth)) == 1
    assert roc_auc.roc_auc(rows.score_histogram(score, 1 - truth, truth)) == 0
    assert average_precision.average_precision(rows.score_histogram(score, truth, truth)) == 1
    assert math.isnan(roc_auc.roc_auc(rows.score_histogram(score, np.ones(4, int), truth)))


def test_roc_auc_error_is_delongs() -> None:
    rng = np.random.default_rng(4)
    hits, others = rng.integers(3, 10, 40) / 10 + 0.05, rng.integers(0, 8, 60) / 10 + 0.05
    score = np.concatenate((hits, others))
    truth = np.concatenate((np.ones(40, int), np.zeros(60, int)))
    wins = (hits[:, None] > others) + 0.5 * (hits[:, None] == others)

    expected = math.sqrt(wins.mean(axis=1).var(ddof=1) / 40 + wins.mean(axis=0).var(ddof=1) / 60)

    assert roc_auc.standard_error(rows.score_histogram(score, truth, truth, bins=10)) == pytest.approx(expected)


def test_losses_agree_with_scikit_learn(binary: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    score, truth, _ = binary
    surprise = -np.log(np.where(truth == 1, score, 1 - score))
    losses = rows.losses(surprise, (score - truth) ** 2)

    assert log_loss.log_loss(losses) == pytest.approx(metrics.log_loss(truth, score))
    assert brier.brier(losses) == pytest.approx(metrics.brier_score_loss(truth, score))
    assert log_loss.standard_error(losses) == pytest.approx(surprise.std(ddof=1) / math.sqrt(len(score)))
    assert brier.standard_error(losses) == pytest.approx(((score - truth) ** 2).std(ddof=1) / math.sqrt(len(score)))


def test_certain_error_costs_thirty_four_nats() -> None:
    clipped = -math.log(1e-15)

    assert log_loss.log_loss(Losses(np.array([1, clipped, clipped**2, 1, 1]))) == pytest.approx(34.539, abs=1e-3)


def test_regression_by_hand() -> None:
    residuals = rows.residuals([1.0, 2.0, 4.0, 0.0], [2.0, 0.0, 4.0, 1.0])

    assert mae.mae(residuals) == 1
    assert rmse.rmse(residuals) == pytest.approx(math.sqrt(6 / 4))
    assert bias.bias(residuals) == 0
    assert mape.mape(residuals) == pytest.approx((1 + 1 + 0) / 3)
    assert r2.r2(residuals) == pytest.approx(1 - 6 / 8.75)


def test_regression_agrees_with_scikit_learn(regression: tuple[np.ndarray, np.ndarray]) -> None:
    truth, prediction = regression
    residuals = rows.residuals(truth, prediction, center=900)
    some = truth != 0

    assert mae.mae(residuals) == pytest.approx(metrics.mean_absolute_error(truth, prediction))
    assert rmse.rmse(residuals) == pytest.approx(metrics.root_mean_squared_error(truth, prediction))
    assert r2.r2(residuals) == pytest.approx(metrics.r2_score(truth, prediction))
    assert mape.mape(residuals) == pytest.approx(metrics.mean_absolute_percentage_error(truth[some], prediction[some]))
    assert bias.bias(residuals) == pytest.approx(np.mean(prediction - truth))


def test_r2_is_undefined_when_the_truth_does_not_vary() -> None:
    assert math.isnan(r2.r2(rows.residuals([1e6 + 0.1] * 5, [1, 2, 3, 4, 5], center=7.0)))
    assert math.isnan(r2.r2(rows.residuals([3.0], [2.0])))


def test_rmse_error_is_undefined_without_errors() -> None:
    assert math.isnan(rmse.standard_error(rows.residuals([1.0, 2.0], [1.0, 2.0])))


def test_errors_of_regression_agree_with_resampling(regression: tuple[np.ndarray, np.ndarray]) -> None:
    truth, prediction = (x[:400] for x in regression)
    rng = np.random.default_rng(0)
    drawn = rng.integers(0, 400, (2_000, 400))
    error = (prediction - truth)[drawn]
    residuals = rows.residuals(truth, prediction)

    assert mae.standard_error(residuals) == pytest.approx(np.abs(error).mean(axis=1).std(), rel=0.06)
    assert bias.standard_error(residuals) == pytest.approx(error.mean(axis=1).std(), rel=0.06)
    assert rmse.standard_error(residuals) == pytest.approx(np.sqrt((error**2).mean(axis=1)).std(), rel=0.06)


def test_errors_of_decisions_agree_with_resampling(binary: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    _, truth, decision = (x[:500] for x in binary)
    rng = np.random.default_rng(0)
    again = [
        rows.confusion(truth[i], decision[i], 2, positive=1) for i in (rng.integers(0, 500, 500) for _ in range(1_500))
    ]
    confusion = rows.confusion(truth, decision, 2, positive=1)

    for module, name in (
        (accuracy, "accuracy"),
        (balanced_accuracy, "balanced_accuracy"),
        (precision, "precision"),
        (recall, "recall"),
        (specificity, "specificity"),
        (f1, "f1"),
    ):
        spread = np.std([getattr(module, name)(c) for c in again])
        assert module.standard_error(confusion) == pytest.approx(spread, rel=0.1), name


def test_macro_means_have_no_standard_error(multiclass: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    _, truth, decision = multiclass
    confusion = rows.confusion(truth, decision, 4)

    for module in (precision, recall, specificity, f1):
        assert math.isnan(module.standard_error(confusion))


def test_decay_rate_of_a_classifier_is_accuracy_lost_per_day() -> None:
    then = Confusion(("no", "yes"), 1, np.array([[450.0, 50.0], [50.0, 450.0]]))
    now = Confusion(("no", "yes"), 1, np.array([[400.0, 100.0], [100.0, 400.0]]))

    assert decay_rate.decay_rate(then, now, days=50.0) == pytest.approx(0.1 / 50)
    assert decay_rate.standard_error(then, now, days=50.0) == pytest.approx(math.sqrt(0.09 / 1000 + 0.16 / 1000) / 50)
    assert decay_rate.decay_rate(now, then, days=50.0) < 0


def test_decay_rate_of_a_regression_is_absolute_error_gained_per_day() -> None:
    then, now = rows.residuals([1.0, 2.0], [2.0, 3.0]), rows.residuals([1.0, 2.0], [4.0, 5.0])

    assert decay_rate.decay_rate(then, now, days=4.0) == pytest.approx(0.5)
    assert decay_rate.standard_error(then, now, days=4.0) == 0


@pytest.mark.parametrize("days", [0.0, -3.0, math.nan])
def test_decay_rate_needs_time_between_reference_and_window(days: float) -> None:
    side = Confusion(("no", "yes"), 1, np.ones((2, 2)))

    assert math.isnan(decay_rate.decay_rate(side, side, days=days))


def test_labelled_rows_of_a_regression_are_counted() -> None:
    assert labelled.labelled(rows.residuals([1.0, 2.0], [2.0, 3.0])) == 2
    assert labelled.labelled(Residuals(0.0, np.zeros(14))) == 0


def auc_bound(by_truth: np.ndarray) -> float:
    others, hits = by_truth[:, 0], by_truth[:, 1]
    return float(0.5 * np.sum(hits * others) / (hits.sum() * others.sum()))


def ap_bound(by_truth: np.ndarray) -> float:
    others, hits = by_truth[::-1, 0], by_truth[::-1, 1]
    reached = np.cumsum(others + hits)
    some = reached > 0
    return float(np.sum((hits * np.maximum(hits, others))[some] / reached[some]) / hits.sum())
