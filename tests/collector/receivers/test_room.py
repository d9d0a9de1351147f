"""Waiting for room: short, bounded, first come first served."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest

from miops_collector.errors import UnavailableError
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

    async def arriving(self, room: WaitingRoom, name: str, size: int) -> None:
        async with room.arrival():
            await self.client(room, name, size)

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


def test_requests_wait_unread_once_the_usual_size_is_known() -> None:
    async def crowd() -> None:
        room = queue.room()
        await queue.arriving(room, "a", 8)
        late = [asyncio.create_task(queue.arriving(room, name, 8)) for name in "bc"]
        await asyncio.sleep(3 * _room.LOOK_SECONDS)
        assert queue.served == ["a"]
        queue.free = 16
        await asyncio.gather(*late)

    queue = Queue(free=8)
    asyncio.run(crowd())

    assert (queue.served, queue.delayed) == (["a", "b", "c"], 2)


def test_room_is_kept_for_those_who_are_being_read() -> None:
    async def crowd() -> None:
        room, read = queue.room(), asyncio.Event()
        for _ in range(50):  # until eight bytes are usual
            await queue.arriving(room, "", 8)
        queue.free, queue.served = 10, []

        async def slow() -> None:
            async with room.arrival():
                await read.wait()
                await queue.client(room, "slow", 8)

        first = asyncio.create_task(slow())
        await asyncio.sleep(0)
        second = asyncio.create_task(queue.arriving(room, "second", 8))
        await asyncio.sleep(3 * _room.LOOK_SECONDS)
        assert queue.served == []
        read.set()
        await first
        queue.free += 8
        await second

    queue = Queue(free=1000)
    asyncio.run(crowd())

    assert (queue.served, queue.delayed) == (["slow", "second"], 1)


def test_who_finds_no_room_in_time_is_read_a_few_at_a_time() -> None:
    reading, most = 0, 0

    async def refused(room: WaitingRoom) -> None:
        nonlocal reading, most
        async with room.arrival():
            reading += 1
            most = max(most, reading)
            await asyncio.sleep(0)
            reading -= 1

    async def crowd() -> None:
        room = Queue(free=-1).room(seconds=0)
        await asyncio.gather(*(refused(room) for _ in range(5 * _room.REFUSED)))

    asyncio.run(crowd())

    assert (reading, most) == (0, _room.REFUSED)


def test_a_request_that_does_not_come_to_its_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    async def never() -> None:
        async with Queue(free=10).room().arrival():
            await asyncio.Event().wait()

    monkeypatch.setattr(_room, "ARRIVAL_SECONDS", 0.01)

    with pytest.raises(UnavailableError, match="did not come to its end"):
        asyncio.run(never())
