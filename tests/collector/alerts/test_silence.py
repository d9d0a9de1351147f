from __future__ import annotations

import numpy as np

from miops_collector.alerts import silence_finding, usual_silence
from miops_collector.report import ModelKey
from miops_collector.window import Window

HOUR = 3600 * 10**9
MODEL = ModelKey("credit", "1")


def test_weekends_are_no_silence() -> None:
    days = [d for d in range(28) if d % 7 < 5]
    starts = np.array([d * 24 + h for d in days for h in range(8, 18)]) * HOUR

    assert usual_silence(starts, HOUR) == 2 * (3 * 24 - 9) * HOUR


def test_a_steady_model_may_be_silent_for_six_windows() -> None:
    assert usual_silence(np.arange(0, 200) * HOUR // 12, HOUR // 12) == HOUR // 2
    assert usual_silence(np.arange(500) * HOUR, HOUR) == 6 * HOUR


def test_of_a_model_that_is_hardly_known_nothing_is_expected() -> None:
    assert usual_silence(np.array([], np.int64), HOUR) == 0
    assert usual_silence(np.arange(47) * HOUR, HOUR) == 0
    assert usual_silence(np.arange(100) * HOUR // 100, HOUR) == 0


def test_only_the_last_month_counts() -> None:
    starts = np.concatenate((np.arange(100), 1000 + np.arange(800))) * HOUR

    assert usual_silence(starts, HOUR) == 6 * HOUR


def test_the_alarm_says_how_long() -> None:
    found = [silence_finding(MODEL, Window(0, HOUR), silent=h * HOUR, allowed=6 * HOUR) for h in (5, 6, 7)]

    assert [f.verdict for f in found] == ["quiet", "quiet", "breach"]
    assert found[2].what == "no rows came for more than 6h, twice the longest silence of a month"
