"""Requests that wait for company, and those that need not."""

from __future__ import annotations

import threading
import time

from miops_collector.intake import CROWDED_SECONDS, Intake, Request

LONG = 3600.0


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def intake(clock: Clock, *, group_items: int = 2) -> Intake:
    return Intake(
        capacity=1 << 20, group_items=group_items, group_bytes=1 << 20, linger_seconds=LONG,
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
