"""Keras 3, on whatever backend: ``predict`` and ``predict_on_batch`` of all models, and calls of registered ones.

A model whose last layer ends in a sigmoid or a softmax tells probabilities: of two classes or of several. Other
scores mean what the model was registered with (:func:`miops.register`). Calls with ``training=True``, what happens
while a model is trained or evaluated, and what a compiler looks at is not recorded.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType, MethodType
from typing import Any, ClassVar, Final

from miops import runtime, semconv
from miops._instrumentor import ModelInstrumentor
from miops.calls import guarded_call
from miops.models import Model, registered, registrations
from miops.network_results import parts_of_network, task_of
from miops.readings import Part, Reading, read_call, reading
from miops.sources import Source
from miops.tensors import inputs_of, symbolic

__all__ = ["KerasInstrumentor"]

_PREDICTING: Final = ("predict", "predict_on_batch")
_GUARDED: Final = ("fit", "evaluate", "train_on_batch", "test_on_batch")
_TASKS: Final[Mapping[str, str]] = MappingProxyType({"sigmoid": semconv.BINARY, "softmax": semconv.MULTICLASS})


class KerasInstrumentor(ModelInstrumentor):
    """Instruments Keras; see :mod:`miops.instrumentors.keras`."""

    framework: ClassVar[str] = "keras"
    package: ClassVar[str] = "keras"
    minimum: ClassVar[tuple[int, int]] = (3, 0)
    hooks: ClassVar[Mapping[str, str]] = {"keras": "patch_models"}

    def patch_models(self, module: Any) -> None:
        """Patch what predicts and what trains where the backend defines it, and the call of all layers."""
        for name in (*_PREDICTING, *_GUARDED, "__call__"):
            owner = next(cls for cls in module.Model.__mro__ if name in vars(cls))
            original = vars(owner)[name]
            if name in _GUARDED:
                self.patches.method(owner, name, None, self.framework)
            elif not self.patches.made(original):
                wrap = _calling(original, self.framework) if name == "__call__" else None
                self.patches.replace(owner, name, wrap or reading(original, _read, self.framework))

    def describe(self, model: Any) -> Model:
        """Its name; task and classes by how the last layer ends, as far as nobody said otherwise."""
        said, shape = registered(model), getattr(model, "output_shape", None)
        width = shape[-1] if isinstance(shape, tuple) and len(shape) == 2 else 0
        ends = getattr(getattr(next(iter(model.layers[-1:]), None), "activation", None), "__name__", "")
        told = (ends == "sigmoid" and width == 1) or (ends == "softmax" and width > 1)
        classes = tuple(range(max(2, width))) if told else None
        task = task_of(said) or (_TASKS[ends] if told else None)
        return Model(
            name=str(model.name),
            framework=self.framework,
            task=semconv.BINARY if told and width == 2 else task,
            classes=classes if said is None or said.task in (None, task, semconv.BINARY) else None,
        )


def _calling(original: Callable[..., Any], framework: str) -> Callable[..., Any]:
    @functools.wraps(original)
    def called(self: Any, *args: Any, **kwargs: Any) -> Any:
        if _compiling() or id(self) not in registrations or runtime.local.depth or framework not in runtime.active:
            return original(self, *args, **kwargs)
        call = MethodType(original, self)
        looking = kwargs.get("training") or any(symbolic(given) for given in (*args, *kwargs.values()))
        if looking or registered(self) is None or not hasattr(self, "predict"):
            return guarded_call(call, args, kwargs)  # it is a module of PyTorch, too
        return read_call(_read, framework, call, self, args, kwargs)

    return called


def _compiling() -> bool:
    """Whether PyTorch looks at what the model does, in order to compile it."""
    torch = sys.modules.get("torch")
    return torch is not None and bool(torch.compiler.is_compiling())


def _read(model: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Reading | None:
    given = args[0] if args else kwargs.get("x", kwargs.get("inputs"))
    if given is None or (not hasattr(given, "shape") and not isinstance(given, Mapping | list | tuple)):
        return Reading(None, partial(_take, model))  # a data set or a generator
    return Reading(inputs_of(given), partial(_take, model))


def _take(model: Any, result: Any, source: Source) -> tuple[Part, ...]:
    """Nothing of what only stands for numbers: JAX and TensorFlow look at calls that were given real ones, too."""
    values = (
        result.values() if isinstance(result, Mapping) else result if isinstance(result, list | tuple) else (result,)
    )
    return () if any(map(symbolic, values)) else parts_of_network(model, result, source)
