from __future__ import annotations

from dataclasses import replace

from miops_collector.alerts import Lifecycle
from miops_collector.alerts.finding import Finding
from miops_collector.report import Alert, ModelKey, Observation
from miops_collector.window import NANOS, Window

HOUR = 3600 * NANOS
MODEL = ModelKey("m", "1")
OBSERVATION = Observation("miops.drift.psi", MODEL, Window(0, HOUR), 0.1, 100.0, "ok", 0, column="age")
ALERT = Alert("drift", "miops.drift.psi", MODEL, "firing", 0, 0.1, 0.05, "critical", Window(0, HOUR), column="age")


def test_the_same_number_of_another_window_is_the_same_series() -> None:
    later = replace(OBSERVATION, window=Window(HOUR, 2 * HOUR), value=0.2, computed_at=9)

    assert later.identity == OBSERVATION.identity


def test_series_differ_by_everything_that_says_what_they_are_about() -> None:
    others = [
        replace(OBSERVATION, **{name: "x"}) for name in ("metric", "column", "segment", "sensitive_feature", "group")
    ]
    others += [replace(OBSERVATION, model=ModelKey("m", "2")), replace(OBSERVATION, window=Window(0, 24 * HOUR))]

    assert len({o.identity for o in (OBSERVATION, *others)}) == len(others) + 1


def test_one_rule_on_windows_of_two_lengths_is_two_alarms() -> None:
    assert ALERT.identity != replace(ALERT, window=Window(0, 24 * HOUR)).identity


def test_an_alarm_is_known_by_the_key_of_its_findings() -> None:
    finding = Finding(
        rule="drift", metric="miops.drift.psi", model=MODEL, window=Window(0, HOUR), verdict="breach", value=0.1,
        threshold=0.05, severity="critical", lifecycle=Lifecycle(), column="age",
    )  # fmt: skip

    assert ALERT.identity == finding.key
