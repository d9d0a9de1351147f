"""Saying what a model object is called and what its predictions mean."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from os import PathLike
from typing import Any

from miops import runtime
from miops.model_file import version_of_file
from miops.models import Label, Registration, note, plain

__all__ = ["register"]


def register(
    model: object,
    *,
    name: str | None = None,
    version: str | None = None,
    task: str | None = None,
    classes: Sequence[Label] | None = None,
    positive_class: Label | None = None,
    sensitive: Sequence[str] = (),
    role: str | None = None,
    features: Sequence[str] | None = None,
    threshold: float | None = None,
    transforms: Mapping[str, str] | None = None,
    file: str | PathLike[str] | None = None,
) -> None:
    """Say what a model object is called and what its predictions mean; the object is not kept alive.

    ``MIOPS_MODEL_NAME`` and ``MIOPS_MODEL_VERSION`` win over the name and version given here, so that a
    deployment can rename a model without touching its code.

    Parameters
    ----------
    model
        The object whose ``predict`` is called: the pipeline, not its last step.
    task
        One of ``binary_classification``, ``multiclass_classification``, ``regression``, ``ranking``, ``forecast``.
    classes
        Labels in the order of the class scores, where the framework does not know them.
    positive_class
        The class whose score a binary classifier reports.
    sensitive
        Names of feature or context columns that fairness is computed over.
    role
        ``primary``, ``shadow`` or ``canary``; ``MIOPS_MODEL_ROLE`` wins.
    features
        Input names, in order, for inputs without names.
    threshold
        Probability from which on the positive class is decided.
    transforms
        What is done to features and context before they leave the process, by name or pattern: ``hash``,
        ``bucket(18, 65)``, ``round(digits)``, ``truncate(n)``, ``drop``. They come before ``MIOPS_TRANSFORMS``.
    file
        The joblib, pickle or other file the model was loaded from: without a version its fingerprint is the version.

    Raises
    ------
    ValueError
        If what is said makes no sense.
    OSError
        If the file cannot be read.
    """
    if version is None and file is not None:
        version = version_of_file(file)
    registration = Registration(
        name=name,
        version=None if version is None else str(version),
        task=task,
        classes=None if classes is None else tuple(plain(c) for c in classes),
        positive_class=None if positive_class is None else plain(positive_class),
        sensitive=tuple(sensitive),
        role=role,
        features=None if features is None else tuple(map(str, features)),
        threshold=threshold,
        transforms=tuple((transforms or {}).items()),
    )
    runtime.faults.private = runtime.faults.private or bool(registration.transforms)
    meant = _meant(model)
    note(meant, registration)
    runtime.sources.discard(meant)


def _meant(model: object) -> Any:
    """What a wrapper of statsmodels holds, for its methods run on that; any other object itself."""
    wraps = any(cls.__module__ == "statsmodels.base.wrapper" for cls in type(model).__mro__)
    return inspect.getattr_static(model, "_results", model) if wraps else model
