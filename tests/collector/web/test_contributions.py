"""By how much columns and segments contributed to an alarm."""

from __future__ import annotations

from miops_collector.report import Alert, ModelKey, Observation, Report
from miops_collector.web.contributions import contributions
from miops_collector.window import Window

MODEL, WINDOW = ModelKey("m", "1"), Window(0, 3_600_000_000_000)
ALERT = Alert("performance", "miops.performance.accuracy", MODEL, "firing", 0, 0.7, 0.75, "critical", WINDOW)
EVIDENCE = {"statistic": "location", "effect": 0.4, "effect_low": 0.3, "effect_high": 0.5, "p_value": 1e-9, "n": 900.0}


def drift(column: str, effect: float = 0.4) -> Alert:
    return Alert(
        "drift", "miops.drift.p_value", MODEL, "firing", 0, effect, 0.2, "critical", WINDOW, column=column,
        evidence={**EVIDENCE, "effect": effect},
    )  # fmt: skip


def added(segment: str, value: float) -> Observation:
    return Observation(
        "miops.segments.added_loss", MODEL, WINDOW, value, 100.0, "ok", 0, segment=segment, low=value - 0.125,
        high=value + 0.125,
    )  # fmt: skip


def test_columns_say_how_far_they_drifted_and_segments_what_they_added() -> None:
    report = Report(0, (added("sex=F", 0.25), added("age=70-95", 0.5)), (ALERT, drift("age")))

    found = contributions(ALERT, ("age",), ("age=70-95", "sex=F"), report)

    assert found == [
        {
            "column": "age",
            "statistic": "location",
            "effect": 0.4,
            "effect_low": 0.3,
            "effect_high": 0.5,
            "p_value": 1e-9,
        },
        {"segment": "age=70-95", "added_loss": 0.5, "low": 0.375, "high": 0.625},
        {"segment": "sex=F", "added_loss": 0.25, "low": 0.125, "high": 0.375},
    ]


def test_an_output_that_drifts_is_told_by_the_inputs_it_is_blamed_on() -> None:
    score = drift("score", 0.9)

    (found,) = contributions(score, ("age",), (), Report(0, (), (score, drift("age"))))

    assert (found["column"], found["effect"]) == ("age", 0.4)


def test_an_alarm_without_causes_has_no_contributions() -> None:
    assert contributions(ALERT, (), (), Report(0)) == []
