"""The registry in ``docs/semconv/registry/`` as plain values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

__all__ = ["FOLDER", "Attribute", "Signal", "attributes", "groups", "signals"]

FOLDER = Path(__file__).parent / "registry"


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute; ``template`` ones are prefixes of names."""

    name: str
    type: str
    brief: str
    examples: tuple[Any, ...]
    members: tuple[str, ...]
    group: str

    @property
    def template(self) -> bool:
        return self.type.startswith("template[")


@dataclass(frozen=True, slots=True)
class Signal:
    """One metric, event or span; ``attributes`` are names with their requirement level."""

    kind: str
    name: str
    brief: str
    instrument: str
    unit: str
    attributes: tuple[tuple[str, str], ...]


@cache
def groups() -> tuple[dict[str, Any], ...]:
    """Every group of every file, by file name."""
    files = sorted(f for f in FOLDER.glob("*.yaml") if f.name != "manifest.yaml")
    return tuple(group for file in files for group in yaml.safe_load(file.read_text(encoding="utf-8"))["groups"])


@cache
def attributes() -> dict[str, Attribute]:
    """Attributes by name, in the order of the files."""
    return {a.name: a for group in groups() if group["type"] == "attribute_group" for a in _attributes(group)}


@cache
def signals(kind: str) -> dict[str, Signal]:
    """Groups of type ``metric``, ``event`` or ``span`` by the name they have on the wire."""
    found = (_signal(group) for group in groups() if group["type"] == kind)
    return {s.name: s for s in found}


def _attributes(group: dict[str, Any]) -> Iterator[Attribute]:
    for a in group["attributes"]:
        enum = isinstance(a["type"], dict)
        yield Attribute(
            name=a["id"],
            type="string" if enum else a["type"],
            brief=a["brief"],
            examples=tuple(a.get("examples", ())),
            members=tuple(m["value"] for m in a["type"]["members"]) if enum else (),
            group=group["display_name"],
        )


def _signal(group: dict[str, Any]) -> Signal:
    return Signal(
        kind=group["type"],
        name=group.get("metric_name") or group.get("name") or group["id"],
        brief=group["brief"],
        instrument=group.get("instrument", ""),
        unit=group.get("unit", ""),
        attributes=tuple((a["ref"], _level(a)) for a in group.get("attributes", ())),
    )


def _level(reference: dict[str, Any]) -> str:
    level = reference.get("requirement_level", "recommended")
    return level if isinstance(level, str) else next(iter(level))
