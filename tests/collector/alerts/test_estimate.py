"""The alarm on estimates that truth contradicts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from miops_collector.alerts import Budget, Finding, estimate_findings
from miops_collector.report import Observation
from miops_collector.statistics import statistics_of
from miops_collector.statistics.estimated_performance import ExpectedErrors, loss_model
from miops_collector.summary import ErrorProfile, ErrorSum, error_terms
from tests.collector.alerts.makers import observation

ACCURACY = "miops.estimated_performance.accuracy_gap"
BRIER = "miops.estimated_performance.brier_gap"
MAE = "miops.estimated_performance.mae_gap"
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
    """Half a year of hourly windows of 300 rows, as the collector sums and estimates them: 0.6 alarms at most."""
    rng = np.random.default_rng(23)
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
