from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from miops_collector.window import NANOS, Watermark, Window, align, format_length, parse_length

MINUTE, HOUR = 60 * NANOS, 3600 * NANOS
NOW = 1_760_000_000 * NANOS
LONG_AGO = NOW - 10_000 * HOUR
TIMES = st.integers(0, 2**62)


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("5m", 300), ("1h", 3600), ("1d", 86_400), (" 2w ", 1_209_600)]
)
def test_a_length_is_a_number_and_a_unit(text: str, seconds: int) -> None:
    assert parse_length(text) == seconds * NANOS


@pytest.mark.parametrize("text", ["", "h", "0s", "-1h", "1.5h", "1 h", "1y", "1h30m", "٣h x"])
def test_what_is_no_length_is_said_to_be_none(text: str) -> None:
    with pytest.raises(ValueError, match="is no length"):
        parse_length(text)


@given(st.integers(1, 10**9))
@settings(deadline=None)
def test_a_written_length_reads_back(seconds: int) -> None:
    assert parse_length(format_length(seconds * NANOS)) == seconds * NANOS


@given(TIMES, st.integers(1, 10**18))
@settings(deadline=None)
def test_a_window_holds_its_time_and_starts_at_a_multiple_of_its_length(time: int, length: int) -> None:
    window = Window.holding(time, length)

    assert window.start <= time < window.end
    assert window.length == length
    assert window.start == align(window.start, length)


def test_rows_within_the_lateness_may_still_come() -> None:
    mark = Watermark(NOW, NOW, MINUTE)

    assert mark.at(NOW) == NOW - MINUTE


def test_a_replay_closes_windows_as_its_event_time_goes_not_as_the_clock_goes() -> None:
    mark = Watermark(LONG_AGO, NOW, MINUTE).advance(LONG_AGO + 500 * HOUR, NOW + NANOS)

    assert mark.at(NOW + NANOS) == LONG_AGO + 500 * HOUR - MINUTE


def test_the_last_window_of_an_idle_model_closes_with_the_clock() -> None:
    mark = Watermark(NOW, NOW, MINUTE)

    assert mark.at(NOW + HOUR) == NOW + HOUR - MINUTE


def test_older_rows_change_nothing() -> None:
    mark = Watermark(NOW, NOW, MINUTE)

    assert mark.advance(NOW - HOUR, NOW + 5 * NANOS) == mark


def test_a_late_row_after_a_silence_opens_nothing_again() -> None:
    mark = Watermark(NOW, NOW, MINUTE).advance(NOW + HOUR // 2, NOW + HOUR)

    assert mark.at(NOW + HOUR) == NOW + HOUR - MINUTE


def test_a_stream_that_falls_behind_is_followed_not_overtaken() -> None:
    mark = Watermark(NOW, NOW, MINUTE)
    for second in range(1, 101):
        mark = mark.advance(NOW + second * NANOS // 2, NOW + second * NANOS)

    assert mark.at(NOW + 100 * NANOS) <= NOW + 51 * NANOS - MINUTE


def test_a_client_whose_clock_is_a_day_fast_closes_nobodys_windows() -> None:
    mark = Watermark(NOW, NOW, MINUTE).advance(NOW + 23 * HOUR, NOW + NANOS)

    assert mark.at(NOW + NANOS) == NOW + NANOS - MINUTE
    assert mark.at(NOW + HOUR) == NOW + HOUR - MINUTE


def test_a_clock_that_is_set_back_takes_nothing_for_the_future() -> None:
    mark = Watermark(NOW, NOW, MINUTE)

    assert mark.at(NOW - HOUR) == NOW - HOUR - MINUTE


@given(st.lists(st.tuples(st.integers(-(10**15), 10**14), st.integers(0, 10**12)), min_size=1, max_size=20))
@settings(deadline=None)
def test_the_watermark_never_goes_back_and_never_ahead_of_the_clock(steps: list[tuple[int, int]]) -> None:
    now = NOW
    mark = Watermark(NOW + steps[0][0], now, MINUTE)
    before = mark.at(now)
    for ahead, passed in steps:
        now += passed
        mark = mark.advance(now + ahead, now)

        assert before <= mark.at(now) <= now - MINUTE
        before = mark.at(now)
