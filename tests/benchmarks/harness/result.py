"""What a benchmark gives, and what it is told: how big it may be, and where it may put its files."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["Result", "Run", "result"]


@dataclass(frozen=True, slots=True)
class Run:
    """How much to measure.

    Attributes
    ----------
    folder
        Empty, on disk, thrown away afterwards.
    venvs
        Where the environments of peers are, each made once.
    quick
        Only see that everything works: the figures mean nothing.
    long
        Measure too what takes many minutes and gigabytes.
    """

    folder: Path
    venvs: Path
    quick: bool = False
    long: bool = False

    @property
    def rounds(self) -> int:
        return 1 if self.quick else 3

    def rows(self, full: int) -> int:
        """So many rows, or a fiftieth of them."""
        return max(full // 50, 1) if self.quick else full

    def seconds(self, full: float) -> float:
        return min(full, 2.0) if self.quick else full


@dataclass(frozen=True, slots=True)
class Result:
    """One figure: ``name`` begins with the benchmark's, ``peers`` are the same measure of others in the same run."""

    name: str
    value: float
    unit: str
    about: str
    peers: Mapping[str, float] = field(default_factory=dict)
    runs: tuple[float, ...] = ()
    note: str = ""


def result(
    name: str, runs: float | Iterable[float], unit: str, about: str, *,
    peers: Mapping[str, float | list[float]] | None = None, note: str = "",
) -> Result:  # fmt: skip
    """The median of several runs, of ours and of every peer."""
    own = (runs,) if isinstance(runs, int | float) else tuple(runs)
    medians = {k: statistics.median(v) if isinstance(v, list) else v for k, v in (peers or {}).items()}
    return Result(name, float(statistics.median(own)), unit, about, medians, tuple(map(float, own)), note)
