"""Hours of numbers whose rows depend on one another, though nothing ever changes.

Every stream gives ``(models, rows, columns)`` standard normal-like values of one hour after the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.signal import lfilter

__all__ = ["STREAMS", "Stream"]

DAY, WEEK = 24, 168
Shape = tuple[int, int, int]
Draw = Callable[[np.random.Generator, Shape], Iterator[np.ndarray]]


@dataclass(frozen=True)
class Stream:
    """``draw`` gives hour after hour of values in this shape."""

    name: str
    draw: Draw


def _independent(rng: np.random.Generator, shape: Shape) -> Iterator[np.ndarray]:
    while True:
        yield rng.normal(size=shape)


def _correlated(rng: np.random.Generator, shape: Shape) -> Iterator[np.ndarray]:
    """One factor behind all columns of a model: pairwise correlation .8."""
    while True:
        factor = rng.normal(size=(*shape[:2], 1))
        yield np.sqrt(0.8) * factor + np.sqrt(0.2) * rng.normal(size=shape)


def _autoregressive(coefficient: float) -> Draw:
    """Each row is like the one before."""

    def draw(rng: np.random.Generator, shape: Shape) -> Iterator[np.ndarray]:
        state = coefficient * rng.normal(size=(shape[0], 1, shape[2]))
        while True:
            noise = rng.normal(size=shape) * np.sqrt(1.0 - coefficient**2)
            values, state = lfilter([1.0], [1.0, -coefficient], noise, axis=1, zi=state)
            yield values

    return draw


def _seasonal(period: int, height: float, *, weekend: float = 0.0) -> Draw:
    """A sine of so many hours, and a step of ``weekend`` on two days of seven."""

    def draw(rng: np.random.Generator, shape: Shape) -> Iterator[np.ndarray]:
        hour = 0
        while True:
            level = height * np.sin(2.0 * np.pi * hour / period) + weekend * (hour % WEEK >= 5 * DAY)
            yield rng.normal(size=shape) + level
            hour += 1

    return draw


def _wandering(coefficient: float, deviation: float) -> Draw:
    """The mean of an hour is like that of the hour before."""

    def draw(rng: np.random.Generator, shape: Shape) -> Iterator[np.ndarray]:
        level = deviation * rng.normal(size=(shape[0], 1, shape[2]))
        while True:
            yield rng.normal(size=shape) + level
            step = deviation * np.sqrt(1.0 - coefficient**2)
            level = coefficient * level + step * rng.normal(size=level.shape)

    return draw


STREAMS: Final[Mapping[str, Stream]] = {
    s.name: s
    for s in (
        Stream("independent", _independent),
        Stream("correlated columns, .8", _correlated),
        Stream("AR(1) .5 in rows", _autoregressive(0.5)),
        Stream("AR(1) .9 in rows", _autoregressive(0.9)),
        Stream("daily sine, 0.3 σ", _seasonal(DAY, 0.3)),
        Stream("daily sine and weekends, 0.3 σ", _seasonal(DAY, 0.3, weekend=0.3)),
        Stream("slow wander, 0.1 σ", _wandering(0.9, 0.1)),
    )
}
