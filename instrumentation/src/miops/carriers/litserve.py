"""LitServe: models in worker processes, which answer requests from a queue one by one, in tasks, or in batches.

A request is put into the queue as a tuple with its id, from wherever in the server. The context goes with that id,
which remains the text that it is for all that do not know of it. In LitServe's own loops it is plain which requests the
next prediction answers; loops of the user's own, and continuous batching, are left alone.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterable
from typing import Any, ClassVar, Final, Self

from opentelemetry.context import Context, attach, detach

from miops import runtime
from miops._instrumentor import PatchingInstrumentor, taking
from miops.carried import Carried, arriving, departing

__all__ = ["LitServeCarrier", "RequestId"]

_NAME: Final = "litserve"
_PLACE: Final = 1
"""Of the id in what is put into the queue, in a request, and among those of a batch."""


class LitServeCarrier(PatchingInstrumentor):
    """Takes the context of requests along into LitServe's workers."""

    framework = _NAME
    package = _NAME
    minimum = (0, 2)
    hooks: ClassVar = {_NAME: "patch"}

    def patch(self, module: Any) -> None:
        """Replace all or nothing: what is not of the expected shape raises before anything is done."""
        server, loops = module.server.LitServer, module.loops
        single, streaming, base = loops.simple_loops, loops.streaming_loops, loops.base
        looping, collating = ("self", "lit_api", "request_queue"), ("loop", "lit_api", "request_queue", "transport")
        table = [
            (server, "_get_request_queue", _departures, ("self", "api_path")),
            (single.SingleLoop, "run_single_loop", _one_by_one, looping),
            (streaming.StreamingLoop, "run_streaming_loop", _one_by_one, looping),
            (single.SingleLoop, "_process_single_request", _in_its_task, ("self", "request")),
            (streaming.StreamingLoop, "_process_streaming_request", _in_its_task, ("self", "request")),
            (single.BatchedLoop, "run_batched_loop", _batch_by_batch, looping),
            (streaming.BatchedStreamingLoop, "run_batched_streaming_loop", _batch_by_batch, looping),
            (base, "collate_requests", _in_batches, collating),
            (streaming, "collate_requests", _in_batches, collating),
        ]
        ours = [(owner, name, make(taking(owner, name, *takes))) for owner, name, make, takes in table]
        for owner, name, one in ours:
            self.patches.replace(owner, name, one)


class RequestId(str):
    """The id of a request that knows what came with it; equal to the text it is."""

    __slots__ = ("carried",)
    carried: Carried

    def __new__(cls, text: str, carried: Carried) -> Self:
        self = super().__new__(cls, text)
        self.carried = carried
        return self

    def __reduce__(self) -> Any:
        return RequestId, (str(self), self.carried)


def _departures(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def _get_request_queue(self: Any, api_path: Any) -> Any:
        queue = original(self, api_path)
        return _Outgoing(queue) if _NAME in runtime.active else queue

    return _get_request_queue


class _Outgoing:
    """The server's end of a queue; pickled for a worker it is the queue itself."""

    __slots__ = ("_queue",)

    def __init__(self, queue: Any) -> None:
        self._queue = queue

    def put(self, item: Any, *args: Any, **kwargs: Any) -> Any:
        return self._queue.put(_with_context(item), *args, **kwargs)

    def put_nowait(self, item: Any) -> Any:
        return self._queue.put_nowait(_with_context(item))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._queue, name)

    def __reduce__(self) -> Any:
        return self._queue.__reduce__()


def _with_context(item: Any) -> Any:
    if _NAME not in runtime.active or type(item) is not tuple or len(item) <= _PLACE or type(item[_PLACE]) is not str:
        return item
    carried = departing()
    return (*item[:_PLACE], RequestId(item[_PLACE], carried), *item[_PLACE + 1 :]) if carried else item


def _arrived(item: Any) -> tuple[Any, Carried]:
    """A request as LitServe put it into the queue, and what came with it."""
    identity = item[_PLACE] if type(item) is tuple and len(item) > _PLACE else None
    if type(identity) is not RequestId:
        return item, ()
    return (*item[:_PLACE], str(identity), *item[_PLACE + 1 :]), identity.carried


class _Answered(threading.local):
    """The context that a loop of this thread has made current, until it asks for the next request."""

    batches: bool = False
    """Whether it is a loop that predicts each batch before it collects the next."""
    token: Any = None

    def leave(self) -> None:
        token, self.token = self.token, None
        if token is not None:
            detach(token)

    def enter(self, requests: Iterable[Carried]) -> None:
        context = arriving(requests) if _NAME in runtime.active else Context()
        if context:
            self.token = attach(context)


_answered: Final = _Answered()


def _one_by_one(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def run_loop(self: Any, lit_api: Any, request_queue: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return original(self, lit_api, _Incoming(request_queue), *args, **kwargs)
        finally:
            _answered.leave()

    return run_loop


class _Incoming:
    """A queue of which each request is answered before the next is asked for."""

    __slots__ = ("_queue",)

    def __init__(self, queue: Any) -> None:
        self._queue = queue

    def get(self, *args: Any, **kwargs: Any) -> Any:
        _answered.leave()
        item, carried = _arrived(self._queue.get(*args, **kwargs))
        _answered.enter([carried])
        return item

    def __getattr__(self, name: str) -> Any:
        return getattr(self._queue, name)


def _in_its_task(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    async def process(self: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
        request, carried = _arrived(request)
        if not carried or _NAME not in runtime.active:
            return await original(self, request, *args, **kwargs)
        token = attach(arriving([carried]))
        try:
            return await original(self, request, *args, **kwargs)
        finally:
            detach(token)

    return process


def _batch_by_batch(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def run_loop(self: Any, *args: Any, **kwargs: Any) -> Any:
        collecting = getattr(type(self), "get_batch_requests", None)  # a user's own may collect twice
        _answered.batches = getattr(collecting, "__module__", "").partition(".")[0] == _NAME
        try:
            return original(self, *args, **kwargs)
        finally:
            _answered.batches = False
            _answered.leave()

    return run_loop


def _in_batches(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def collate_requests(*args: Any, **kwargs: Any) -> Any:
        if not _answered.batches:
            return original(*args, **kwargs)
        _answered.leave()
        collated = original(*args, **kwargs)
        try:
            arrived = [_arrived(request) for request in collated[0]]
            _answered.enter([carried for _, carried in arrived])
            return ([request for request, _ in arrived], *collated[1:])
        except Exception as error:  # noqa: BLE001
            runtime.faults.add("context_not_carried", error)
            return collated

    return collate_requests
