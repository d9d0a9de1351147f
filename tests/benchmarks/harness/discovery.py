"""A benchmark is a module beside this package that has ``measure(run)``."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from types import ModuleType

__all__ = ["benchmarks"]

FOLDER = Path(__file__).resolve().parent.parent


def benchmarks() -> dict[str, ModuleType]:
    """By name, sorted. Modules are looked into before they are imported: some are programs of their own."""
    names = sorted(f.stem for f in FOLDER.glob("*.py") if "\ndef measure(" in f.read_text())
    return {name: import_module(f"tests.benchmarks.{name}") for name in names}
