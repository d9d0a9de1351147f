"""MLServer: models in worker processes (``parallel_workers``), and requests made one (``max_batch_size``).

A request goes to its worker as a message, through a queue. The context goes as one more entry of that message, where a
worker that knows nothing of it, in an environment without us for instance, does not look. Batches are predicted by a
task that lives on with the context of whichever request started it: there the contexts of those in the batch are put.
"""

from __future__ import annotations

import functools
from collections.abc import AsyncIterator
from typing import Any, ClassVar, Final

from opentelemetry.context import Context, attach, detach, get_current

from miops import runtime
from miops._instrumentor import PatchingInstrumentor, taking
from miops.carried import arriving, departing, together
from miops.weak import WeakIdMap

__all__ = ["MLServerCarrier"]

_NAME: Final = "mlserver"
_ENTRY: Final = "miops_context"


class MLServerCarrier(PatchingInstrumentor):
    """Takes the context of requests along into MLServer's workers and batches."""

    framework = _NAME
    package = _NAME
    minimum = (1, 7)
    hooks: ClassVar = {
        "mlserver.parallel.dispatcher": "patch_dispatcher",
        "mlserver.parallel.worker": "patch_worker",
        "mlserver.batching.adaptive": "patch_batcher",
    }

    def patch_dispatcher(self, module: Any) -> None:
        """Put the context beside requests to workers."""
        original = taking(module.Dispatcher, "dispatch_request", "self", "request_message")

        @functools.wraps(original)
        async def dispatch_request(self: Any, request_message: Any) -> Any:
            if _NAME in runtime.active:
                _put(request_message)
            return await original(self, request_message)

        self.patches.replace(module.Dispatcher, "dispatch_request", dispatch_request)

    def patch_worker(self, module: Any) -> None:
        """Make the context current while a worker answers the request, which it does in a task for each."""
        original = taking(module.Worker, "_process_request", "self", "request")

        @functools.wraps(original)
        async def _process_request(self: Any, request: Any) -> Any:
            carried = getattr(request, _ENTRY, None)
            if carried is None or _NAME not in runtime.active:
                return await original(self, request)
            token = attach(arriving([carried]))
            try:
                return await original(self, request)
            finally:
                detach(token)

        self.patches.replace(module.Worker, "_process_request", _process_request)

    def patch_batcher(self, module: Any) -> None:
        """Remember the context of each request until its batch is made, and predict in that of all of them."""
        predict = taking(module.AdaptiveBatcher, "predict", "self", "req")
        batches = taking(module.AdaptiveBatcher, "_batch_requests", "self")
        contexts: WeakIdMap[Context] = WeakIdMap()

        @functools.wraps(predict)
        async def remembered(self: Any, req: Any) -> Any:
            if _NAME in runtime.active:
                contexts.set(req, get_current())
            return await predict(self, req)

        @functools.wraps(batches)
        async def _batch_requests(self: Any) -> AsyncIterator[Any]:
            async for batched in batches(self):
                if _NAME in runtime.active:
                    attach(_of(batched, contexts))  # in the task that makes batches, which has no other context
                yield batched

        self.patches.replace(module.AdaptiveBatcher, "predict", remembered)
        self.patches.replace(module.AdaptiveBatcher, "_batch_requests", _batch_requests)


def _put(message: Any) -> None:
    """Past the checks of pydantic, which knows no such field; it is pickled as all others are."""
    try:
        if carried := departing():
            vars(message)[_ENTRY] = carried
    except Exception as error:  # noqa: BLE001
        runtime.faults.add("context_not_carried", error)


def _of(batched: Any, contexts: WeakIdMap[Context]) -> Context:
    """The context in which a batch is predicted; an empty one if it cannot be told whose requests these are."""
    try:
        return together([contexts.get(one) or Context() for one in batched.inference_requests.values()])
    except Exception as error:  # noqa: BLE001
        runtime.faults.add("context_not_carried", error)
        return Context()
