"""Ways of explaining a model: which one suits it, and its answer as one number per row and feature.

SHAP and LIME are imported when they are first asked for, on the thread that explains.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["EXPLAINERS", "Explainer", "Task", "built"]

Explainer: TypeAlias = Callable[[Any], NDArray[np.float64]]
"""From inputs as the model takes them, ``n`` rows, to ``(n, features)``."""
_INSTALLED_BY: Final[Mapping[str, str]] = MappingProxyType({"shap": "'miops[explain]'", "lime": "lime"})
_KERNEL_BACKGROUND: Final = 20
"""Rows of the background that Kernel SHAP averages over: its cost is proportional to them."""


class Task(NamedTuple):
    """What is explained: ``positive`` is the place of the positive class; ``background`` are typical inputs."""

    model: Any
    background: Any
    positive: int
    names: tuple[str, ...]


def built(kind: str | Callable[[Any], Any], task: Task) -> tuple[Explainer, str]:
    """An explainer for this model, and the name of its method.

    Raises
    ------
    Exception
        Whatever the library says of a model that it cannot explain.
    """
    if callable(kind):
        return kind, str(getattr(kind, "method", None) or getattr(kind, "__name__", "custom"))
    try:
        return EXPLAINERS[kind](task), "lime" if kind == "lime" else "shap"
    except ModuleNotFoundError as error:
        library = str(error.name).partition(".")[0]
        if library not in _INSTALLED_BY:
            raise
        told = f"the explainer {kind!r} needs {library}: pip install {_INSTALLED_BY[library]}"
        raise ModuleNotFoundError(told, name=error.name) from error


def _auto(task: Task) -> Explainer:
    """Exact and fast where the model allows it: trees, then linear models, then anything that predicts."""
    try:
        return _tree(task)
    except Exception:  # noqa: BLE001  # the library has an error class of its own for each kind of model
        return _linear(task) if hasattr(task.model, "coef_") else _kernel(task)


def _tree(task: Task) -> Explainer:
    import shap

    explainer = shap.TreeExplainer(task.model)
    return lambda inputs: _chosen(explainer.shap_values(inputs), explainer.expected_value, task.positive)


def _linear(task: Task) -> Explainer:
    import shap

    explainer = shap.LinearExplainer(task.model, task.background)
    return lambda inputs: _chosen(explainer.shap_values(inputs), explainer.expected_value, task.positive)


def _kernel(task: Task) -> Explainer:
    import shap

    explainer = shap.KernelExplainer(_output(task.model), task.background[:_KERNEL_BACKGROUND])
    return lambda inputs: _chosen(explainer.shap_values(inputs, silent=True), explainer.expected_value, task.positive)


def _lime(task: Task) -> Explainer:
    from lime.lime_tabular import LimeTabularExplainer

    output = _output(task.model)
    classifies = hasattr(task.model, "predict_proba")
    explainer = LimeTabularExplainer(
        np.asarray(task.background, dtype=np.float64),
        mode="classification" if classifies else "regression",
        feature_names=list(task.names),
        discretize_continuous=False,
    )

    def row(values: NDArray[np.float64]) -> NDArray[np.float64]:
        label = _label(output(values.reshape(1, -1)), task.positive) if classifies else 0
        found = explainer.explain_instance(values, output, labels=(label,), num_features=len(values))
        weights = np.zeros(len(values))
        weights[[i for i, _ in found.local_exp[label]]] = [weight for _, weight in found.local_exp[label]]
        return weights

    return lambda inputs: np.stack(list(map(row, np.asarray(inputs, dtype=np.float64))))


def _label(scores: Any, positive: int) -> int:
    return positive if np.shape(scores)[1] == 2 else int(np.argmax(scores))


EXPLAINERS: Final[Mapping[str, Callable[[Task], Explainer]]] = MappingProxyType(
    {"auto": _auto, "tree": _tree, "linear": _linear, "kernel": _kernel, "lime": _lime}
)


def _output(model: Any) -> Callable[[Any], Any]:
    output: Callable[[Any], Any] = getattr(model, "predict_proba", None) or model.predict
    return output


def _chosen(values: Any, base: Any, positive: int) -> NDArray[np.float64]:
    """Contributions to one output: of two classes the positive one, of several the one with the highest score."""
    stacked = np.stack(values, axis=-1) if isinstance(values, list) else np.asarray(values, dtype=np.float64)
    if stacked.ndim == 2:
        return stacked
    classes = stacked.shape[2]
    if classes == 2:
        return np.ascontiguousarray(stacked[:, :, positive])
    best = (stacked.sum(axis=1) + np.asarray(base, dtype=np.float64)).argmax(axis=1)
    picked: NDArray[np.float64] = np.take_along_axis(stacked, best[:, None, None], axis=2)[:, :, 0]
    return picked
