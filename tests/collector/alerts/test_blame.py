"""From what the scan found to the column to blame, and to the status of observations."""

from dataclasses import replace

import pytest

from miops_collector.alerts import Book, Budget, Judge, advance, blamed, drift_findings, performance_findings, ranked
from miops_collector.alerts.rule import Rule, rule_findings
from miops_collector.statistics.scan import ColumnEvidence
from tests.collector.alerts.makers import HOUR, MODEL, observation, window

QUIET = ColumnEvidence(
    column="age", role="feature", kind="numeric", status="ok", log_p_value=0.0, p_value=1.0, statistic="location",
    look_back=1, effect=0.0, effect_low=-0.1, effect_high=0.1, n=200.0, n_reference=10_000.0, dispersion=1.0,
    threshold=1e-5, rejected=False, stays=False,
)  # fmt: skip


def drifted(column, log_p, effect, role="feature"):
    return replace(
        QUIET, column=column, role=role, status="alert", log_p_value=log_p, p_value=0.0, effect=effect, rejected=True,
        stays=True, what=f"{column} moved",
    )  # fmt: skip


@pytest.fixture
def alerts():
    evidence = [
        QUIET,
        drifted("score", -900.0, 2.0, "score"),
        drifted("prediction", -300.0, 1.0, "prediction"),
        drifted("income", -40.0, 0.2),
        drifted("months", -700.0, 1.0),
        drifted("region", -40.0, -0.5, "context"),
    ]
    drop = observation("miops.performance.accuracy", 0.5, reference=0.8, n_reference=5000.0, standard_error=0.01)
    findings = [
        *drift_findings(evidence, model=MODEL, window=window(0)),
        *performance_findings([drop], Budget()),
    ]
    return advance(Book(), findings, model=MODEL, now=HOUR).alerts


def test_inputs_come_before_consequences_and_strong_evidence_before_weak(alerts):
    names = [a.column or a.metric for a in ranked(alerts)]

    assert names == ["months", "region", "income", "miops.performance.accuracy", "score", "prediction"]


def test_a_drop_in_performance_is_blamed_on_the_inputs_that_drift(alerts):
    by_name = {a.column or a.metric: a for a in alerts}

    assert blamed(by_name["miops.performance.accuracy"], alerts) == ("months", "region", "income")
    assert blamed(by_name["score"], alerts, most=1) == ("months",)
    assert blamed(by_name["income"], alerts) == ("income",)


def test_firing_comes_before_resolved(alerts):
    resolved = replace(alerts[0], state="resolved", column="first")

    assert ranked([resolved, *alerts])[-1] is resolved


@pytest.mark.parametrize(
    ("status", "rejected", "stays", "verdict"),
    [
        ("ok", False, False, "quiet"),
        ("warning", False, True, "hold"),
        ("alert", True, True, "breach"),
        ("insufficient_data", False, False, "unknown"),
    ],
)
def test_evidence_becomes_a_verdict(status, rejected, stays, verdict):
    evidence = replace(QUIET, status=status, rejected=rejected, stays=stays)

    (found,) = drift_findings([evidence], model=MODEL, window=window(0))

    assert found.verdict == verdict
    assert found.evidence["look_back"] == 1


def test_drift_statistics_have_the_status_of_their_column_in_that_window():
    judge = Judge.of(drift_findings([drifted("months", -700.0, 1.0), QUIET], model=MODEL, window=window(0)))

    def status(metric, column, i=0, **changes):
        return judge.judged(observation(metric, 0.3, i, column=column, **changes)).status

    assert status("miops.drift.psi", "months") == "alert"
    assert status("miops.drift.hellinger", "age") == "ok"
    assert status("miops.drift.psi", "months", i=1) == "ok"
    assert status("miops.quality.missing_share", "months") == "ok"
    assert status("miops.drift.psi", "months", status="insufficient_data") == "insufficient_data"


def test_other_statistics_have_the_status_of_the_rules_about_them():
    low = observation("miops.confidence.mean", 0.3)
    warning = Rule("r", "miops.confidence.mean", "<", 0.5, severity="warning")
    critical = replace(warning, name="s", severity="critical", threshold=0.4)

    assert Judge.of(rule_findings([warning], [low])).judged(low).status == "warning"
    assert Judge.of(rule_findings([warning, critical], [low])).judged(low).status == "alert"
    assert Judge.of([]).judged(low) is low
