"""ONNX Runtime: ``InferenceSession.run`` and ``run_async``.

Labels and scores are told apart by the types a model declares; classes come from the model file where a converter
wrote them, else from :func:`miops.register`. Runs with bound or device memory (``run_with_iobinding``,
``run_with_ort_values``) are not recorded.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from time import perf_counter_ns, time_ns
from typing import Any, ClassVar, Final

import numpy as np
from opentelemetry.context import attach, detach, get_current

from miops import runtime, semconv
from miops._instrumentor import ModelInstrumentor
from miops.calls import Opening, fail
from miops.models import Model
from miops.onnx_labels import class_labels, labels_of_file
from miops.onnx_results import LABEL_TYPES, SCORE_TYPES, parts_of
from miops.readings import Part, Reading, close, open_reading, reading
from miops.sources import Source

__all__ = ["ONNXRuntimeInstrumentor"]

_MAP: Final = "seq(map("
_LAST_VERSION: Final = 2**63 - 1
"""What the runtime answers when the model says none."""


class ONNXRuntimeInstrumentor(ModelInstrumentor):
    """Instruments ONNX Runtime; see :mod:`miops.instrumentors.onnxruntime`."""

    framework: ClassVar[str] = "onnxruntime"
    package: ClassVar[str] = "onnxruntime"
    minimum: ClassVar[tuple[int, int]] = (1, 17)
    hooks: ClassVar[Mapping[str, str]] = {"onnxruntime": "patch_session"}

    def patch_session(self, module: Any) -> None:
        """Patch the two ways to run, where they are defined."""
        ways: Mapping[str, Callable[[Callable[..., Any]], Callable[..., Any]]] = {
            "run": lambda original: reading(original, _read, self.framework),
            "run_async": self._asynchronous,
        }
        for name, wrap in ways.items():
            owner = next(cls for cls in module.InferenceSession.__mro__ if name in vars(cls))
            original = vars(owner)[name]
            if not self.patches.made(original):
                self.patches.replace(owner, name, wrap(original))

    def _asynchronous(self, original: Callable[..., Any]) -> Callable[..., Any]:
        framework = self.framework

        @functools.wraps(original)
        def recorded(session: Any, *args: Any, **kwargs: Any) -> Any:
            if runtime.local.depth or framework not in runtime.active:
                return original(session, *args, **kwargs)
            opened = open_reading(_read, framework, session, args, kwargs)
            if opened is None:
                return original(session, *args, **kwargs)
            return _submit(original, session, args, kwargs, *opened)

        return recorded

    def describe(self, model: Any) -> Model:
        """Name, version, task and classes, as far as file and session tell."""
        meta = model.get_modelmeta()
        path = getattr(model, "_model_path", None)
        types = [output.type for output in model.get_outputs()]
        classes = _classes(model, path)
        return Model(
            name=Path(path).stem if path else meta.graph_name or type(model).__name__,
            version=str(meta.version) if 0 < meta.version < _LAST_VERSION else None,
            framework=self.framework,
            task=_task(types, classes),
            classes=classes,
        )


def _classes(session: Any, path: str | None) -> tuple[str | int, ...] | None:
    """Labels from the model's bytes, unless the declared outputs contradict them."""
    content = getattr(session, "_model_bytes", None)
    try:
        found = labels_of_file(path) if path else class_labels(content) if content else None
    except (OSError, ValueError, IndexError):  # moved away, or not protobuf: .ort files are flatbuffers
        return None
    outputs = session.get_outputs()
    widths = {out.shape[1] for out in outputs if out.type in SCORE_TYPES and len(out.shape) == 2}
    fits = not found or all(width in (1, len(found)) for width in widths if isinstance(width, int))
    decides = any(out.type in LABEL_TYPES or out.type.startswith(_MAP) for out in outputs)
    return found if found and len(found) > 1 and fits and decides else None


def _task(types: Sequence[str], classes: Sequence[Any] | None) -> str | None:
    if classes is not None:
        return semconv.BINARY if len(classes) == 2 else semconv.MULTICLASS
    return semconv.REGRESSION if all(kind in SCORE_TYPES for kind in types) else None


def _read(session: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Reading:
    names = args[0] if args else kwargs.get("output_names")
    feed = args[1] if len(args) > 1 else kwargs.get("input_feed")
    return Reading(_inputs(feed) if isinstance(feed, Mapping) else None, partial(_take, session, names))


def _take(session: Any, names: Sequence[str] | None, results: Sequence[Any], source: Source) -> tuple[Part, ...]:
    types = {output.name: output.type for output in session.get_outputs()}
    return parts_of([types[name] for name in names or types], results, source)


def _inputs(feed: Mapping[str, Any]) -> Any:
    """A single matrix as it is; several inputs, or a vector, as columns by their names."""
    arrays = {name: _array(value) for name, value in feed.items()}
    if len(arrays) == 1:
        only = next(iter(arrays.values()))
        if only.ndim > 1:
            return only
    rows = max((len(array) for array in arrays.values() if array.ndim), default=0)
    wide = {
        name: array.reshape(rows, -1) for name, array in arrays.items() if array.ndim and len(array) == rows and rows
    }
    if sum(array.shape[1] for array in wide.values()) > runtime.config.max_features:
        runtime.faults.add("too_many_features")
        return None
    return {
        name if array.shape[1] == 1 else f"{name}.{i}": column
        for name, array in wide.items()
        for i, column in enumerate(array.T)
    } or None


def _array(value: Any) -> Any:
    return np.asarray(value.numpy() if hasattr(value, "numpy") else value)


def _submit(
    original: Callable[..., Any],
    session: Any,
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
    opening: Opening,
    take: Callable[[Any, Source], Sequence[Part]],
) -> Any:
    """Submit the run with a callback that records before the program's own is called."""
    start, began = time_ns(), perf_counter_ns()
    callback = args[2] if len(args) > 2 else kwargs.get("callback")
    if callable(callback):
        done = _recording_callback(callback, opening, take, start, began)
        args, kwargs = _with_callback(args, kwargs, done)
    try:
        submitted = original(session, *args, **kwargs)
    except BaseException as error:
        fail(opening, perf_counter_ns() - began, error)
        raise
    if opening.span.token is not None:
        detach(opening.span.token)
    return submitted


def _recording_callback(
    callback: Callable[..., Any],
    opening: Opening,
    take: Callable[[Any, Source], Sequence[Part]],
    start: int,
    began: int,
) -> Callable[..., Any]:
    def done(results: Any, user_data: Any, error: str) -> Any:
        duration = perf_counter_ns() - began
        if error:
            fail(_continued(opening), duration, RuntimeError(error))
        else:
            close(_continued(opening), take, start, duration, results)
        return callback(results, user_data, error)

    return done


def _with_callback(
    args: tuple[Any, ...], kwargs: Mapping[str, Any], callback: Callable[..., Any]
) -> tuple[tuple[Any, ...], Mapping[str, Any]]:
    return ((*args[:2], callback, *args[3:]), kwargs) if len(args) > 2 else (args, {**kwargs, "callback": callback})


def _continued(opening: Opening) -> Opening:
    """The same call on the thread that the runtime answers on: a span's token belongs to one thread."""
    if opening.span.span is None:
        return opening
    return opening._replace(span=opening.span._replace(token=attach(get_current())))
