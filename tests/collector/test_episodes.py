"""Trouble is told when it begins and when it is over, however often it happens."""

from __future__ import annotations

import logging

import pytest

from miops_collector.episodes import LONGEST_SAMPLE, Episode


@pytest.fixture(autouse=True)
def _level(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING, "miops_collector.episodes")


def test_it_is_told_once_with_a_sample_and_once_that_it_is_over(caplog: pytest.LogCaptureFixture) -> None:
    now = [0.0]
    episode = Episode("requests are refused", "requests", quiet_seconds=10, clock=lambda: now[0])
    for second in range(5):
        now[0] = float(second)
        episode.happened(f"number {second}", 2)
        episode.look()
    now[0] = 13.9
    episode.look()
    now[0] = 14.0
    episode.look()
    episode.look()

    assert caplog.messages == [
        "requests are refused, such as: number 0",
        "requests are refused no more: 10 requests within 4 s",
    ]


def test_the_next_time_is_told_again(caplog: pytest.LogCaptureFixture) -> None:
    now = [0.0]
    episode = Episode("it rains", "drops", quiet_seconds=1, clock=lambda: now[0])
    for start in (0.0, 5.0):
        now[0] = start
        episode.happened("x" * 10_000)
        now[0] += 1
        episode.look()

    assert [len(m) for m in caplog.messages[::2]] == [len("it rains, such as: ") + LONGEST_SAMPLE] * 2
    assert caplog.messages[1::2] == ["it rains no more: 1 drops within 0 s"] * 2
