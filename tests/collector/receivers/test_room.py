"""Waiting for room: short, bounded, first come first served."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest

from miops_collector.receivers import _room
from miops_collector.receivers._room import WaitingRoom


@dataclass
class Queue:
    """Room for a number of bytes; remembers who had to wait."""

    free: int
    delayed: int = 0
    served: list[str] = field(default_factory=list)

    def room(self, *, most_bytes: int = 1000, seconds: float = 20) -> WaitingRoom:
        return WaitingRoom(lambda size: size <= self.free, most_bytes=most_bytes, seconds=seconds, delayed=self.count)

    def count(self) -> None:
        self.delayed += 1

    async def client(self, room: WaitingRoom, name: str, size: int) -> None:
        await room.enter(size)
        self.free -= size
        self.served.append(name)


def test_nobody_waits_while_there_is_room() -> None:
    queue = Queue(free=10)

    asyncio.run(queue.client(queue.room(), "a", 10))

    assert (queue.served, queue.delayed) == (["a"], 0)


def test_those_who_wait_are_served_in_the_order_they_came() -> None:
    async def crowd() -> None:
        room = queue.room()
        clients = [asyncio.create_task(queue.client(room, name, size)) for name, size in (("a", 8), ("b", 1), ("c", 1))]
        await asyncio.sleep(0)
        queue.free = 5  # enough for b and c, but a was first
        await asyncio.sleep(3 * _room.LOOK_SECONDS)
        assert queue.served == []
        queue.free = 10
        await asyncio.gather(*clients)

    queue = Queue(free=0)
    asyncio.run(crowd())

    assert (queue.served, queue.delayed, queue.free) == (["a", "b", "c"], 3, 0)


@pytest.mark.parametrize("limits", [{"seconds": 0}, {"seconds": 0.05}, {"most_bytes": 5}])
def test_waiting_ends_at_its_limits(limits: dict[str, float]) -> None:
    queue = Queue(free=0)

    asyncio.run(asyncio.wait_for(queue.client(queue.room(**limits), "a", 10), 20))  # type: ignore[arg-type]

    assert queue.served == ["a"]


def test_who_leaves_early_holds_nobody_up() -> None:
    async def crowd() -> None:
        room = queue.room(most_bytes=10)
        first = asyncio.create_task(queue.client(room, "a", 10))
        await asyncio.sleep(0)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        second = asyncio.create_task(queue.client(room, "b", 10))
        await asyncio.sleep(0)
        queue.free = 10
        await second

    queue = Queue(free=0)
    asyncio.run(crowd())

    assert (queue.served, queue.delayed) == (["b"], 2)
