"""scikit-learn: every ``predict``, ``predict_proba`` and ``decision_function`` of a ``BaseEstimator``.

Methods are patched where they are defined, mixins included, for the classes there are and, by
``BaseEstimator.__init_subclass__``, for those to come. XGBoost's, LightGBM's and other scikit-learn style
estimators are ``BaseEstimator`` too.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar, Final

from miops import runtime, semconv
from miops._instrumentor import ModelInstrumentor, Nested, subclasses
from miops.call import Output
from miops.models import Label, Model, plain

__all__ = ["SklearnInstrumentor"]

_METHODS: Final[Mapping[str, int | None]] = MappingProxyType(
    {
        "predict": Output.DECISION,
        "predict_proba": Output.PROBABILITIES,
        "decision_function": Output.MARGINS,
        # Guarded: what happens inside is not a prediction of its own. fit_transform is left alone, because
        # set_output wraps it after us and would bury our wrapper for good.
        "predict_log_proba": None,
        "score_samples": None,
        "fit": None,
        "partial_fit": None,
        "fit_predict": None,
        "score": None,
    }
)
_RANKERS: Final = frozenset({"LGBMRanker", "XGBRanker"})
_FRAMEWORKS: Final[Mapping[str, str]] = MappingProxyType(
    {"xgboost": "xgboost", "lightgbm": "lightgbm", "imblearn": "imbalanced-learn", "sklearn": "scikit-learn"}
)


class SklearnInstrumentor(ModelInstrumentor):
    """Instruments scikit-learn; see :mod:`miops.instrumentors.sklearn`."""

    framework: ClassVar[str] = "scikit-learn"
    package: ClassVar[str] = "sklearn"
    minimum: ClassVar[tuple[int, int]] = (1, 5)
    hooks: ClassVar[Mapping[str, str]] = {"sklearn.base": "patch_base", "joblib.parallel": "patch_parallel"}

    def patch_base(self, module: Any) -> None:
        """Patch the classes there are, and arrange for those to come."""
        base = module.BaseEstimator
        for estimator in list(subclasses(base)):
            for owner in estimator.__mro__:
                self._patch_class(owner)
        self._patch_init_subclass(base)

    def _patch_class(self, owner: type) -> None:
        if owner is not object:
            for name, output in _METHODS.items():
                self.patches.method(owner, name, output, self.framework)

    def _patch_init_subclass(self, base: Any) -> None:
        if "__init_subclass__" in vars(base):
            return
        instrumentor = self

        def __init_subclass__(cls: Any, /, **kwargs: Any) -> None:  # noqa: N807
            super(base, cls).__init_subclass__(**kwargs)  # first: scikit-learn inspects signatures there
            instrumentor.patch_later(cls)

        self.patches.add(base, "__init_subclass__", classmethod(__init_subclass__))

    def patch_later(self, cls: type) -> None:
        """Patch a class that has just been defined."""
        if self.framework not in runtime.active:
            return
        try:
            for owner in cls.__mro__:
                self._patch_class(owner)
        except Exception as error:  # noqa: BLE001
            runtime.faults.add("class_not_instrumented", error)

    def patch_parallel(self, module: Any) -> None:
        """Tell joblib's workers that what they run belongs to a call that is being recorded."""
        original = module.Parallel.__call__
        if self.patches.made(original):
            return

        def __call__(parallel: Any, iterable: Any) -> Any:  # noqa: N807
            if runtime.local.depth:
                iterable = ((Nested(function), args, kwargs) for function, args, kwargs in iterable)
            return original(parallel, iterable)

        self.patches.replace(module.Parallel, "__call__", __call__)

    def describe(self, model: Any) -> Model:
        """Name, task, classes, features and threshold of an estimator, as far as it tells."""
        kind = _kind(model)
        classes = _classes(model) if kind != "outlier_detector" else (-1, 1)
        features = _told(model, "feature_names_in_")
        threshold, on_margins = _threshold(model)
        return Model(
            name=type(model).__name__,
            framework=_framework(model),
            task=_task(model, kind, classes),
            classes=classes,
            features=None if features is None else tuple(map(str, features)),
            threshold=None if on_margins else threshold,
            margin_threshold=threshold if on_margins else None,
        )


def _told(model: Any, name: str) -> Any:
    """An attribute of a fitted estimator; properties of unfitted ones raise all sorts of things."""
    try:
        return getattr(model, name, None)
    except Exception:  # noqa: BLE001
        return None


def _threshold(model: Any) -> tuple[float | None, bool]:
    """The threshold of scikit-learn's threshold classifiers, and whether it is one on margins."""
    asked = _told(model, "_get_response_method")
    told = _told(model, "best_threshold_") if hasattr(type(model), "fit") else None
    told = _told(model, "threshold") if told is None else told
    if asked is None or not isinstance(told, float):
        return None, False
    methods = asked()
    methods = [methods] if isinstance(methods, str) else list(methods)
    used = next((name for name in methods if hasattr(model, name)), methods[0])
    return float(told), used == "decision_function"


def _kind(model: Any) -> str | None:
    told = _told(model, "_estimator_type")
    if told is None and hasattr(model, "__sklearn_tags__"):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                told = model.__sklearn_tags__().estimator_type
        except Exception:  # noqa: BLE001  # what estimators of others say of themselves may fail: then it is unknown
            return None
    return None if told is None else str(told)


def _classes(model: Any) -> tuple[Label, ...] | None:
    """Labels in the order of the scores; estimators with several outputs have several lists, hence none."""
    classes = _told(model, "classes_")
    if classes is None or getattr(classes, "ndim", 0) != 1:
        return None
    return tuple(map(plain, classes))


def _task(model: Any, kind: str | None, classes: tuple[Label, ...] | None) -> str | None:
    if kind == "ranker" or _ranks(model):
        return semconv.RANKING
    if kind == "regressor":
        return semconv.REGRESSION
    if kind == "classifier" and classes:
        return semconv.BINARY if len(classes) == 2 else semconv.MULTICLASS
    return None


def _ranks(model: Any) -> bool:
    """LightGBM's ranker says of no kind that it is one, only its name does."""
    return any(cls.__name__ in _RANKERS for cls in type(model).__mro__)


def _framework(model: Any) -> str:
    roots = (cls.__module__.partition(".")[0] for cls in type(model).__mro__)
    return next((_FRAMEWORKS[root] for root in roots if root in _FRAMEWORKS), "scikit-learn")
