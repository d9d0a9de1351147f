"""PyTorch: calls of the modules that were registered (:func:`miops.register`), when they infer.

That is under ``inference_mode`` or ``no_grad``, or after ``eval()``; compiled and scripted modules too. A network
does not tell what its numbers mean, so the classes are those it was registered with. What a compiler or a tracer
looks at is never recorded, and the wrapper leaves no trace in what they make of it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from functools import partial
from types import MethodType
from typing import Any, ClassVar

from miops import runtime
from miops._instrumentor import ModelInstrumentor
from miops.models import Model, registered, registrations
from miops.network_results import parts_of_network, task_of
from miops.readings import Reading, read_call
from miops.tensors import inputs_of, symbolic

__all__ = ["TorchInstrumentor"]


class TorchInstrumentor(ModelInstrumentor):
    """Instruments PyTorch; see :mod:`miops.instrumentors.torch`."""

    framework: ClassVar[str] = "torch"
    package: ClassVar[str] = "torch"
    minimum: ClassVar[tuple[int, int]] = (2, 2)
    hooks: ClassVar[Mapping[str, str]] = {"torch": "patch_module"}

    def patch_module(self, module: Any) -> None:
        """Patch the call of all modules, which for those that are not registered is a look into a dictionary."""
        owner = module.nn.Module
        original = vars(owner)["__call__"]
        if not self.patches.made(original):
            recorded = _recording(original, self.framework, module)
            _leave_to_callers(recorded, module)
            self.patches.replace(owner, "__call__", recorded)

    def describe(self, model: Any) -> Model:
        """The name of the module's class; what its numbers mean was said when it was registered."""
        told = getattr(model, "_orig_mod", model)
        return Model(
            name=str(getattr(told, "original_name", type(told).__name__)),
            framework=self.framework,
            task=task_of(registered(model)),
        )


def _recording(original: Callable[..., Any], framework: str, torch: Any) -> Callable[..., Any]:
    """Beside C functions this calls nothing before it knows the module: a compiler may be watching for new frames."""
    compiling, tracing, learning = torch.compiler.is_compiling, torch._C._get_tracing_state, torch.is_grad_enabled  # noqa: SLF001
    known = registrations

    @functools.wraps(original)
    def recorded(self: Any, *args: Any, **kwargs: Any) -> Any:
        if compiling():  # first of all, and all a compiler sees
            return original(self, *args, **kwargs)
        if runtime.local.depth or framework not in runtime.active:
            return original(self, *args, **kwargs)
        meant = self
        if id(self) not in known:
            if type(self).__name__ != "OptimizedModule":
                return original(self, *args, **kwargs)
            meant = self._orig_mod
        if id(meant) not in known or tracing() is not None or (self.training and learning()):
            return original(self, *args, **kwargs)
        if registered(meant) is None:
            return original(self, *args, **kwargs)
        return read_call(_read, framework, MethodType(original, self), meant, args, kwargs)

    return recorded


def _leave_to_callers(recorded: Any, torch: Any) -> None:
    """Have ``torch.compile`` begin at ``forward``, as it does without us, and not compile the wrapper itself."""
    frames = torch._C._dynamo.eval_frame  # noqa: SLF001
    if hasattr(frames, "skip_code"):
        frames.skip_code(recorded.__code__)
    elif hasattr(frames, "set_code_exec_strategy"):
        action = frames._FrameAction  # noqa: SLF001
        frames.set_code_exec_strategy(
            recorded.__code__,
            frames._FrameExecStrategy(action.SKIP, action.DEFAULT),  # noqa: SLF001
        )


def _read(model: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Reading | None:
    given = args[0] if args else next(iter(kwargs.values()), None) if len(kwargs) < 2 else kwargs
    if symbolic(given):
        return None
    return Reading(inputs_of(given), partial(parts_of_network, model))
