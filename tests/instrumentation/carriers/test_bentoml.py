"""BentoML's batches, by a stand-in that does with requests what its own dispatcher does."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

from miops import runtime
from miops.carriers.bentoml import BentoMLCarrier
from miops.testing import Harness

from .conftest import patched, request_of, seen

MOST = 2
"""Rows of a batch."""


def batching() -> Any:
    """A dispatcher whose task lives on with the context of the request that started it, and what a model would see."""

    class Job:
        def __init__(self, enqueue_time: float, data: list[int], future: Any) -> None:
            self.data = data

    class CorkDispatcher:
        def __init__(self) -> None:
            self.waiting: list[Any] = []
            self.noted: list[Any] = []
            self.task: asyncio.Task[None] | None = None

        async def inbound_call(self, data: list[int]) -> None:
            self.task = self.task or asyncio.create_task(self.controller())
            self.waiting.append(Job(0.0, data, None))
            await self.task

        async def controller(self) -> None:
            await asyncio.sleep(0)
            while self.waiting:
                await asyncio.create_task(self.outbound_call(batch(self)))

        async def outbound_call(self, inputs_info: tuple[Any, ...], training: bool = False) -> None:
            await asyncio.sleep(0)
            self.noted.append(([row for one in inputs_info for row in one.data], seen()))

        def split_job(self, job: Any, split_indexes: list[int]) -> tuple[Any, Any]:
            _, middle, _ = split_indexes
            return Job(0.0, job.data[:middle], None), Job(0.0, job.data[middle:], None)

    return SimpleNamespace(Job=Job, CorkDispatcher=CorkDispatcher)


def batch(dispatcher: Any) -> tuple[Any, ...]:
    """What comes next, and of a request that is too large only as much as there is room for."""
    found: list[Any] = []
    room = MOST
    while dispatcher.waiting and room:
        rows = len(dispatcher.waiting[0].data)
        if rows > room:
            dispatcher.waiting[:1] = dispatcher.split_job(dispatcher.waiting[0], [0, room, rows])
        found.append(dispatcher.waiting.pop(0))
        room -= len(found[-1].data)
    return tuple(found)


async def asked(dispatcher: Any, requests: list[list[int]]) -> None:
    """Requests at the same time, each with the trace of its number; 0 is one without."""

    async def one(rows: list[int]) -> None:
        with request_of(rows[0]) if rows[0] else nullcontext():
            await dispatcher.inbound_call(rows)

    await asyncio.gather(*map(one, requests))


def test_batches_are_linked_to_their_requests_and_not_to_whichever_started_the_task(harness: Harness) -> None:
    server = batching()
    with patched(BentoMLCarrier(), patch_dispatcher=server):
        dispatcher = server.CorkDispatcher()
        asyncio.run(asked(dispatcher, [[1], [2], [3], [0], [4]]))

    assert dispatcher.noted == [([1, 2], (0, [1, 2])), ([3, 0], (0, [3])), ([4], (4, []))]
    assert harness.faults == {}


def test_both_parts_of_a_request_that_is_too_large_for_a_batch_are_its_own(harness: Harness) -> None:
    server = batching()
    with patched(BentoMLCarrier(), patch_dispatcher=server):
        dispatcher = server.CorkDispatcher()
        asyncio.run(asked(dispatcher, [[1], [2, 2, 2, 2], [3]]))

    assert dispatcher.noted == [([1, 2], (0, [1, 2])), ([2, 2], (2, [])), ([2, 3], (0, [2, 3]))]
    assert harness.faults == {}


def test_parts_of_a_request_without_trace_have_none(harness: Harness) -> None:
    server = batching()
    with patched(BentoMLCarrier(), patch_dispatcher=server):
        dispatcher = server.CorkDispatcher()
        asyncio.run(asked(dispatcher, [[1], [0, 0, 0]]))

    assert dispatcher.noted == [([1, 0], (0, [1])), ([0, 0], (0, []))]
    assert harness.faults == {}


def test_batches_that_do_not_say_whose_they_are_have_no_context(harness: Harness) -> None:
    server = batching()

    async def nameless(self: Any, inputs_info: Any) -> None:
        self.noted.append(seen())

    server.CorkDispatcher.outbound_call = nameless
    with patched(BentoMLCarrier(), patch_dispatcher=server), request_of(1):
        dispatcher = server.CorkDispatcher()
        asyncio.run(dispatcher.outbound_call(None))

    assert dispatcher.noted == [(0, [])]
    assert harness.faults == {"context_not_carried": 1}


def test_switched_off_the_dispatcher_does_what_it_did(harness: Harness) -> None:
    server = batching()
    carrier = BentoMLCarrier()
    with patched(carrier, patch_dispatcher=server):
        runtime.deactivate(carrier.framework)
        dispatcher = server.CorkDispatcher()
        asyncio.run(asked(dispatcher, [[1], [2, 2, 2]]))

    assert dispatcher.noted == [([1, 2], (1, [])), ([2, 2], (1, []))]
    assert harness.faults == {}
