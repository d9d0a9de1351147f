"""LightGBM: ``Booster.predict`` of arrays, frames and sparse matrices.

Its scikit-learn style estimators are :mod:`miops.instrumentors.sklearn`'s; what the booster does inside them is
nested and not recorded again. Leaves, contributions, and raw scores of models that are no classifiers are no
predictions; a file that is predicted from is recorded without features.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, ClassVar, Final

import numpy as np

from miops import semconv
from miops._instrumentor import ModelInstrumentor
from miops.call import Output
from miops.models import Model
from miops.readings import Part, Reading, probabilities, reading
from miops.sources import Source

__all__ = ["LightGBMInstrumentor"]

_GUARDED: Final = ("update", "eval", "eval_train", "eval_valid", "refit")
_POSITIONS: Final[Mapping[str, int]] = MappingProxyType({"raw_score": 3, "pred_leaf": 4, "pred_contrib": 5})
_CLASSIFIERS: Final = frozenset({"binary", "multiclass", "multiclassova"})
_RANKERS: Final = frozenset({"lambdarank", "rank_xendcg"})


class LightGBMInstrumentor(ModelInstrumentor):
    """Instruments LightGBM's own API; see :mod:`miops.instrumentors.lightgbm`."""

    framework: ClassVar[str] = "lightgbm"
    package: ClassVar[str] = "lightgbm"
    minimum: ClassVar[tuple[int, int]] = (4, 0)
    hooks: ClassVar[Mapping[str, str]] = {"lightgbm": "patch_booster"}

    def patch_booster(self, module: Any) -> None:
        """Patch what predicts and what trains."""
        booster = module.Booster
        original = vars(booster)["predict"]
        if not self.patches.made(original):
            self.patches.replace(booster, "predict", reading(original, _read_predict, self.framework))
        for name in _GUARDED:
            self.patches.method(booster, name, None, self.framework)

    def describe(self, model: Any) -> Model:
        """Task, classes and features as the booster tells them; its classes are numbers from zero on."""
        objective = _objective(model)
        count = max(2, model.num_model_per_iteration())
        return Model(
            name=type(model).__name__,
            framework=self.framework,
            task=_task(objective),
            classes=tuple(range(count)) if objective in _CLASSIFIERS else None,
            features=tuple(model.feature_name()),
        )


def _objective(model: Any) -> str:
    """From the head of the model's text: parameters know only what was given, and under any alias."""
    text = model.model_to_string(num_iteration=1)
    line = next((line for line in text.splitlines() if line.startswith("objective=")), "objective=")
    return str(line.removeprefix("objective=")).partition(" ")[0]


def _task(objective: str) -> str:
    if objective in _CLASSIFIERS:
        return semconv.BINARY if objective == "binary" else semconv.MULTICLASS
    return semconv.RANKING if objective in _RANKERS else semconv.REGRESSION


def _read_predict(_: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Reading | None:
    asked = {name: args[at] if len(args) > at else kwargs.get(name) for name, at in _POSITIONS.items()}
    if asked["pred_leaf"] or asked["pred_contrib"]:
        return None
    data = args[0] if args else kwargs.get("data")
    values = None if isinstance(data, str | os.PathLike) else data
    return Reading(values, partial(_take, raw=bool(asked["raw_score"])))


def _take(result: Any, source: Source, *, raw: bool) -> tuple[Part, ...]:
    values = np.asarray(result)
    if source.classes is not None:
        return (Part(Output.MARGINS, values) if raw else probabilities(values, source),)
    return () if raw else (Part(Output.DECISION, values),)
