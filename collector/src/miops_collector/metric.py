"""What a metric stream looks like on its way out: a name, an instrument, a unit, a description and points."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

__all__ = ["Instrument", "Metric", "Point"]

Instrument: TypeAlias = Literal["gauge", "counter", "updowncounter", "histogram"]


@dataclass(frozen=True, slots=True)
class Point:
    """One value of one series. Attributes that do not apply are left out, never empty.

    Attributes
    ----------
    value
        Of a histogram the sum of all it has seen.
    counts
        Of a histogram how many were at most each of its metric's ``bounds`` but above the one before; the last were
        above all.
    """

    value: float
    attributes: Mapping[str, str] = field(default_factory=dict)
    counts: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Metric:
    """All points of one metric at one moment.

    Attributes
    ----------
    name
        As on the wire: ``miops.drift.psi``.
    instrument
        ``counter`` only rises while the process lives.
    unit
        UCUM; empty for a score.
    bounds
        Of a histogram the upper bounds of all buckets but the last.
    """

    name: str
    instrument: Instrument
    unit: str
    description: str
    points: tuple[Point, ...] = ()
    bounds: tuple[float, ...] = ()
