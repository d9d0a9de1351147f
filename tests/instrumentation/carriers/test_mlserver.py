"""MLServer's dispatcher, worker and batcher, by stand-ins that do with requests what its own do."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import AsyncIterator
from contextvars import Context as Nowhere
from types import SimpleNamespace
from typing import Any

from miops.carriers.mlserver import MLServerCarrier
from miops.testing import Harness

from .conftest import patched, request_of, seen


class Message:
    def __init__(self, number: int) -> None:
        self.number = number


def parallel() -> Any:
    """A worker behind a pickled message, which notes what a model called in it would see."""

    class Worker:
        async def _process_request(self, request: Any) -> Any:
            await asyncio.sleep(0)
            return request.number, seen()

    class Dispatcher:
        async def dispatch_request(self, request_message: Any) -> Any:
            sent = pickle.dumps(request_message)
            return await asyncio.create_task(Worker()._process_request(pickle.loads(sent)), context=Nowhere())

    return SimpleNamespace(Worker=Worker, Dispatcher=Dispatcher)


def batching() -> Any:
    """A batcher whose task lives on with the context of the request that started it."""

    class AdaptiveBatcher:
        def __init__(self) -> None:
            self.waiting: list[Message] = []
            self.noted: list[Any] = []

        async def predict(self, req: Any) -> None:
            self.waiting.append(req)
            if len(self.waiting) == 1:
                self.task = asyncio.create_task(self._batcher())
            await asyncio.sleep(0.01)

        async def _batcher(self) -> None:
            await asyncio.sleep(0)
            async for batched in self._batch_requests():
                numbers = [one.number for one in batched.inference_requests.values()]
                await asyncio.create_task(self.note(numbers))

        async def note(self, numbers: list[int]) -> None:
            self.noted.append((numbers, seen()))

        async def _batch_requests(self) -> AsyncIterator[Any]:
            while self.waiting:
                batch, self.waiting = self.waiting[:2], self.waiting[2:]
                yield SimpleNamespace(inference_requests=dict(enumerate(batch)))

    return SimpleNamespace(AdaptiveBatcher=AdaptiveBatcher)


async def asked(numbers: list[int], ask: Any) -> list[Any]:
    """Requests at the same time, each with a trace of its own; 0 is one without."""

    async def one(number: int) -> Any:
        if not number:
            return await ask(Message(number))
        with request_of(number):
            return await ask(Message(number))

    return await asyncio.gather(*map(one, numbers))


def test_each_worker_task_has_the_context_of_its_request(harness: Harness) -> None:
    server = parallel()
    with patched(MLServerCarrier(), patch_dispatcher=server, patch_worker=server):
        found = asyncio.run(asked([1, 2, 0, 3], server.Dispatcher().dispatch_request))

    assert found == [(1, (1, [])), (2, (2, [])), (0, (0, [])), (3, (3, []))]
    assert harness.faults == {}


def test_a_message_that_cannot_be_added_to_goes_as_it_is(harness: Harness) -> None:
    class Fixed:
        __slots__ = ("number",)

        def __init__(self) -> None:
            self.number = 4

    server = parallel()
    server.Dispatcher.dispatch_request = answering
    with patched(MLServerCarrier(), patch_dispatcher=server), request_of(1):
        assert asyncio.run(server.Dispatcher().dispatch_request(Fixed())) == 4
    assert harness.faults == {"context_not_carried": 1}


async def answering(self: Any, request_message: Any) -> Any:
    return request_message.number


def test_batches_are_linked_to_their_requests_and_not_to_whichever_started_the_task(harness: Harness) -> None:
    server = batching()
    batcher = server.AdaptiveBatcher()
    with patched(MLServerCarrier(), patch_batcher=server):
        asyncio.run(asked([1, 2, 3, 0, 4], batcher.predict))

    assert batcher.noted == [([1, 2], (0, [1, 2])), ([3, 0], (0, [3])), ([4], (4, []))]
    assert harness.faults == {}


def test_batches_that_do_not_say_whose_they_are_have_no_context(harness: Harness) -> None:
    server = batching()

    async def nameless(self: Any) -> AsyncIterator[Any]:
        while self.waiting:
            yield SimpleNamespace(inference_requests=None, left=self.waiting.clear())

    server.AdaptiveBatcher._batch_requests = nameless
    seen_by: list[Any] = []

    async def batcher(self: Any) -> None:
        await asyncio.sleep(0)
        async for _ in self._batch_requests():
            seen_by.append(seen())

    server.AdaptiveBatcher._batcher = batcher
    with patched(MLServerCarrier(), patch_batcher=server):
        asyncio.run(asked([1], server.AdaptiveBatcher().predict))

    assert seen_by == [(0, [])]
    assert harness.faults == {"context_not_carried": 1}
