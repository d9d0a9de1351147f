"""The instrumentors there are, by entry point, and the adapter of each."""

from __future__ import annotations

import importlib
import importlib.util
import os
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest

from miops import instrumentors
from miops._instrumentor import ModelInstrumentor

from .adapter import CONTAINERS, TASKS, Adapter, Way

PREFIX = "miops_"
ONLY = "MIOPS_TEST_FRAMEWORK"
"""Environment variable: the frameworks whose checks are run."""
HEAVY = Path(__file__).resolve().parents[3] / "requirements" / "frameworks"


def names() -> list[str]:
    found = entry_points(group="opentelemetry_instrumentor")
    return sorted(one.name.removeprefix(PREFIX) for one in found if one.value.startswith(f"{instrumentors.__name__}."))


def wanted() -> list[str]:
    return os.environ.get(ONLY, "").split() or names()


def instrumentor(name: str) -> ModelInstrumentor:
    (one,) = entry_points(group="opentelemetry_instrumentor", name=f"{PREFIX}{name}")
    made: ModelInstrumentor = one.load()()
    return made


@cache
def _loaded(name: str) -> Adapter | str:
    package = instrumentor(name).package
    if importlib.util.find_spec(package) is None:
        return f"{package} is not installed" + (": make test-frameworks" if (HEAVY / f"{name}.in").exists() else "")
    adapter: Adapter = importlib.import_module(f"{__package__}.adapters.{name}").ADAPTER
    return adapter


def adapter(name: str) -> Adapter:
    """The adapter of a framework that is installed; skips with a reason otherwise."""
    found = _loaded(name)
    if isinstance(found, str):
        pytest.skip(found)
    return found


def ways(name: str, task: str | None = None) -> list[Way]:
    """Ways to ask its models; skips with the adapter's reason where there are none of this task."""
    one = adapter(name)
    if task in one.cannot:
        pytest.skip(one.cannot[task])
    found = [way for way in one.ways if task in (None, way.task)]
    assert found, f"the adapter of {name} says neither how {task} is done nor why not"
    return found


def container(name: str, kind: str, x: Any) -> Any:
    """How to call with a container of this kind, and one; skips with the adapter's reason where there is none."""
    make = adapter(name).containers[kind]
    if isinstance(make, str):
        pytest.skip(make)
    if kind == "polars":
        pytest.importorskip("polars", reason="polars is not installed")
    return make(x)


__all__ = ["CONTAINERS", "ONLY", "TASKS", "adapter", "container", "instrumentor", "names", "wanted", "ways"]
