"""Whatever rule raised it, an alarm states all that an auditor needs to judge it."""

from __future__ import annotations

import json

import pytest

from miops_collector.alerts import (
    Budget,
    Finding,
    drift_findings,
    estimate_findings,
    four_fifths_findings,
    loss_finding,
    performance_findings,
    quality_findings,
)
from tests.collector.alerts.makers import MODEL, observation, window
from tests.collector.alerts.test_blame import QUIET

STATED = {"statistic", "look_back", "effect", "effect_low", "effect_high", "n", "n_reference", "dispersion"}
EVIDENCE = ({"p_value", "threshold"}, {"p_value", "level"}, {"e_value", "e_threshold"})
"""Of every alarm one of these."""


def of_drift() -> Finding:
    return drift_findings([QUIET], model=MODEL, window=window(0))[0]


def of_loss() -> Finding:
    return loss_finding(
        MODEL, window(0), is_share=True, alarmed=True, rows=500.0, loss=0.2, bound=0.11, rows_reference=5000.0,
        loss_reference=0.1, deviation=0.3, dispersion=1.4, log_value=9.0, threshold=2400.0,
    )  # fmt: skip


def of_ranking() -> Finding:
    seen = observation("miops.performance.roc_auc", 0.7, reference=0.8, n_reference=5000.0, standard_error=0.01)
    return performance_findings([seen], Budget())[0]


def of_estimate() -> Finding:
    seen = observation(
        "miops.estimated_performance.accuracy_gap", -0.07, n_reference=5000.0, standard_error=0.01, reference=0.8
    )
    return estimate_findings([seen], Budget())[0]


def of_quality() -> Finding:
    seen = observation("miops.quality.type_fault_share", 0.03, column="age", reference=0.0, n_reference=5000.0)
    return quality_findings([seen], Budget())[0]


def of_fairness() -> Finding:
    ratio = observation("miops.fairness.demographic_parity_ratio", 0.5, sensitive_feature="sex", n_reference=5000.0)
    rates = (
        observation("miops.fairness.selection_rate", rate, sensitive_feature="sex", group=group)
        for group, rate in (("m", 0.4), ("f", 0.2))
    )
    return four_fifths_findings([ratio, *rates], Budget())[0]


@pytest.mark.parametrize("made", [of_drift, of_loss, of_ranking, of_estimate, of_quality, of_fairness])
def test_every_alarm_states_statistic_look_back_effect_rows_dispersion_and_what_it_was_held_to(made) -> None:
    found = made().evidence

    assert STATED - found.keys() == set()
    assert any(both <= found.keys() for both in EVIDENCE)
    assert found["effect_low"] <= found["effect"] <= found["effect_high"]
    assert json.loads(json.dumps(found, allow_nan=False)) == found
