"""A small live check: holds emitted telemetry to the registry, as ``weaver registry live-check`` would."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from docs.semconv.reader import Attribute, Signal, attributes, signals

__all__ = ["check_attributes", "check_signal"]

FOREIGN = {"error.type": "string"}
"""OpenTelemetry's own, which our registry refers to."""
_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,), "double": (float,), "int": (int,), "boolean": (bool,), "string[]": (list, tuple),
    "double[]": (list, tuple), "any": (str, float, int, bool, list, tuple),
}  # fmt: skip


def check_signal(kind: str, name: str, given: Mapping[str, Any], *, instrument: str = "", unit: str = "") -> list[str]:
    """What is wrong with one emitted metric point, event or span; nothing is an empty list."""
    known = signals(kind).get(name)
    if known is None:
        return [f"{kind} {name} is not in the registry"]
    wrong = [f"{name}: {w}" for w in check_attributes(given, known)]
    if (known.instrument, known.unit) != (instrument, unit):
        wrong.append(f"{name}: is {instrument} in {unit!r}, the registry says {known.instrument} in {known.unit!r}")
    return wrong


def check_attributes(given: Mapping[str, Any], known: Signal) -> list[str]:
    """Unknown, undeclared, missing or wrongly typed attributes."""
    declared = dict(known.attributes)
    wrong = [f"{name} is required" for name, level in declared.items() if level == "required" and name not in given]
    for name, value in given.items():
        found = _find(name)
        if found is None and name not in FOREIGN:
            wrong.append(f"{name} is not in the registry")
        elif (found.name if found else name) not in declared:
            wrong.append(f"{name} is not declared for it")
        elif found is not None:
            wrong += _value(found, value)
    return wrong


def _find(name: str) -> Attribute | None:
    exact = attributes().get(name)
    if exact is not None and not exact.template:
        return exact
    return next((a for a in attributes().values() if a.template and name.startswith(f"{a.name}.")), None)


def _value(known: Attribute, value: Any) -> Iterable[str]:
    kind = known.type.removeprefix("template[").removesuffix("]") if known.template else known.type
    if type(value) not in _TYPES[kind]:
        yield f"{known.name} is {type(value).__name__}, the registry says {kind}"
    if known.members and value not in known.members:
        yield f"{known.name} is {value!r}, the registry knows {known.members}"
