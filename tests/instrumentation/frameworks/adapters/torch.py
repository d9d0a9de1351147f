"""PyTorch: registered networks, plain, compiled and scripted."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

import miops
from tests.instrumentation.frameworks.adapter import NAMES, Adapter, Expected, Way, X, decided, several

CLASSES: dict[str, Any] = {"binary": ("bad", "good"), "multiclass": tuple(NAMES.tolist())}
torch.set_num_threads(1)


def _net(outputs: int, *last: Any) -> Callable[[Any, Any], Any]:
    def fit(x: Any, y: Any) -> Any:
        torch.manual_seed(3)
        net = torch.nn.Sequential(torch.nn.Linear(4, 5), torch.nn.ReLU(), torch.nn.Linear(5, outputs), *last)
        return net.eval()

    return fit


def _registered(make: Callable[[Any, Any], Any], wrap: Callable[[Any], Any] = lambda net: net, **said: Any) -> Any:
    def fit(x: Any, y: Any) -> Any:
        net = wrap(make(x, y))
        miops.register(net, **said)
        return net

    return fit


def _compiled(make: Callable[[Any, Any], Any], **said: Any) -> Any:
    """Registered before it is compiled: its name and classes go along."""

    def fit(x: Any, y: Any) -> Any:
        net = make(x, y)
        miops.register(net, **said)
        compiled = torch.compile(net, backend="eager", fullgraph=True)
        with torch.inference_mode():
            compiled(_tensor(x[:2]))
        return compiled

    return fit


def _script(net: Any) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return torch.jit.script(net)


def _tensor(x: Any) -> Any:
    return torch.tensor(np.ascontiguousarray(x), dtype=torch.float32)


_lock = threading.Lock()


def _call(model: Any, given: Any) -> Any:
    with torch.inference_mode():
        return model.__call__(given)


def _one_at_a_time(model: Any, given: Any) -> Any:
    """A compiler's first look at a shape is not meant for several threads."""
    with _lock, torch.inference_mode():
        return model.__call__(given)


def _positive(result: Any) -> Expected:
    flat = result.detach().reshape(-1).double().numpy()
    return Expected(value=[CLASSES["binary"][int(one >= 0.5)] for one in flat], score=flat.tolist())


def _signed(result: Any) -> Expected:
    flat = result.detach().reshape(-1).double().numpy()
    return Expected(value=[CLASSES["binary"][int(one > 0)] for one in flat], score=flat.tolist())


def _second(result: Any) -> Expected:
    matrix = result.detach().double().numpy()
    return Expected(
        value=[CLASSES["binary"][best] for best in matrix.argmax(axis=1)],
        score=matrix[:, 1].tolist(),
    )


def _by_name(result: Any) -> Expected:
    matrix = result.detach().double().numpy()
    return Expected(
        value=NAMES[matrix.argmax(axis=1)].tolist(), score=matrix.max(axis=1).tolist(), scores=matrix.tolist()
    )


class _Sure(torch.nn.Module):
    """Returns class numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.scores = _net(3)(X, None)

    def forward(self, x: Any) -> Any:
        return self.scores(x).argmax(dim=1)


class _Holds(torch.nn.Module):
    """An unregistered module round a registered one."""

    def __init__(self) -> None:
        super().__init__()
        self.net = BINARY.model

    def forward(self, x: Any) -> Any:
        return self.net(x) + self.net[0](x).sum()


class _Named(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.net = BINARY.model

    def forward(self, age: Any, income: Any) -> dict[str, Any]:
        return {"hidden": age, "logits": self.net(torch.stack((age, income, age, income), dim=1))}


def _named() -> None:
    model = _Named().eval()
    miops.register(model, classes=CLASSES["binary"])
    model(age=torch.ones(3), income=torch.zeros(3))


def _training() -> None:
    net = _net(1)(X, None).train()
    miops.register(net)
    net(_tensor(X[:3])).sum().backward()


def _unregistered() -> None:
    _call(_net(2)(X, None), _tensor(X[:3]))


def _looked_at() -> None:
    """Compilers and tracers see the network as if nobody recorded it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # both are said to be on their way out
        torch.jit.trace(BINARY.model, _tensor(X[:3]), check_trace=False)  # which would ask once more
        torch.jit.script(BINARY.model)
    torch.export.export(BINARY.model, (_tensor(X[:3]),))
    torch.fx.symbolic_trace(BINARY.model)


def _compiled_whole() -> None:
    """A registered network inside a compiled one does not break the one graph there is, and is not recorded."""
    graphs = []

    def backend(graph: Any, _: Any) -> Any:
        graphs.append(graph)
        return graph.forward

    torch.compile(_Holds().eval(), backend=backend, fullgraph=True)(_tensor(X[:3]))
    assert len(graphs) == 1


NAMED = {"classes": CLASSES["binary"]}
BINARY = Way(
    "one logit",
    _registered(_net(1, torch.nn.Flatten(0)), **NAMED),
    _call,
    _signed,
    "binary",
    _tensor,
    classes=CLASSES["binary"],
)
_WAYS = [
    BINARY,
    Way(
        "a probability",
        _registered(_net(1, torch.nn.Sigmoid()), **NAMED),
        _call,
        _positive,
        "binary",
        _tensor,
        classes=CLASSES["binary"],
    ),
    Way(
        "two probabilities, after eval only",
        _registered(_net(2, torch.nn.Softmax(1)), **NAMED),
        lambda model, given: model.__call__(given),
        _second,
        "binary",
        _tensor,
        classes=CLASSES["binary"],
    ),
    Way("logits", _registered(_net(3), classes=NAMES), _call, _by_name, "multiclass", _tensor, classes=NAMES.tolist()),
    Way(
        "scripted",
        _registered(_net(3, torch.nn.Softmax(1)), _script, classes=NAMES),
        _call,
        _by_name,
        "multiclass",
        _tensor,
        classes=NAMES.tolist(),
    ),
    Way(
        "registered, then compiled",
        _compiled(_net(3, torch.nn.Softmax(1)), classes=NAMES),
        _one_at_a_time,
        _by_name,
        "multiclass",
        _tensor,
        classes=NAMES.tolist(),
    ),
    Way(
        "compiled, then registered",
        _registered(_net(3), lambda net: torch.compile(net, backend="eager"), classes=NAMES),
        _one_at_a_time,
        _by_name,
        "multiclass",
        _tensor,
        classes=NAMES.tolist(),
    ),
    Way(
        "class numbers",
        _registered(lambda x, y: _Sure().eval(), classes=NAMES),
        _call,
        lambda result: Expected(value=NAMES[result.numpy()].tolist()),
        "multiclass",
        _tensor,
        classes=NAMES.tolist(),
    ),
    Way("one number", _registered(_net(1), task="regression"), _call, decided, "regression", _tensor),
    Way(
        "several",
        _registered(_net(2), task="regression"),
        _call,
        several,
        "several outputs",
        _tensor,
        wire_task="regression",
    ),
]

_TENSORS = "PyTorch takes tensors; whoever has {} makes one of it first"

ADAPTER = Adapter(
    package="torch",
    ways=_WAYS,
    containers={
        "numpy": _TENSORS.format("an array"),
        "pandas": _TENSORS.format("a frame"),
        "polars": _TENSORS.format("a frame"),
        "sparse": lambda x: (_call, _tensor(x).to_sparse()),
        "native": lambda x: (_call, _tensor(x)),
    },
    patched=lambda: [(torch.nn.Module, "__call__")],
    nested={
        "an unregistered network holds a registered one": (lambda: _call(_Holds().eval(), _tensor(X[:3])), 3),
        "a registered network holds a registered one": (_named, 3),
        "training": (_training, 0),
        "no registration": (_unregistered, 0),
        "scripting, tracing, exporting": (_looked_at, 0),
        "compiled as a part": (_compiled_whole, 0),
    },
)
