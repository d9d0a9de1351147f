"""statsmodels: ``predict`` of the results of fitting, for rows that are given.

Models of a binary outcome tell the probability of 1. Predictions of the rows a model was fitted on, variances, counts'
probabilities and what ``get_prediction`` works out are not recorded, nor are forecasts, whose results have a
``predict`` of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from types import FunctionType, MappingProxyType
from typing import Any, ClassVar, Final

import numpy as np

from miops import semconv
from miops._instrumentor import ModelInstrumentor
from miops.call import Output
from miops.models import Label, Model, plain
from miops.readings import Part, Reading, probabilities, reading
from miops.sources import Source

__all__ = ["StatsmodelsInstrumentor"]

_BINARY: Final = frozenset({"BinaryModel", "Logit", "Probit"})
_INTERVALS: Final = "get_prediction"
_TASKS: Final = (semconv.REGRESSION, semconv.REGRESSION, semconv.BINARY, semconv.MULTICLASS)
"""By number of classes."""


class StatsmodelsInstrumentor(ModelInstrumentor):
    """Instruments statsmodels; see :mod:`miops.instrumentors.statsmodels`."""

    framework: ClassVar[str] = "statsmodels"
    package: ClassVar[str] = "statsmodels"
    minimum: ClassVar[tuple[int, int]] = (0, 14)
    hooks: ClassVar[Mapping[str, str]] = MappingProxyType(
        {
            "statsmodels.base.model": "patch_results",
            "statsmodels.discrete.count_model": "patch_intervals",
            "statsmodels.discrete.discrete_model": "patch_intervals",
            "statsmodels.genmod.generalized_linear_model": "patch_intervals",
            "statsmodels.regression.linear_model": "patch_intervals",
        }
    )

    def patch_results(self, module: Any) -> None:
        """Patch what predicts, where all results have it from."""
        original = vars(module.Results)["predict"]
        if not self.patches.made(original):
            self.patches.replace(module.Results, "predict", reading(original, _read, self.framework))
        self.patch_intervals(module)

    def patch_intervals(self, module: Any) -> None:
        """Guard what asks for several predictions to make intervals of them."""
        for owner in [one for one in vars(module).values() if isinstance(one, type)]:
            if isinstance(vars(owner).get(_INTERVALS), FunctionType):
                self.patches.method(owner, _INTERVALS, None, self.framework)

    def describe(self, model: Any) -> Model:
        """Task and classes from the kind of model, features as the design matrix calls them."""
        fitted = model.model
        classes = _classes(fitted)
        names = getattr(fitted, "exog_names", None)
        return Model(
            name=type(fitted).__name__,
            framework=self.framework,
            task=_TASKS[min(len(classes or ()), 3)],
            classes=classes,
            features=None if names is None else tuple(map(str, names[: _width(fitted)])),
        )


def _width(fitted: Any) -> int:
    """Columns of the design: an ordered model's names go on with its thresholds."""
    return int(getattr(fitted.exog, "shape", (0, 1))[-1])


def _classes(fitted: Any) -> tuple[Label, ...] | None:
    """What the probabilities are of, in order; ``None`` if the model is of a number."""
    names = getattr(fitted, "_ynames_map", None)  # several unordered outcomes, whose model is a BinaryModel too
    if isinstance(names, Mapping):
        return tuple(str(names[place]) for place in sorted(names))
    family = type(getattr(fitted, "family", None)).__name__
    if family == "Binomial" or any(cls.__name__ in _BINARY for cls in type(fitted).__mro__):
        return (0, 1)
    labels = getattr(fitted, "labels", None)  # ordered ones
    return tuple(map(plain, labels)) if labels is not None and len(labels) > 1 else None


def _read(model: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Reading | None:
    exog = args[0] if args else kwargs.get("exog")
    if exog is None or len(args) > 2:  # further ones mean something else to every model
        return None
    which = "linear" if kwargs.get("linear") else kwargs.get("which")
    return Reading(_rows(exog, model.model), partial(_take, which=which))


def _rows(exog: Any, fitted: Any) -> Any:
    """As statsmodels reads it: a flat array is one row, or the only column."""
    if hasattr(exog, "columns") or isinstance(exog, Mapping):
        return exog
    array = np.asarray(exog)
    if array.ndim != 1:
        return array
    return array.reshape(-1, 1) if getattr(fitted.exog, "shape", (0, 0))[1:] == (1,) else array.reshape(1, -1)


def _take(result: Any, source: Source, *, which: str | None) -> tuple[Part, ...]:
    values = np.asarray(result)
    if source.classes is None:
        return (Part(Output.DECISION, values),) if which in (None, "mean") else ()
    if which in (None, "mean", "prob"):
        return (probabilities(values, source),)
    return (Part(Output.MARGINS, values),) if which == "linear" and len(source.classes) == 2 else ()
