"""The alarm on estimates that truth contradicts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from miops_collector.alerts import Budget, Finding, estimate_findings
from miops_collector.report import Observation
from miops_collector.statistics import statistics_of
from miops_collector.statistics.estimated_performance import (
    CalibratedScores,
    ExpectedErrors,
    calibration,
    loss_model,
)
from miops_collector.summary import ErrorProfile, ErrorSum, ScoreHistogram, error_terms
from tests.collector.alerts.makers import observation
from tests.collector.statistics import rows

ACCURACY = "miops.estimated_performance.accuracy_gap"
BRIER = "miops.estimated_performance.brier_gap"
MAE = "miops.estimated_performance.mae_gap"
PREVALENCE = "miops.estimated_performance.prevalence_gap"
BIAS = "miops.estimated_performance.bias_gap"


def gap(value: float, metric: str = ACCURACY, error: float = 0.01, **changes: Any) -> Observation:
    given: dict[str, Any] = {"n": 1000.0, "n_reference": 5000.0, "standard_error": error}
    return observation(metric, value, **(given | changes))


def judge(*observations: Observation) -> Finding:
    return estimate_findings(observations, Budget())[0]


def test_truth_far_below_the_estimate_is_an_alarm_that_says_how_the_change_splits() -> None:
    realised = observation("miops.performance.accuracy", 0.70, reference=0.80)

    found = judge(gap(-0.07), realised)

    assert (found.verdict, found.severity, found.rule) == ("breach", "critical", "estimated_performance")
    assert found.what == (
        "truth of 1,000 rows shows accuracy 0.07 worse than estimated: scores no longer mean what they meant, concept"
        " drift is likely (of its change by -0.1, -0.03 is explained by covariate shift)"
    )
    assert found.evidence["not_explained"] == pytest.approx(-0.07)
    assert found.evidence["explained_by_covariate_shift"] == pytest.approx(-0.03)
    assert found.evidence["p_value"] <= found.evidence["level"] == pytest.approx(0.1 / 720 / 2)
    assert -0.07 < found.threshold < -0.01


@pytest.mark.parametrize(
    ("value", "metric", "verdict", "severity"),
    [
        (0.07, ACCURACY, "breach", "warning"),
        (-0.008, ACCURACY, "quiet", "critical"),
        (0.05, BRIER, "breach", "critical"),
        (-0.05, BRIER, "breach", "warning"),
        (0.004, BRIER, "quiet", "critical"),
    ],
)
def test_either_direction_breaks_the_assumption_but_only_the_worse_one_is_critical(
    value: float, metric: str, verdict: str, severity: str
) -> None:
    found = judge(gap(value, metric, 0.005))

    assert (found.verdict, found.severity) == (verdict, severity)


@pytest.mark.parametrize("value", [-0.15, 0.15])
def test_fewer_or_more_positives_than_scores_said_is_critical(value: float) -> None:
    found = judge(gap(value, PREVALENCE))

    assert (found.verdict, found.severity) == ("breach", "critical")
    assert found.what == (
        f"truth of 1,000 rows shows the share of positives 0.15 {'higher' if value > 0 else 'lower'} than estimated:"
        " scores no longer mean what they meant, concept drift is likely"
    )
    assert judge(gap(0.009, PREVALENCE, 0.0001)).verdict == "quiet"


def test_the_largest_gap_of_several_classes_pays_for_their_number() -> None:
    given = [gap(-0.07), gap(0.07, PREVALENCE)]

    accuracy, share = estimate_findings(given, Budget(), classes=5)

    assert accuracy.evidence["level"] == pytest.approx(0.1 / 720 / 4)
    assert share.evidence["level"] == pytest.approx(0.1 / 720 / 4 / 5)
    assert "the share of one of 5 classes 0.07 higher" in share.what


def hourly(rng: np.random.Generator, n: int, off: float = 0.0) -> ScoreHistogram:
    """Rows whose chance of a positive truth is their score and ``off``, in bins as the collector has them."""
    score = 1 / (1 + np.exp(0.3 - rng.normal(size=n)))
    truth = rng.random(n) < np.clip(score + off, 0, 1)
    return rows.score_histogram(score, truth.astype(int), (score >= 0.5).astype(int), 200)


def gaps_of(window: ScoreHistogram, reference: ScoreHistogram, i: int = 0) -> list[Observation]:
    of = {s.metric: s for s in statistics_of("estimated_performance")}
    scores, n = CalibratedScores(window, calibration(reference)), float(window.rows.sum())
    return [
        gap(of[m].function(scores), m, of[m].standard_error(scores), i=i, n=n)  # type: ignore[misc]
        for m in (ACCURACY, BRIER, PREVALENCE)
    ]


def test_chances_that_fell_everywhere_are_an_alarm_though_decisions_are_nearly_as_right() -> None:
    rng = np.random.default_rng(41)

    found = estimate_findings(gaps_of(hourly(rng, 7_200, -0.15), hourly(rng, 5_000)), Budget(), lengths=2)

    assert {f.metric: f.verdict for f in found}[PREVALENCE] == "breach"


@pytest.mark.parametrize("off", [0.0, 0.015], ids=["honest", "nearly"])
def test_classifiers_as_they_were_in_the_reference_stay_within_the_share_of_the_budget(off: float) -> None:
    """Two references, each with 400 hourly windows of 300 rows and 60 days of 7,200: 0.6 alarms in all at most."""
    opened = 0
    for seed in (51, 52):
        rng = np.random.default_rng(seed)
        reference = hourly(rng, 5_000, off)
        for n, windows in ((300, 400), (7_200, 60)):
            for i in range(windows):
                found = estimate_findings(gaps_of(hourly(rng, n, off), reference, i), Budget(), lengths=1)
                opened += sum(f.verdict == "breach" for f in found)

    assert opened == 0


def test_an_error_in_units_is_tolerated_in_proportion_to_the_reference() -> None:
    realised = observation("miops.performance.mae", 102.0, reference=100.0)

    assert judge(gap(1.9, MAE, 0.01, reference=0.0), realised).verdict == "quiet"
    assert judge(gap(2.5, MAE, 0.01, reference=0.0), realised).verdict == "breach"
    assert judge(gap(4.9, BIAS, 0.01, reference=0.0), realised).verdict == "quiet"
    assert judge(gap(-5.5, BIAS, 0.01, reference=0.0), realised).verdict == "breach"
    assert judge(gap(1.9, MAE, 0.01, reference=0.0)).verdict == "breach"  # no scale is known


@pytest.mark.parametrize(
    ("value", "was", "now", "severity", "side"),
    [
        (3.0, 0.5, 3.4, "critical", "higher"),
        (-3.0, 0.5, -2.6, "critical", "lower"),
        (3.0, -3.1, 0.1, "warning", "higher"),
    ],
)
def test_a_shifted_target_is_critical_unless_predictions_are_nearer_to_it_now(
    value: float, was: float, now: float, severity: str, side: str
) -> None:
    realised = observation("miops.performance.bias", now, reference=was)

    found = judge(gap(value, BIAS, 0.01), realised, observation("miops.performance.mae", 10.0, reference=10.0))

    assert (found.verdict, found.severity) == ("breach", severity)
    assert found.what.startswith(
        f"truth of 1,000 rows shows bias 3 {side} than estimated: errors of such predictions are not what they were,"
        " concept drift is likely"
    )
    assert found.evidence["tolerance"] == pytest.approx(0.5)


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "insufficient_data", "value": float("nan")},
        {"n": 40.0},
        {"n_reference": 40.0},
        {"standard_error": float("nan")},
    ],
)
def test_too_little_truth_is_unknown(changes: dict[str, Any]) -> None:
    found = judge(observation(ACCURACY, **({"value": -0.3, "n": 1000.0, "n_reference": 5000.0} | changes)))

    assert found.verdict == "unknown"
    assert found.evidence == {}


def test_windows_that_are_not_complete_and_other_series_are_passed_over() -> None:
    given = [gap(-0.3, complete=False), gap(-0.3, segment="a"), gap(-0.3, "miops.estimated_performance.f1_gap")]

    assert estimate_findings(given, Budget()) == ()


def test_a_gap_nobody_watches_takes_nothing_from_the_others() -> None:
    others = [f"miops.estimated_performance.{name}_gap" for name in ("rmse", "mape", "r2", "log_loss", "matthews")]

    alone = estimate_findings([gap(0.1, MAE), gap(0.1, BIAS)], Budget())
    among = estimate_findings([gap(0.1, MAE), gap(0.1, BIAS), *(gap(0.1, name) for name in others)], Budget())

    assert [f.metric for f in among] == [MAE, BIAS]
    assert [f.evidence["level"] for f in among] == [f.evidence["level"] for f in alone]
    assert alone[0].evidence["level"] == pytest.approx(0.1 / 720 / 4)  # two gaps in two directions


@pytest.mark.parametrize("heavy", [False, True], ids=["normal errors", "heavy tails"])
def test_regressions_that_did_not_drift_stay_within_the_share_of_the_budget(*, heavy: bool) -> None:
    """Half a year of hourly windows of 300 rows, as the collector sums and estimates them: 0.6 alarms at most.

    By the errors of the reference alone, of 5,000 rows of Student's t with 3 degrees of freedom, more than five opened.
    """
    rng = np.random.default_rng(104)
    of = {name: {s.name: s for s in statistics_of("estimated_performance")}[name] for name in ("mae_gap", "bias_gap")}

    def profile(n: int) -> ErrorProfile:
        predicted = rng.normal(size=n)
        noise = rng.standard_t(3, n) if heavy else rng.normal(size=n)
        error = (0.3 + 0.2 * predicted) + noise * np.exp(0.4 * predicted)
        bins = np.clip((4 * predicted + 10).astype(int), 0, 20)
        terms = error_terms(error, predicted - error)
        labelled = np.stack([np.bincount(bins, term, 21) for term in terms], axis=1)
        return ErrorProfile(labelled[:, 0], labelled)

    model = loss_model(reference := profile(5_000))
    mae = float(reference.labelled[:, ErrorSum.SIZE].sum()) / 5_000
    opened = 0
    for i in range(6 * 720):
        errors = ExpectedErrors(profile(300), model)
        seen = [
            gap(s.function(errors), s.metric, s.standard_error(errors), i=i, n=300.0)  # type: ignore[misc]
            for s in of.values()
        ]
        scale = observation("miops.performance.mae", mae, i, reference=mae)
        opened += sum(f.verdict == "breach" for f in estimate_findings([*seen, scale], Budget()))

    assert opened == 0


def test_chance_alone_stays_within_the_share_of_the_budget() -> None:
    """A year of hourly windows of 400 rows, half of them labelled twice over: at most 12 months times 0.1."""
    rng = np.random.default_rng(11)
    bias = rng.normal() / np.sqrt(5_000)  # the calibration was learnt once
    spread = np.sqrt(1 / 400 + 1 / 5_000)
    gaps = 0.4 * (rng.normal(size=24 * 365) / 20 + bias)

    found = estimate_findings(
        [gap(float(g), error=0.4 * spread, i=i, n=400.0) for i, g in enumerate(gaps)], Budget(), lengths=1
    )

    assert sum(f.verdict == "breach" for f in found) == 0
