"""Requests that wait for company, and those that need not."""

from __future__ import annotations

import threading
import time

import pytest

from miops_collector.errors import UnavailableError
from miops_collector.intake import CROWDED_SECONDS, REGULAR, TRY_SECONDS, Intake, Request

LONG = 3600.0


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def intake(clock: Clock, *, group_items: int = 2, linger_seconds: float = LONG) -> Intake:
    return Intake(
        capacity=1 << 20, group_items=group_items, group_bytes=1 << 20, linger_seconds=linger_seconds,
        retry_after=lambda: 1.0, clock=clock,
    )  # fmt: skip


def request(clock: Clock, items: int = 1) -> Request:
    return Request("traces", "grpc", b"", items, clock(), size=10)


def test_a_request_that_is_alone_does_not_wait_for_others() -> None:
    clock = Clock()
    waiting = intake(clock)
    only = request(clock)
    waiting.put(only)

    assert [only] == waiting.take()


def test_a_request_waits_while_another_is_under_way_until_the_group_is_full() -> None:
    clock, taken = Clock(), []
    waiting = intake(clock)
    waiting.put(request(clock))
    waiting.take()
    second, third = request(clock), request(clock)
    waiting.put(second)
    taker = threading.Thread(target=lambda: taken.append(waiting.take()), daemon=True)
    taker.start()
    time.sleep(0.05)
    assert taken == []
    waiting.put(third)
    taker.join(30)

    assert [[second, third]] == taken


def test_who_comes_alone_for_a_while_need_not_wait_any_more() -> None:
    clock = Clock()
    waiting = intake(clock)
    waiting.put(request(clock))
    waiting.put(request(clock))
    waiting.release(waiting.take())
    clock.now += CROWDED_SECONDS
    later = request(clock)
    waiting.put(later)

    assert [later] == waiting.take()


def test_what_was_taken_and_not_released_still_counts_but_fills_no_group() -> None:
    clock = Clock()
    waiting = intake(clock, group_items=3)
    first, second, third = (request(clock, items=2) for _ in range(3))
    for one in (first, second, third):
        waiting.put(one)

    assert [first] == waiting.take()
    assert [second] == waiting.take()
    assert waiting.size == 30
    waiting.release([first, second])
    assert waiting.size == 10


def test_little_is_taken_while_the_process_is_short_of_memory_but_never_nothing() -> None:
    clock, short = Clock(), True
    waiting = Intake(
        capacity=16 * 20, group_items=9, group_bytes=999, linger_seconds=0, retry_after=lambda: 1.0, clock=clock,
        short=lambda: short,
    )  # fmt: skip
    for _ in range(2):
        assert waiting.has_room(10)
        waiting.put(request(clock))

    assert not waiting.has_room(10)
    with pytest.raises(UnavailableError, match="the limit is 20"):
        waiting.put(request(clock))
    waiting.release(waiting.take())
    waiting.put(Request("traces", "grpc", b"", 1, clock(), size=300))
    short = False
    assert waiting.has_room(10)


def one_after_the_other(waiting: Intake, clock: Clock, count: int, every: float) -> None:
    """Each has its answer before the next comes."""
    for _ in range(count):
        waiting.put(request(clock))
        waiting.release(waiting.take())
        clock.now += every


def test_nobody_waits_for_a_request_that_would_come_too_late() -> None:
    clock = Clock()
    waiting = intake(clock, group_items=100, linger_seconds=0.625)
    one_after_the_other(waiting, clock, REGULAR, 0.5)
    first = request(clock)
    waiting.put(first)
    clock.now += 0.5
    second = request(clock)
    waiting.put(second)

    assert [first, second] == waiting.take()  # the clock stands still: it would never be time


def test_regular_requests_that_are_alone_are_made_to_wait_once_and_again_only_if_others_came() -> None:
    clock, taken = Clock(), []
    waiting = intake(clock, linger_seconds=0.5)
    one_after_the_other(waiting, clock, REGULAR, 0.25)
    waiting.put(request(clock))
    taker = threading.Thread(target=lambda: taken.append(waiting.take()), daemon=True)
    taker.start()
    time.sleep(0.05)
    assert taken == []
    clock.now += 0.5
    waiting.close()  # wakes who waits
    taker.join(30)
    assert [len(group) for group in taken] == [1]

    again = intake(clock, linger_seconds=0.5)
    one_after_the_other(again, clock, REGULAR, 0.25)
    again._tried = clock.now - TRY_SECONDS / 2
    last = request(clock)
    again.put(last)
    assert [last] == again.take()
