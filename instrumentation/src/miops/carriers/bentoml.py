"""BentoML: requests made one (``@bentoml.api(batchable=True)``).

Batches are called from a task that lives on with the context of whichever request came first. Here the context of each
request is remembered with its job, and its batch is called in that of all jobs in it. A request that is too large for
a batch becomes two jobs, both with its context.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any, ClassVar, Final

from opentelemetry.context import Context, attach, detach, get_current

from miops import runtime
from miops._instrumentor import PatchingInstrumentor, taking
from miops.carried import together
from miops.weak import WeakIdMap

__all__ = ["BentoMLCarrier"]

_NAME: Final = "bentoml"


class BentoMLCarrier(PatchingInstrumentor):
    """Takes the context of requests along into BentoML's batches."""

    framework = _NAME
    package = _NAME
    minimum = (1, 4)
    hooks: ClassVar = {"bentoml._internal.marshal.dispatcher": "patch_dispatcher"}

    def patch_dispatcher(self, module: Any) -> None:
        """Remember the context of each job, and call batches in that of all their jobs."""
        job, dispatcher = module.Job, module.CorkDispatcher
        make = taking(job, "__init__", "self", "enqueue_time", "data", "future")
        split = taking(dispatcher, "split_job", "self", "job")
        call = taking(dispatcher, "outbound_call", "self", "inputs_info")
        contexts: WeakIdMap[Context] = WeakIdMap()

        @functools.wraps(make)
        def __init__(self: Any, *args: Any, **kwargs: Any) -> None:  # noqa: N807
            make(self, *args, **kwargs)
            if _NAME in runtime.active:
                contexts.set(self, get_current())

        @functools.wraps(split)
        def split_job(self: Any, job: Any, *args: Any, **kwargs: Any) -> Any:
            parts = split(self, job, *args, **kwargs)
            if _NAME in runtime.active:
                for part in parts:  # they are made in the task of batches
                    contexts.set(part, contexts.get(job) or Context())
            return parts

        @functools.wraps(call)
        async def outbound_call(self: Any, inputs_info: Any, *args: Any, **kwargs: Any) -> Any:
            if _NAME not in runtime.active:
                return await call(self, inputs_info, *args, **kwargs)
            token = attach(_of(inputs_info, contexts))
            try:
                return await call(self, inputs_info, *args, **kwargs)
            finally:
                detach(token)

        self.patches.replace(job, "__init__", __init__)
        self.patches.replace(dispatcher, "split_job", split_job)
        self.patches.replace(dispatcher, "outbound_call", outbound_call)


def _of(jobs: Sequence[Any], contexts: WeakIdMap[Context]) -> Context:
    """The context in which a batch is called; an empty one if it cannot be told whose requests these are."""
    try:
        return together([contexts.get(job) or Context() for job in jobs])
    except Exception as error:  # noqa: BLE001
        runtime.faults.add("context_not_carried", error)
        return Context()
