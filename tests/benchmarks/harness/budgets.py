"""What is promised of which figure: ``budgets.toml``, the only place where a floor is written."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Budget", "budgets"]

FILE = Path(__file__).resolve().parent.parent / "budgets.toml"


@dataclass(frozen=True, slots=True)
class Budget:
    """A floor (``at_least``) or a ceiling (``at_most``), and perhaps a goal beyond it.

    ``in_the_way`` is what profiling found where it is missed.
    """

    at_least: float | None = None
    at_most: float | None = None
    goal: float | None = None
    in_the_way: str = ""

    @property
    def limit(self) -> float:
        found = self.at_least if self.at_least is not None else self.at_most
        assert found is not None, "a budget is at_least or at_most"
        return found

    def holds(self, value: float) -> bool:
        return value >= self.limit if self.at_least is not None else value <= self.limit


def budgets(file: Path = FILE) -> Mapping[str, Budget]:
    """By the name of the result."""
    found = {name: Budget(**fields) for name, fields in tomllib.loads(file.read_text()).items()}
    for name, budget in found.items():
        assert (budget.at_least is None) != (budget.at_most is None), name
    return found
