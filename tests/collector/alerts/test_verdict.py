"""One verdict per window."""

from __future__ import annotations

from dataclasses import replace
from math import isnan
from typing import Any

import pytest

from miops_collector.alerts import VERDICTS, verdicts
from miops_collector.report import Observation
from tests.collector.alerts.makers import observation

PSI, CHI = "miops.drift.psi", "miops.drift.chi_square"
GAP = "miops.estimated_performance.accuracy_gap"


def column(name: str, status: str = "ok", p: float = 0.4, i: int = 0) -> tuple[Observation, Observation]:
    given: dict[str, Any] = {"column": name, "status": status, "n_reference": 5000.0}
    return observation(PSI, 0.1, i, **given), observation(CHI, 9.0, i, p_value=p, **given)


def gap(value: float, status: str = "ok", **changes: Any) -> Observation:
    return observation(GAP, value, **({"n": 300.0, "standard_error": 0.01, "status": status} | changes))


def of(*given: Observation) -> dict[str, Observation]:
    return {o.metric.removeprefix("miops.verdict."): o for o in verdicts(given)}


def test_covariate_drift_is_told_from_prediction_drift_with_its_columns() -> None:
    found = of(
        *column("age", "alert", 1e-9), *column("sex", "warning", 1e-3), *column("job"), *column("prediction"), gap(0.0)
    )

    assert [o.metric for o in verdicts([*column("age")])] == list(VERDICTS)
    assert {name: (o.value, o.status, o.reason) for name, o in found.items()} == {
        "prediction_drift": (0.0, "ok", ""),
        "covariate_drift": (2.0, "alert", "age, sex"),
        "concept_drift": (0.0, "ok", ""),
    }
    assert found["covariate_drift"].p_value == pytest.approx(3e-9)  # three columns
    assert found["concept_drift"].n == 300
    assert found["concept_drift"].p_value == pytest.approx(1.0)


def test_concept_drift_is_what_truth_says_against_the_estimate() -> None:
    found = of(*column("age"), *column("score"), gap(-0.06, "alert"))

    assert (found["concept_drift"].value, found["concept_drift"].reason) == (2.0, "accuracy_gap")
    assert found["concept_drift"].p_value == pytest.approx(1.97e-9, rel=0.01)
    assert (found["covariate_drift"].value, found["prediction_drift"].value) == (0.0, 0.0)


def test_the_largest_gap_of_several_classes_pays_for_their_number() -> None:
    given = [*column("age"), replace(gap(0.04), metric="miops.estimated_performance.prevalence_gap")]
    p = {k: next(o for o in verdicts(given, classes=k) if "concept" in o.metric).p_value for k in (1, 5)}

    assert p[5] == pytest.approx(5 * p[1])


def test_concept_drift_is_unknown_until_truth_comes() -> None:
    concept = of(*column("age"), gap(float("nan"), "insufficient_data"))["concept_drift"]

    assert isnan(concept.value)
    assert (concept.status, concept.n) == ("insufficient_data", 0)
    assert concept.reason == "too little truth has come, or there are no estimates to compare it with"


def test_prediction_drift_is_that_of_prediction_or_score() -> None:
    found = of(*column("age"), *column("score", "alert", 1e-8), *column("prediction", "warning", 1e-3))

    assert (found["prediction_drift"].value, found["prediction_drift"].reason) == (2.0, "score, prediction")


def test_many_columns_are_counted_not_listed() -> None:
    many = [o for i in range(8) for o in column(f"c{i}", "alert", 10.0 ** -(i + 3))]

    assert of(*many)["covariate_drift"].reason == "c7, c6, c5, c4, c3 and 3 more"


def test_every_window_has_its_own_and_one_without_a_reference_none() -> None:
    found = verdicts([*column("age", "alert", i=0), *column("age", i=1), observation("miops.window.rows", 9.0, 2)])

    assert [(o.window.start, o.value) for o in found if o.metric == VERDICTS[1]] == [(0, 2.0), (3600 * 10**9, 0.0)]


def test_columns_with_too_few_values_are_not_counted() -> None:
    given = observation(PSI, float("nan"), column="age", status="insufficient_data")

    assert verdicts([given]) == []
