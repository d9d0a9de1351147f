"""Triton and other servers of the KServe v2 protocol: ``infer`` of ``tritonclient``'s clients: HTTP, gRPC, ``aio``.

Models are named as the call names them; what their numbers mean is said by registering the client
(``miops.register(client, classes=[…])``), which holds for all it asks. A server that answers labels and scores gives
both. ``async_infer``, streams, shared memory and the server's classification extension are not recorded.
"""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import MappingProxyType, MethodType
from typing import Any, ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from miops import runtime
from miops._instrumentor import ModelInstrumentor
from miops.call import Output
from miops.models import Model, Registration, note, registered
from miops.network_results import parts_of_network, task_of
from miops.readings import Part, Reading, labels, read_awaited, read_call
from miops.sources import Source
from miops.weak import WeakIdMap

__all__ = ["TritonClientInstrumentor"]

_TYPES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "BOOL": "?",
        **{f"INT{8 * size}": f"i{size}" for size in (1, 2, 4, 8)},
        **{f"UINT{8 * size}": f"u{size}" for size in (1, 2, 4, 8)},
        **{f"FP{8 * size}": f"f{size}" for size in (2, 4, 8)},
    }
)
_MOST_MODELS: Final = 1000


class _Remote:
    """A model of a server, as one client names it."""

    __slots__ = ("__weakref__", "name", "said", "version")

    def __init__(self, name: str, version: str, said: Registration | None) -> None:
        self.name, self.version, self.said = name, version, said


_remotes: Final[WeakIdMap[dict[tuple[str, str], _Remote]]] = WeakIdMap()


class TritonClientInstrumentor(ModelInstrumentor):
    """Instruments clients of the v2 protocol; see :mod:`miops.instrumentors.tritonclient`."""

    framework: ClassVar[str] = "tritonclient"
    package: ClassVar[str] = "tritonclient"
    minimum: ClassVar[tuple[int, int]] = (2, 40)
    hooks: ClassVar[Mapping[str, str]] = MappingProxyType(
        {
            "tritonclient.http": "patch_client",
            "tritonclient.grpc": "patch_client",
            "tritonclient.http.aio": "patch_client",
            "tritonclient.grpc.aio": "patch_client",
        }
    )

    def patch_client(self, module: Any) -> None:
        """Patch what asks a model, in the client of a protocol."""
        owner = module.InferenceServerClient
        original = vars(owner)["infer"]
        if not self.patches.made(original):
            asking = _awaiting if inspect.iscoroutinefunction(original) else _asking
            self.patches.replace(owner, "infer", asking(original, self.framework))

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
        remote = _remote(self, args, kwargs)
        return read_call(_read, framework, MethodType(original, self), remote, args, kwargs)

    return infer


def _awaiting(original: Callable[..., Any], framework: str) -> Callable[..., Any]:
    @functools.wraps(original)
    async def infer(self: Any, *args: Any, **kwargs: Any) -> Any:
        if runtime.local.depth or framework not in runtime.active:
            return await original(self, *args, **kwargs)
        remote = _remote(self, args, kwargs)
        return await read_awaited(_read, framework, MethodType(original, self), remote, args, kwargs)

    return infer


def _remote(client: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> _Remote:
    """The same object for the same model, while the client lives and nothing else is said of it."""
    name = str(args[0] if args else kwargs.get("model_name"))
    version = str(args[2] if len(args) > 2 else kwargs.get("model_version", ""))
    known, said = _remotes.get(client), registered(client)
    if known is None or len(known) >= _MOST_MODELS:
        known = {}
        _remotes.set(client, known)
    remote = known.get((name, version))
    if remote is None or remote.said is not said:
        remote = known[name, version] = _Remote(name, version, said)
        if said is not None:
            note(remote, said)
    return remote


def _read(model: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Reading:
    inputs = args[1] if len(args) > 1 else kwargs.get("inputs")
    return Reading(_features(inputs or ()), partial(_take, model))


def _features(inputs: Sequence[Any]) -> Any:
    """The only input as it is, several of one column each by name; ``None`` if they are anything else."""
    held = {str(one.name()): _values(one) for one in inputs}
    arrays = {name: array for name, array in held.items() if array is not None}
    if len(arrays) < len(held):
        return None
    if len(arrays) == 1:
        return next(iter(arrays.values()))
    flat = all(array.ndim and array.size == len(array) for array in arrays.values())
    return {name: array.reshape(-1) for name, array in arrays.items()} if flat and arrays else None


def _values(one: Any) -> NDArray[Any] | None:
    """What an input holds, read back from the bytes it will be sent as."""
    held = getattr(one, "_raw_data", None) or getattr(one, "_raw_content", None)
    kind, shape = str(one.datatype()), [int(size) for size in one.shape()]
    if held is None:
        plain = getattr(one, "_data", None)  # as JSON, or in the server's memory
        return None if plain is None else np.array(plain).reshape(shape)
    if kind == "BYTES":
        return _texts(sys.modules["tritonclient.utils"].deserialize_bytes_tensor(held)).reshape(shape)
    return np.frombuffer(held, _TYPES[kind]).reshape(shape) if kind in _TYPES else None


def _texts(values: NDArray[Any]) -> NDArray[Any]:
    return np.char.decode(values.astype(np.bytes_), "utf-8", "replace")


def _take(model: Any, result: Any, source: Source) -> tuple[Part, ...]:
    """Labels and scores by their types: whole numbers and texts are labels, fractions scores or plain values."""
    response = result.get_response()
    outputs = response["outputs"] if isinstance(response, Mapping) else response.outputs
    names = [one["name"] if isinstance(one, Mapping) else one.name for one in outputs]
    arrays = [result.as_numpy(name) for name in names]
    if not all(array is not None and array.size for array in arrays):
        return ()  # in the server's memory, or of no rows, to which older clients give no width
    label = next((array for array in arrays if array.dtype.kind in "iubOS" and array.size == len(array)), None)
    score = next((array for array in arrays if array.dtype.kind == "f"), None)
    if label is None:
        return parts_of_network(model, score, source) if score is not None else ()
    decision = _decision(label, source)
    if score is None or source.classes is None:
        return (decision,)
    return (decision, *parts_of_network(model, score, source))


def _decision(label: NDArray[Any], source: Source) -> Part:
    if label.dtype.kind in "OS":
        return Part(Output.DECISION, _texts(label.reshape(-1)))
    return labels(label, source)
