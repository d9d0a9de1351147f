"""tritonclient: its HTTP and gRPC clients, asking the small server beside this."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import tritonclient.grpc.aio
import tritonclient.http.aio

import miops
from tests.instrumentation.frameworks.adapter import Adapter, Expected, Way, X
from tests.instrumentation.frameworks.v2_server import NAMES, serve

HTTP, GRPC = serve()


class _Clients(threading.local):
    """The HTTP client belongs to the thread that made it: another one has its own."""

    made: dict[int, Any]

    def __init__(self) -> None:
        self.made = {}


_clients = _Clients()


def _client(kind: Any, **said: Any) -> Callable[[Any, Any], Any]:
    def fit(x: Any, y: Any) -> Any:
        client = kind.InferenceServerClient(HTTP if kind is tritonclient.http else GRPC)
        client.made_by = fit
        _clients.made[id(client)] = client
        if said:
            miops.register(client, **said)
        return client

    return fit


def _own(client: Any) -> Any:
    if "grpc" in type(client).__module__:
        return client
    if id(client) not in _clients.made:
        _clients.made[id(client)] = client.made_by(None, None)
    return _clients.made[id(client)]


def _inputs(kind: Any, **settings: Any) -> Callable[[Any], Any]:
    def given(x: Any) -> Any:
        one = kind.InferInput("X", list(x.shape), "FP32")
        one.set_data_from_numpy(np.ascontiguousarray(x, dtype=np.float32), **settings)
        return [one]

    return given


def _infer(model: str) -> Callable[[Any, Any], Any]:
    def ask(client: Any, inputs: Any) -> Any:
        result = _own(client).infer(model, inputs)
        outputs = ("label", "probabilities", "probability", "value", "values")
        return {name: array.tolist() for name in outputs if (array := result.as_numpy(name)) is not None}

    return ask


def _labelled(told: Any) -> Expected:
    names = ("bad", "good")
    return Expected(value=[names[one] for one in told["label"]], score=[two for _, two in told["probabilities"]])


def _positive(told: Any) -> Expected:
    names, scores = ("bad", "good"), [one for (one,) in told["probability"]]
    return Expected(value=[names[one >= 0.5] for one in scores], score=scores)


def _by_class(told: Any) -> Expected:
    matrix = np.array(told["probabilities"])
    return Expected(
        value=NAMES[matrix.argmax(axis=1)].tolist(), score=matrix.max(axis=1).tolist(), scores=matrix.tolist()
    )


def _texts(told: Any) -> Expected:
    return Expected(value=[one.decode() for one in told["label"]])


def _as_json() -> None:
    BINARY_HTTP.model.infer("binary", _inputs(tritonclient.http, binary_data=False)(X[:3]))


def _of_a_version() -> None:
    BINARY_HTTP.model.infer(model_name="binary", inputs=_inputs(tritonclient.http)(X[:3]), model_version="7")


def _way(name: str, kind: Any, model: str, expect: Any, task: str, said: Any, **more: Any) -> Way:
    classes = said.get("classes")
    return Way(
        name,
        _client(kind, **said),
        _infer(model),
        expect,
        task,
        _inputs(kind),
        classes=None if classes is None else list(classes),
        **more,
    )


TWO, THREE, NUMBER = {"classes": ("bad", "good")}, {"classes": tuple(NAMES.tolist())}, {"task": "regression"}
BINARY_HTTP = _way("HTTP, labels and probabilities", tritonclient.http, "binary", _labelled, "binary", TWO)
_WAYS = [
    BINARY_HTTP,
    _way("gRPC, labels and probabilities", tritonclient.grpc, "binary", _labelled, "binary", TWO),
    _way("gRPC, one probability", tritonclient.grpc, "one", _positive, "binary", TWO),
    _way("HTTP, three probabilities", tritonclient.http, "three", _by_class, "multiclass", THREE),
    _way("gRPC, three probabilities", tritonclient.grpc, "three", _by_class, "multiclass", THREE),
    _way("HTTP, texts", tritonclient.http, "texts", _texts, "multiclass", THREE),
    _way(
        "gRPC, a number",
        tritonclient.grpc,
        "number",
        lambda told: Expected(value=told["value"]),
        "regression",
        NUMBER,
    ),
    _way(
        "HTTP, several",
        tritonclient.http,
        "several",
        lambda told: Expected(outputs=told["values"]),
        "several outputs",
        NUMBER,
        wire_task="regression",
    ),
]

_TENSORS = "tritonclient sends tensors made of arrays; whoever has {} makes an array of it first"

ADAPTER = Adapter(
    package="tritonclient",
    ways=_WAYS,
    containers={
        "numpy": lambda x: (_infer("binary"), _inputs(tritonclient.http)(x)),
        "pandas": _TENSORS.format("a frame"),
        "polars": _TENSORS.format("a frame"),
        "sparse": _TENSORS.format("a sparse matrix"),
        "native": lambda x: (_infer("binary"), _inputs(tritonclient.http, binary_data=False)(x)),
    },
    patched=lambda: [
        *(
            (kind.InferenceServerClient, "infer")
            for kind in (tritonclient.http, tritonclient.grpc, tritonclient.http.aio, tritonclient.grpc.aio)
        ),
        *((tritonclient.grpc.InferenceServerClient, name) for name in ("start_stream", "async_stream_infer")),
        *((kind.InferenceServerClient, "async_infer") for kind in (tritonclient.http, tritonclient.grpc)),
        (tritonclient.http.InferAsyncRequest, "get_result"),
        (tritonclient.grpc.aio.InferenceServerClient, "stream_infer"),
    ],
    nested={
        "inputs as JSON": (_as_json, 3),
        "a version of a model": (_of_a_version, 3),
    },
    watched=lambda given: given[0],
)
