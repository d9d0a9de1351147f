"""A number with the ends of its 95 % interval, and how many pairs it rests on."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Estimate"]


@dataclass(frozen=True, slots=True)
class Estimate:
    """``value`` and interval are ``nan`` where they are undefined."""

    value: float
    low: float
    high: float
    n: int
