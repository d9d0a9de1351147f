"""XGBoost: ``Booster.predict`` of a ``DMatrix`` and ``Booster.inplace_predict`` of anything.

Its scikit-learn style estimators are :mod:`miops.instrumentors.sklearn`'s; what the booster does inside them is
nested and not recorded again. What a booster returns depends on its objective: probabilities and margins become
class scores, the class numbers of ``multi:softmax`` and ``binary:hinge`` become decisions. Leaves, contributions,
interactions, and margins of models that are no classifiers are no predictions.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, ClassVar, Final

import numpy as np
from numpy.typing import NDArray

from miops import semconv
from miops._instrumentor import ModelInstrumentor
from miops.call import Output
from miops.models import Model
from miops.readings import Part, Reading, labels, probabilities, reading
from miops.sources import Source
from miops.weak import WeakIdMap

__all__ = ["XGBoostInstrumentor"]

_GUARDED: Final = ("update", "boost", "eval", "eval_set", "load_model")
_NO_PREDICTIONS: Final = ("pred_leaf", "pred_contribs", "pred_interactions", "training")
_TASKS: Final[Mapping[str, str]] = MappingProxyType(
    {"binary": semconv.BINARY, "multi": semconv.MULTICLASS, "rank": semconv.RANKING}
)
_objectives: Final[WeakIdMap[str]] = WeakIdMap()


class XGBoostInstrumentor(ModelInstrumentor):
    """Instruments XGBoost's own API; see :mod:`miops.instrumentors.xgboost`."""

    framework: ClassVar[str] = "xgboost"
    package: ClassVar[str] = "xgboost"
    minimum: ClassVar[tuple[int, int]] = (2, 0)
    hooks: ClassVar[Mapping[str, str]] = {"xgboost": "patch_booster"}

    def patch_booster(self, module: Any) -> None:
        """Patch what predicts and what trains."""
        booster = module.Booster
        for name, read in (("predict", _read_predict), ("inplace_predict", _read_inplace)):
            original = vars(booster)[name]
            if not self.patches.made(original):
                self.patches.replace(booster, name, reading(original, read, self.framework))
        for name in _GUARDED:
            self.patches.method(booster, name, None, self.framework)

    def describe(self, model: Any) -> Model:
        """Task, classes and features as the booster tells them; its classes are numbers from zero on."""
        learner = json.loads(model.save_config())["learner"]
        objective = str(learner["objective"]["name"])
        kind = objective.partition(":")[0]
        count = 2 if kind == "binary" else int(learner["learner_model_param"]["num_class"])
        names = model.feature_names
        _objectives.set(model, objective)
        return Model(
            name=type(model).__name__,
            framework=self.framework,
            task=_TASKS.get(kind, semconv.REGRESSION),
            classes=tuple(range(count)) if kind in ("binary", "multi") else None,
            features=None if names is None else tuple(map(str, names)),
        )


def _read_predict(model: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Reading | None:
    if any(kwargs.get(name) for name in _NO_PREDICTIONS):
        return None
    data = args[0] if args else kwargs.get("data")
    values = _Rows(data) if hasattr(data, "num_row") else None
    return Reading(values, partial(_take, model, margins=bool(kwargs.get("output_margin"))))


def _read_inplace(model: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Reading:
    values = args[0] if args else kwargs.get("data")
    return Reading(values, partial(_take, model, margins=kwargs.get("predict_type") == "margin"))


def _take(model: Any, result: Any, source: Source, *, margins: bool) -> tuple[Part, ...]:
    if margins:
        return () if source.classes is None else (Part(Output.MARGINS, result),)
    return (_PARTS.get(_objectives.get(model) or "", _values)(np.asarray(result), source),)


def _margins(values: NDArray[Any], _: Source) -> Part:
    return Part(Output.MARGINS, values)


def _values(values: NDArray[Any], _: Source) -> Part:
    return Part(Output.DECISION, values)


_PARTS: Final[Mapping[str, Callable[[NDArray[Any], Source], Part]]] = MappingProxyType(
    {
        "binary:logistic": probabilities,
        "binary:logitraw": _margins,
        "binary:hinge": labels,
        "multi:softprob": probabilities,
        "multi:softmax": labels,
    }
)


class _Rows:
    """The rows of a ``DMatrix``, made an array only when wanted: what it does not hold is missing, not zero."""

    def __init__(self, data: Any) -> None:
        self._data = data
        self.shape = (data.num_row(), data.num_col())
        self.dtype = np.dtype(np.float32)
        self.nnz = 0

    def toarray(self) -> NDArray[np.float32]:
        held = self._data.get_data()
        if held.nnz == self.shape[0] * self.shape[1] and held.has_sorted_indices:  # nothing is missing
            complete: NDArray[np.float32] = held.data.reshape(self.shape)
            return complete
        rows = np.full(self.shape, np.nan, dtype=np.float32)
        rows[np.repeat(np.arange(self.shape[0]), np.diff(held.indptr)), held.indices] = held.data
        return rows
