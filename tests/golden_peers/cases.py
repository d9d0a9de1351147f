"""Columns that packages and our definitions are both shown: no generator of random numbers, the same everywhere."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

__all__ = ["CASES", "categorical", "numeric"]

STEP = 0.6180339887498949


def _uniform(rows: int, start: float) -> np.ndarray:
    """Evenly spread in any part of it: multiples of the golden ratio."""
    return (start + np.arange(1, rows + 1) * STEP) % 1.0


def _normal(rows: int, start: float, mean: float = 0.0, scale: float = 1.0) -> np.ndarray:
    return np.round(ndtri(_uniform(rows, start)) * scale + mean, 6)


def _levels(rows: int, start: float, shares: dict[str, float]) -> np.ndarray:
    ends = np.cumsum(list(shares.values()))
    return np.array(list(shares))[np.searchsorted(ends, _uniform(rows, start)).clip(max=len(ends) - 1)]


def _inside(reference: np.ndarray, current: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The window as it is, inside the range of the reference."""
    return reference, np.clip(current, reference.min(), reference.max())


def numeric() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    small = _normal(800, 0.3)
    return {
        "same": _inside(_normal(4000, 0.1), _normal(500, 0.37)),
        "shifted": _inside(_normal(4000, 0.1), _normal(500, 0.37, mean=0.3)),
        "beyond": (_normal(4000, 0.1), _normal(500, 0.37, mean=0.8, scale=1.4)),
        "skewed": _inside(np.exp(_normal(4000, 0.2)), np.exp(_normal(700, 0.5, mean=0.2))),
        "few rows": _inside(small, _normal(100, 0.77, mean=0.5)),
        "few values": (np.floor(_uniform(3000, 0.2) * 7), np.floor(_uniform(400, 0.9) ** 2 * 7)),
    }


def categorical() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    three = {"a": 0.5, "b": 0.3, "c": 0.2}
    return {
        "three": (_levels(3000, 0.1, three), _levels(500, 0.4, {"a": 0.42, "b": 0.3, "c": 0.28})),
        "a new one": (_levels(3000, 0.1, three), _levels(500, 0.4, {"a": 0.4, "b": 0.3, "c": 0.2, "d": 0.1})),
        "one is gone": (_levels(800, 0.1, three), _levels(200, 0.4, {"a": 0.6, "b": 0.4})),
        "two": (_levels(3000, 0.1, {"a": 0.6, "b": 0.4}), _levels(300, 0.4, {"a": 0.5, "b": 0.5})),
    }


CASES = {"numeric": numeric, "categorical": categorical}
