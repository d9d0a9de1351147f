"""Triton and other servers of the KServe v2 protocol, asked by ``tritonclient``: over HTTP, gRPC, and both ``aio``.

Models are named as the call names them; what their numbers mean is said by registering the client
(``miops.register(client, classes=[…])``), which holds for all it asks. A server that answers labels and scores gives
both. Shared memory and the server's classification extension are not recorded.

What is asked asynchronously is recorded when the answer comes: before the program's callback is called, and over HTTP
when it gets the result; its span is under that of the request. On a stream an answer belongs to the oldest request
of its id, an error to the oldest of all; of models that answer a request several times nothing is recorded.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from types import MappingProxyType, MethodType
from typing import Any, ClassVar

from miops import runtime
from miops._instrumentor import ModelInstrumentor
from miops.models import Model, registered
from miops.network_results import task_of
from miops.readings import read_awaited, read_call
from miops.v2_later import (
    asking_for_request,
    asking_on_stream,
    asking_with_callback,
    forget_streams,
    getting,
    starting,
    streaming,
)
from miops.v2_models import read_request, remote

__all__ = ["TritonClientInstrumentor"]


class TritonClientInstrumentor(ModelInstrumentor):
    """Instruments clients of the v2 protocol; see :mod:`miops.instrumentors.tritonclient`."""

    framework: ClassVar[str] = "tritonclient"
    package: ClassVar[str] = "tritonclient"
    minimum: ClassVar[tuple[int, int]] = (2, 40)
    hooks: ClassVar[Mapping[str, str]] = MappingProxyType(
        {
            "tritonclient.http": "patch_http",
            "tritonclient.grpc": "patch_grpc",
            "tritonclient.http.aio": "patch_http_aio",
            "tritonclient.grpc.aio": "patch_grpc_aio",
        }
    )

    def patch_http(self, module: Any) -> None:
        """Patch what asks, and what gets the answers of what was asked asynchronously."""
        self._patch_all(module.InferenceServerClient, {"infer": _asking, "async_infer": asking_for_request})
        self._patch_all(module.InferAsyncRequest, {"get_result": getting})

    def patch_grpc(self, module: Any) -> None:
        """Patch what asks, now or on a stream, with the callbacks of the program."""
        ways = {"infer": _asking, "async_infer": asking_with_callback, "start_stream": starting}
        self._patch_all(module.InferenceServerClient, {**ways, "async_stream_infer": asking_on_stream})

    def patch_http_aio(self, module: Any) -> None:
        """Patch what is awaited."""
        self._patch_all(module.InferenceServerClient, {"infer": _awaiting})

    def patch_grpc_aio(self, module: Any) -> None:
        """Patch what is awaited, and the stream that is iterated over."""
        self._patch_all(module.InferenceServerClient, {"infer": _awaiting, "stream_infer": streaming})

    def _patch_all(self, owner: Any, ways: Mapping[str, Callable[[Callable[..., Any], str], Any]]) -> None:
        for name, wrap in ways.items():
            original = vars(owner)[name]
            if not self.patches.made(original):
                self.patches.replace(owner, name, wrap(original, self.framework))

    def _uninstrument(self, **kwargs: Any) -> None:
        super()._uninstrument(**kwargs)
        forget_streams()

    def describe(self, model: Any) -> Model:
        """Name and version as they were asked for."""
        return Model(
            name=model.name,
            version=model.version or None,
            framework=self.framework,
            task=task_of(registered(model)),
        )


def _asking(original: Callable[..., Any], framework: str) -> Callable[..., Any]:
    @functools.wraps(original)
    def infer(self: Any, *args: Any, **kwargs: Any) -> Any:
        if runtime.local.depth or framework not in runtime.active:
            return original(self, *args, **kwargs)
        asked = remote(self, args, kwargs)
        return read_call(read_request, framework, MethodType(original, self), asked, args, kwargs)

    return infer


def _awaiting(original: Callable[..., Any], framework: str) -> Callable[..., Any]:
    @functools.wraps(original)
    async def infer(self: Any, *args: Any, **kwargs: Any) -> Any:
        if runtime.local.depth or framework not in runtime.active:
            return await original(self, *args, **kwargs)
        asked = remote(self, args, kwargs)
        return await read_awaited(read_request, framework, MethodType(original, self), asked, args, kwargs)

    return infer
