"""Which model a prediction belongs to: what the framework tells, what the user registered, and who wins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias

from miops import semconv
from miops.config import Config
from miops.transforms import Rule, check_rules
from miops.weak import WeakIdMap

__all__ = ["Label", "Model", "Registration", "note", "plain", "registered", "registrations", "resolve"]

Label: TypeAlias = str | int | float | bool
_ROLES: Final = ("primary", "shadow", "canary")


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """Identity and schema of one deployed model, as far as known.

    Attributes
    ----------
    classes
        Labels in the order of the class scores.
    positive_class
        The class whose score a binary classifier reports; ``classes[1]`` when nobody says otherwise.
    features
        Input names, in order.
    threshold
        Probability from which on the positive class is decided, when it is not the framework's own.
    margin_threshold
        The same for scores that are no probabilities; 0 unless the framework says otherwise.
    transforms
        Pairs of a column name, or pattern, and what is done to it before it is sent: ``("age", "bucket(18, 65)")``.
    """

    name: str
    version: str | None = None
    task: str | None = None
    framework: str | None = None
    classes: tuple[Label, ...] | None = None
    positive_class: Label | None = None
    sensitive: tuple[str, ...] = ()
    role: str | None = None
    features: tuple[str, ...] | None = None
    threshold: float | None = None
    margin_threshold: float | None = None
    transforms: tuple[Rule, ...] = ()

    def __post_init__(self) -> None:
        check_rules(self.transforms)

    @property
    def positive_index(self) -> int:
        """Index of the positive class of a binary classifier."""
        if self.classes is None or self.positive_class is None:
            return 1
        return next((i for i, c in enumerate(self.classes) if str(c) == str(self.positive_class)), 1)

    def attributes(self) -> dict[str, Any]:
        """Attributes of its events; absent facts are absent."""
        binary = self.classes is not None and len(self.classes) == 2 and self.task == semconv.BINARY
        positive = self.classes[self.positive_index] if binary and self.classes else self.positive_class
        values: Mapping[str, Any] = {
            semconv.MODEL_NAME: self.name,
            semconv.MODEL_VERSION: self.version,
            semconv.MODEL_TASK: self.task,
            semconv.MODEL_FRAMEWORK: self.framework,
            semconv.MODEL_CLASSES: [_text(c) for c in self.classes] if self.classes else None,
            semconv.MODEL_POSITIVE_CLASS: None if positive is None else _text(positive),
            semconv.MODEL_SENSITIVE_FEATURES: list(self.sensitive) or None,
            semconv.MODEL_ROLE: self.role,
        }
        return {name: value for name, value in values.items() if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """What the user said about one model object; ``None`` leaves it to the framework."""

    name: str | None = None
    version: str | None = None
    task: str | None = None
    classes: tuple[Label, ...] | None = None
    positive_class: Label | None = None
    sensitive: tuple[str, ...] = ()
    role: str | None = None
    features: tuple[str, ...] | None = None
    threshold: float | None = None
    transforms: tuple[Rule, ...] = ()

    def __post_init__(self) -> None:
        check_rules(self.transforms)
        if self.task is not None and self.task not in semconv.TASKS:
            raise ValueError(f"task {self.task!r} is unknown; allowed: {', '.join(semconv.TASKS)}")
        if self.role is not None and self.role not in _ROLES:
            raise ValueError(f"role {self.role!r} is unknown; allowed: {', '.join(_ROLES)}")
        known = self.classes is None or str(self.positive_class) in map(str, self.classes)
        if self.positive_class is not None and not known:
            raise ValueError(f"positive_class {self.positive_class!r} is none of the classes {self.classes!r}")


_registrations: WeakIdMap[Registration] = WeakIdMap()
registrations: Final = _registrations.entries
"""By ``id`` of a registered object: for those who may only look, and call nothing."""


def note(model: object, registration: Registration) -> None:
    """Keep what was said while the object lives."""
    _registrations.set(model, registration)


def registered(model: object) -> Registration | None:
    """What was registered for this object."""
    return _registrations.get(model)


def resolve(described: Model, registration: Registration | None, config: Config) -> Model:
    """The model as it goes on the wire: environment over registered over what the framework tells.

    Names said in a call itself (``observe(model=…)``) do not come here; they win over everything.
    """
    said = registration or Registration()
    return replace(
        described,
        name=config.model_name or said.name or described.name,
        version=config.model_version or said.version or described.version,
        task=said.task or described.task,
        classes=said.classes or described.classes,
        positive_class=said.positive_class if said.positive_class is not None else described.positive_class,
        sensitive=said.sensitive or described.sensitive,
        role=config.model_role or said.role or described.role,
        features=said.features or described.features,
        threshold=said.threshold if said.threshold is not None else described.threshold,
        transforms=(*said.transforms, *described.transforms, *config.transforms),
    )


def plain(label: Any) -> Label:
    """A NumPy scalar as the Python value it stands for."""
    item = getattr(label, "item", None)
    value = item() if callable(item) else label
    return value if isinstance(value, str | int | float | bool) else str(value)


def _text(label: Label) -> str:
    return str(label).lower() if isinstance(label, bool) else str(label)
