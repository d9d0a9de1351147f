"""LitServe's queue and loops, by stand-ins that do with requests what its own do."""

from __future__ import annotations

import asyncio
import pickle
import queue
from types import SimpleNamespace
from typing import Any

import pytest
from opentelemetry.context import get_current

from miops.carriers.litserve import LitServeCarrier, RequestId
from miops.testing import Harness

from .conftest import patched, request_of, seen

STOP = (None, None, None, None)


class Queue(queue.Queue[bytes]):
    """Pickles what is put, as a queue between processes does."""

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
        super().put(pickle.dumps(item), block, timeout)

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        return pickle.loads(super().get(block, timeout))

    def __reduce__(self) -> Any:
        return str, ("the queue itself",)


def stand_in() -> Any:  # noqa: C901  # a whole package in one place
    """What of LitServe is patched; every loop notes what a model called in it would see."""

    class LitServer:
        def __init__(self) -> None:
            self.queue = Queue()

        def _get_request_queue(self, api_path: str) -> Any:
            return self.queue

    class Loop:
        def __init__(self) -> None:
            self.noted: list[Any] = []

        def note(self, *ids: Any) -> None:
            assert all(type(one) is str for one in ids)
            self.noted.append((*ids, seen()))

        def get_batch_requests(self, lit_api: Any, request_queue: Any) -> Any:
            return base.collate_requests(loop=self, lit_api=lit_api, request_queue=request_queue, transport=None)

    Loop.get_batch_requests.__module__ = "litserve.loops.base"

    class SingleLoop(Loop):
        def run_single_loop(self, lit_api: Any, request_queue: Any, transport: Any) -> None:
            while (item := request_queue.get(timeout=1.0)) != STOP:
                self.note(item[1])

        async def _process_single_request(self, request: Any, lit_api: Any) -> None:
            await asyncio.sleep(0)
            self.note(request[1])

    class StreamingLoop(Loop):
        def run_streaming_loop(self, lit_api: Any, request_queue: Any, transport: Any) -> None:
            while (item := request_queue.get(timeout=1.0)) != STOP:
                self.note(item[1])

        async def _process_streaming_request(self, request: Any, lit_api: Any) -> None:
            await asyncio.sleep(0)
            self.note(request[1])

    class BatchedLoop(Loop):
        def run_batched_loop(self, lit_api: Any, request_queue: Any) -> None:
            while (batch := self.get_batch_requests(lit_api, request_queue)[0]) != []:
                self.note(*(identity for _, identity, _ in batch))

    class BatchedStreamingLoop(Loop):
        def run_batched_streaming_loop(self, lit_api: Any, request_queue: Any) -> None:
            collated = {"loop": self, "lit_api": lit_api, "transport": None}
            while (batch := streaming.collate_requests(request_queue=request_queue, **collated)[0]) != []:
                self.note(*(identity for _, identity, _ in batch))

    def collate_requests(loop: Any, lit_api: Any, request_queue: Any, transport: Any) -> Any:
        batch: list[Any] = []
        while len(batch) < lit_api and (item := request_queue.get(timeout=1.0)) != STOP:
            batch.append((item[0], item[1], item[3]))
        return batch, []

    base = SimpleNamespace(collate_requests=collate_requests)
    single = SimpleNamespace(SingleLoop=SingleLoop, BatchedLoop=BatchedLoop)
    streaming = SimpleNamespace(
        StreamingLoop=StreamingLoop, BatchedStreamingLoop=BatchedStreamingLoop, collate_requests=collate_requests
    )
    loops = SimpleNamespace(base=base, simple_loops=single, streaming_loops=streaming)
    return SimpleNamespace(server=SimpleNamespace(LitServer=LitServer), loops=loops)


def filled(litserve: Any, numbers: list[int]) -> Any:
    """The queue after requests with these traces; 0 is one without."""
    server = litserve.server.LitServer()
    for number in numbers:
        requests = server._get_request_queue("/predict")
        item = (0, f"id-{number}", 1.5, {"rows": [number]})
        if number:
            with request_of(number):
                requests.put(item)
        else:
            requests.put_nowait(item)
    server.queue.put(STOP)
    server.queue.put(STOP)
    return server.queue


@pytest.mark.parametrize("kind", ["single", "streaming"])
def test_requests_that_are_answered_one_by_one(harness: Harness, kind: str) -> None:
    litserve = stand_in()
    with patched(LitServeCarrier(), patch=litserve):
        loop = {
            "single": litserve.loops.simple_loops.SingleLoop,
            "streaming": litserve.loops.streaming_loops.StreamingLoop,
        }
        one = loop[kind]()

        getattr(one, f"run_{kind}_loop")(None, filled(litserve, [1, 2, 0, 3]), None)

    assert one.noted == [("id-1", (1, [])), ("id-2", (2, [])), ("id-0", (0, [])), ("id-3", (3, []))]
    assert (seen(), harness.faults) == ((0, []), {})


@pytest.mark.parametrize("kind", ["single", "streaming"])
def test_requests_that_are_answered_side_by_side(harness: Harness, kind: str) -> None:
    litserve = stand_in()
    with patched(LitServeCarrier(), patch=litserve):
        loops = litserve.loops
        one = loops.simple_loops.SingleLoop() if kind == "single" else loops.streaming_loops.StreamingLoop()
        requests = filled(litserve, [1, 2, 3, 0])
        process = getattr(one, f"_process_{kind}_request")

        async def answered() -> None:
            await asyncio.gather(*(process(requests.get(), None) for _ in range(4)))

        asyncio.run(answered())

    assert one.noted == [("id-1", (1, [])), ("id-2", (2, [])), ("id-3", (3, [])), ("id-0", (0, []))]


@pytest.mark.parametrize("kind", ["batched", "batched_streaming"])
def test_batches_are_linked_to_their_requests(harness: Harness, kind: str) -> None:
    litserve = stand_in()
    with patched(LitServeCarrier(), patch=litserve):
        loops = litserve.loops
        batched = loops.simple_loops.BatchedLoop, loops.streaming_loops.BatchedStreamingLoop
        one = batched[kind == "batched_streaming"]()

        getattr(one, f"run_{kind}_loop")(2, filled(litserve, [1, 2, 3, 0, 4]))

    assert one.noted == [("id-1", "id-2", (0, [1, 2])), ("id-3", "id-0", (0, [3])), ("id-4", (4, []))]
    assert (seen(), harness.faults) == ((0, []), {})


def test_loops_of_the_users_own_get_what_litserve_put(harness: Harness) -> None:
    """Nobody knows which of the requests that they have collected they answer."""
    litserve = stand_in()
    with patched(LitServeCarrier(), patch=litserve):
        requests = filled(litserve, [1, 2])

        class Own(litserve.loops.simple_loops.BatchedLoop):  # type: ignore[misc]
            def get_batch_requests(self, lit_api: Any, request_queue: Any) -> Any:
                first, _ = super().get_batch_requests(1, request_queue)
                second, _ = super().get_batch_requests(1, request_queue)
                return [(0, str(identity), None) for _, identity, _ in first + second], []

        one = Own()
        one.run_batched_loop(None, requests)
        collated, _ = litserve.loops.base.collate_requests(None, 1, filled(litserve, [5]), None)

    assert one.noted == [("id-1", "id-2", (0, []))]
    assert (collated[0][:2], seen()) == ((0, "id-5"), (0, []))


def test_a_request_id_is_the_text_it_is(harness: Harness) -> None:
    identity = RequestId("id-1", ({"traceparent": "x"},))

    assert {identity: 1}["id-1"] == {"id-1": 1}[identity] == 1
    assert (f"{identity}", pickle.loads(pickle.dumps(identity)).carried) == ("id-1", identity.carried)


def test_the_queue_is_given_to_workers_as_it_is(harness: Harness) -> None:
    litserve = stand_in()
    server = litserve.server.LitServer()
    with patched(LitServeCarrier(), patch=litserve):
        ours = server._get_request_queue("/predict")

        assert pickle.loads(pickle.dumps(ours)) == "the queue itself"
        assert ours.qsize() == 0
    assert server._get_request_queue("/predict") is server.queue


def test_what_is_no_request_and_what_comes_from_nowhere_is_put_as_it_is(harness: Harness) -> None:
    litserve = stand_in()
    server = litserve.server.LitServer()
    with patched(LitServeCarrier(), patch=litserve):
        requests = server._get_request_queue("/predict")
        with request_of(1):
            for item in (STOP, None, (1,), [0, "id", 1.0, {}]):
                requests.put(item)
                assert server.queue.get() == item
        requests.put((0, "id", 1.0, {}))

        assert type(server.queue.get()[1]) is str
        assert not get_current()


def test_nothing_is_replaced_if_any_part_has_another_shape(harness: Harness) -> None:
    litserve = stand_in()
    litserve.loops.base.collate_requests = lambda requests: ([], [])
    carrier = LitServeCarrier()

    with pytest.raises(AttributeError, match="collate_requests"), patched(carrier, patch=litserve):
        pass

    assert litserve.server.LitServer._get_request_queue.__module__ == __name__
    assert not hasattr(litserve.server.LitServer._get_request_queue, "__wrapped__")
