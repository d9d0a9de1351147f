"""The alarm on estimates that truth contradicts."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from miops_collector.alerts import Budget, Finding, estimate_findings
from miops_collector.report import Observation
from tests.collector.alerts.makers import observation

ACCURACY = "miops.estimated_performance.accuracy_gap"
BRIER = "miops.estimated_performance.brier_gap"
MAE = "miops.estimated_performance.mae_gap"


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
    assert judge(gap(1.9, MAE, 0.01, reference=100.0)).verdict == "quiet"
    assert judge(gap(2.5, MAE, 0.01, reference=100.0)).verdict == "breach"


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
