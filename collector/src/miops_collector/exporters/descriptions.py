"""Unit and description of every metric, as generated from the registry in ``docs/semconv/registry/``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

__all__ = ["Description", "describe", "descriptions"]


@dataclass(frozen=True, slots=True)
class Description:
    """What the registry says of one metric."""

    instrument: str
    unit: str
    brief: str


@cache
def descriptions() -> Mapping[str, Description]:
    """All metrics of the registry by name."""
    text = files(__package__).joinpath("descriptions.json").read_text(encoding="utf-8")
    return {name: Description(**entry) for name, entry in json.loads(text).items()}


def describe(name: str) -> Description:
    """The registry's entry, or for a statistic somebody added, what its name says."""
    known = descriptions().get(name)
    return known or Description("gauge", "", name.replace(".", " ").replace("_", " "))
