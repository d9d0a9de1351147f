"""The worst segments as a table, and which of them an alarm on performance is blamed on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from miops_collector.report import Alert, ModelKey, Observation
from miops_collector.web.segment_table import blamed_segments, segment_table
from miops_collector.window import Window

MODEL, WINDOW = ModelKey("m", "1"), Window(0, 3_600_000_000_000)
ALERT = Alert("performance", "miops.performance.accuracy", MODEL, "firing", 0, 0.7, 0.75, "critical", WINDOW)


def observation(name: str, segment: str, value: float, **more: Any) -> Observation:
    return Observation(f"miops.segments.{name}", MODEL, WINDOW, value, 100.0, "ok", 0, segment=segment, **more)


FOUND = [
    observation("excess_loss", "a=1", 0.04), observation("loss", "a=1", 0.3, low=0.2, high=0.4, reference=0.29),
    observation("added_loss", "b=2", 0.01), observation("loss", "b=2", 0.2), observation("added_loss", "c=3", 0.02),
    observation("loss", "c=3", 0.5),
]  # fmt: skip


def test_what_was_added_comes_before_what_was_always_hard() -> None:
    table = segment_table(FOUND)

    assert table is not None
    assert [row.name for row in table.rows] == ["c=3", "b=2", "a=1"]
    assert [(row.added, row.excess) for row in table.rows] == [("0.02", "–"), ("0.01", "–"), ("–", "0.04")]
    assert [row.bar for row in table.rows] == [60.0, 30.0, 120.0]
    assert (table.rows[2].interval, table.rows[2].was) == ("0.2 … 0.4", "0.29")
    assert segment_table([]) is None


def test_an_alarm_on_performance_is_blamed_on_what_got_worse() -> None:
    assert blamed_segments(ALERT, FOUND) == ("c=3", "b=2")
    assert blamed_segments(ALERT, FOUND, most=1) == ("c=3",)
    assert blamed_segments(replace(ALERT, metric="miops.drift.p_value"), FOUND) == ()
    assert blamed_segments(replace(ALERT, model=ModelKey("m", "2")), FOUND) == ()
    assert blamed_segments(replace(ALERT, window=Window(0, 1)), FOUND) == ()
