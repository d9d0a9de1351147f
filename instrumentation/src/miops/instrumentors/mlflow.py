"""MLflow: ``PyFuncModel.predict``, under the name and version that the model was loaded by.

A model from the registry has its registered name and version, one of a run the name of its artifact and the run's
id, any other its folder and the id that MLflow gave it. What a scikit-learn, XGBoost, LightGBM, CatBoost or
statsmodels model says about itself is asked of it; what it does inside is nested and not recorded again.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, ClassVar, Final, NamedTuple

import numpy as np

from miops import runtime
from miops._instrumentor import ModelInstrumentor
from miops.call import Output
from miops.models import Model, registered
from miops.network_results import parts_of_network, task_of
from miops.readings import Part, Reading, reading
from miops.sources import Source
from miops.weak import WeakIdMap

__all__ = ["MLflowInstrumentor"]

_TELLERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "sklearn": "scikit-learn",  # first: estimators of the others are in its style
        "xgboost": "xgboost",
        "lightgbm": "lightgbm",
        "catboost": "catboost",
        "statsmodels": "statsmodels",
    }
)
_LONGEST_LABEL: Final = 64
"""Longer texts are what a language model says."""


class _Identity(NamedTuple):
    name: str
    version: str | None


class _Local(threading.local):
    fetched: _Identity | None = None
    """What the registry has just resolved on this thread."""


_identities: Final[WeakIdMap[_Identity]] = WeakIdMap()
_local = _Local()


class MLflowInstrumentor(ModelInstrumentor):
    """Instruments MLflow's models; see :mod:`miops.instrumentors.mlflow`."""

    framework: ClassVar[str] = "mlflow"
    package: ClassVar[str] = "mlflow"
    minimum: ClassVar[tuple[int, int]] = (2, 16)
    hooks: ClassVar[Mapping[str, str]] = MappingProxyType(
        {
            "mlflow.pyfunc": "patch_models",
            "mlflow.store.artifact.models_artifact_repo": "patch_registry",
        }
    )

    def patch_models(self, module: Any) -> None:
        """Patch what predicts, and what loads."""
        owner = module.PyFuncModel
        if not self.patches.made(vars(owner)["predict"]):
            self.patches.replace(owner, "predict", reading(vars(owner)["predict"], _read, self.framework))
        if not self.patches.made(module.load_model):
            self.patches.replace(module, "load_model", _loading(module.load_model, self.framework))

    def patch_registry(self, module: Any) -> None:
        """Learn which version an alias or a stage means, from what fetches it."""
        owner = getattr(module, "ModelsArtifactRepository", None)
        original = vars(owner).get("download_artifacts") if owner is not None else None
        if original is not None and not self.patches.made(original):
            self.patches.replace(owner, "download_artifacts", _fetching(original))

    def describe(self, model: Any) -> Model:
        """Name and version as it was loaded; task, classes and features as what it holds tells."""
        held = _held(model)
        told = _told(held)
        known = _identities.get(model) or _of_metadata(model)
        signature = model.metadata.get_input_schema()
        names = signature.input_names() if signature is not None and signature.has_input_names() else None
        return Model(
            name=known.name,
            version=known.version,
            framework=self.framework,
            task=told.task or task_of(registered(model)),
            classes=told.classes,
            features=tuple(map(str, names)) if names else told.features,
            threshold=told.threshold,
            margin_threshold=told.margin_threshold,
        )


def _held(model: Any) -> Any:
    """The model inside, of whatever framework."""
    inside = model._model_impl  # noqa: SLF001  # which MLflow calls a stable interface for developers
    get = getattr(inside, "get_raw_model", None)
    return inside if get is None else get()


def _told(held: Any) -> Model:
    roots = {cls.__module__.partition(".")[0] for cls in type(held).__mro__}
    teller = next((name for root, name in _TELLERS.items() if root in roots and name in runtime.describers), None)
    held = getattr(held, "_results", held) if teller == "statsmodels" else held
    return Model(name="") if teller is None else runtime.describers[teller](held)


def _of_metadata(model: Any) -> _Identity:
    meta = model.metadata
    name = getattr(meta, "name", None) or meta.artifact_path or type(_held(model)).__name__
    return _Identity(str(name).rpartition("/")[2], meta.run_id or meta.model_uuid)


def _loading(original: Callable[..., Any], framework: str) -> Callable[..., Any]:
    @functools.wraps(original)
    def load_model(*args: Any, **kwargs: Any) -> Any:
        if framework not in runtime.active:
            return original(*args, **kwargs)
        _local.fetched = None
        model = original(*args, **kwargs)
        try:
            uri = str(args[0] if args else kwargs["model_uri"])
            _identities.set(model, _local.fetched or _of_uri(uri, model))
        except Exception as error:  # noqa: BLE001
            runtime.faults.add("model_not_identified", error)
        return model

    return load_model


def _fetching(original: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(original)
    def download_artifacts(self: Any, *args: Any, **kwargs: Any) -> Any:
        fetched = original(self, *args, **kwargs)
        name, version = getattr(self, "model_name", None), getattr(self, "model_version", None)
        if name:
            _local.fetched = _Identity(str(name), None if version is None else str(version))
        return fetched

    return download_artifacts


def _of_uri(uri: str, model: Any) -> _Identity:
    """By a URI that the registry did not resolve: of a run, of a logged model, or a folder."""
    scheme, _, path = uri.rpartition(":/")
    parts = [part for part in path.split("/") if part]
    known = _of_metadata(model)
    if scheme == "runs" and len(parts) > 1:
        return _Identity(parts[-1], parts[0])
    if scheme == "models":
        return _Identity(known.name, parts[0]) if len(parts) == 1 else _Identity(parts[0], parts[1])
    return _Identity(parts[-1] if parts else known.name, known.version)


def _read(model: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Reading:
    return Reading(args[0] if args else kwargs.get("data"), partial(_take, model))


def _take(model: Any, result: Any, source: Source) -> tuple[Part, ...]:
    """Decisions of what predicts labels or numbers, probabilities of what was saved to predict these."""
    values = np.asarray(result)
    if values.dtype.kind in "OUS" and values.size == len(values):
        texts = values.reshape(-1)
        return () if max(map(len, map(str, texts)), default=0) > _LONGEST_LABEL else (Part(Output.DECISION, texts),)
    method = getattr(model._predict_fn, "__name__", "predict")  # noqa: SLF001
    estimator = "sklearn" in {cls.__module__.partition(".")[0] for cls in type(_held(model)).__mro__}
    if source.classes is None or (estimator and method == "predict" and values.ndim == 1):
        return (Part(Output.DECISION, values),)
    return parts_of_network(model, values, source)
