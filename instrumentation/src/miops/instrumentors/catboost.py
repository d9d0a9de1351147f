"""CatBoost: ``predict`` and ``predict_proba`` of all its models, whatever ``prediction_type`` they are asked for.

A ``Pool`` with categorical features cannot show its values, so such a call is recorded without features.
Logarithms, staged and virtual ensembles' predictions are not recorded.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from miops import semconv
from miops._instrumentor import ModelInstrumentor
from miops.call import Output
from miops.models import Model, plain
from miops.readings import ANY, Part, Reading, reading
from miops.sources import Source

__all__ = ["CatBoostInstrumentor"]

_MODELS: Final = ("CatBoost", "CatBoostClassifier", "CatBoostRegressor", "CatBoostRanker")
_GUARDED: Final = ("fit", "score", "grid_search", "randomized_search", "plot_predictions", "load_model")
_OUTPUTS: Final[Mapping[Any, int]] = MappingProxyType(
    {
        None: Output.DECISION,
        "Class": Output.DECISION,
        "Exponent": Output.DECISION,
        "RMSEWithUncertainty": Output.DECISION,
        "Probability": Output.PROBABILITIES,
        "RawFormulaVal": Output.MARGINS,
    }
)
_SEVERAL_LABELS: Final = frozenset({"MultiLogloss", "MultiCrossEntropy"})


class CatBoostInstrumentor(ModelInstrumentor):
    """Instruments CatBoost; see :mod:`miops.instrumentors.catboost`."""

    framework: ClassVar[str] = "catboost"
    package: ClassVar[str] = "catboost"
    minimum: ClassVar[tuple[int, int]] = (1, 2)
    hooks: ClassVar[Mapping[str, str]] = {"catboost": "patch_models"}

    def patch_models(self, module: Any) -> None:
        """Patch what predicts, where each model defines it, and what fits."""
        for owner in (getattr(module, name) for name in _MODELS):
            self._patch_predicting(owner)
            for name in _GUARDED:
                self.patches.method(owner, name, None, self.framework)

    def _patch_predicting(self, owner: type) -> None:
        for name in ("predict", "predict_proba"):
            original = vars(owner).get(name)
            if original is not None and not self.patches.made(original):
                self.patches.replace(owner, name, reading(original, _reader(name, original), self.framework))

    def describe(self, model: Any) -> Model:
        """Task, classes, features and threshold as the model tells them."""
        if not model.is_fitted():
            return Model(name=type(model).__name__, framework=self.framework)
        loss = str(model.get_all_params().get("loss_function", ""))
        classes = _classes(model) if loss not in _SEVERAL_LABELS else None
        binary = classes is not None and len(classes) == 2
        threshold = model.get_probability_threshold() if binary and hasattr(model, "predict_proba") else None
        return Model(
            name=type(model).__name__,
            framework=self.framework,
            task=_task(model, classes, loss),
            classes=classes,
            features=tuple(map(str, model.feature_names_ or ())) or None,
            threshold=None if threshold in (None, 0.5) else float(threshold),
        )


def _classes(model: Any) -> tuple[Any, ...] | None:
    told = model.classes_
    return tuple(map(plain, told)) if told is not None and len(told) > 1 else None


def _task(model: Any, classes: tuple[Any, ...] | None, loss: str) -> str | None:
    if classes is not None:
        return semconv.BINARY if len(classes) == 2 else semconv.MULTICLASS
    if loss in _SEVERAL_LABELS:
        return None
    return semconv.RANKING if type(model).__name__ == "CatBoostRanker" else semconv.REGRESSION


def _reader(name: str, original: Callable[..., Any]) -> Callable[..., Reading | None]:
    """How calls of this method are read: the type that is meant by default differs between models."""
    if name == "predict_proba":
        return partial(_read, default="Probability", asked=False)
    parameter = inspect.signature(original).parameters.get("prediction_type")
    return partial(_read, default=None if parameter is None else parameter.default, asked=parameter is not None)


def _read(
    _: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any], *, default: str | None, asked: bool
) -> Reading | None:
    kind = (args[1] if len(args) > 1 else kwargs.get("prediction_type", default)) if asked else default
    if kind not in _OUTPUTS:
        return None
    data = args[0] if args else kwargs.get("data", kwargs.get("X"))
    one = getattr(data, "ndim", 2) == 1 or (isinstance(data, list) and bool(data) and not hasattr(data[0], "__len__"))
    take = partial(_take, output=_OUTPUTS[kind], one=one, first=kind == "RMSEWithUncertainty")
    return Reading(_values(data, one=one), take, ANY if kind is None else _OUTPUTS[kind])


def _values(data: Any, *, one: bool) -> Any:
    """``X`` as it was given, one row if it is flat; the values of a ``Pool`` only when wanted."""
    if hasattr(data, "get_features"):
        return _Rows(data) if not data.get_cat_feature_indices() else None
    return np.asarray(data).reshape(1, -1) if one else data


def _take(result: Any, source: Source, *, output: int, one: bool, first: bool) -> tuple[Part, ...]:
    values = np.asarray(result)
    values = values.reshape(1, -1) if one else values
    if output == Output.MARGINS and source.classes is None:
        output = Output.DECISION
    if values.ndim == 2 and (first or (output == Output.DECISION and values.shape[1] == 1)):
        values = values[:, 0]  # the mean, not its uncertainty; the only label, of which each row has a list
    return (Part(output, values),)


class _Rows:
    """The rows of a numeric ``Pool``, made an array only when wanted."""

    def __init__(self, data: Any) -> None:
        self._data = data
        self.shape = data.shape
        self.dtype = np.dtype(np.float32)
        self.nnz = 0

    def toarray(self) -> NDArray[np.float32]:
        rows: NDArray[np.float32] = self._data.get_features()
        return rows
