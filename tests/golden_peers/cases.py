"""Columns that packages and our definitions are both shown: no generator of random numbers, the same everywhere."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtri

__all__ = ["CASES", "CHOICES", "PERIODS", "START", "STEP_SECONDS", "categorical", "data_set", "numeric", "small"]

STEP = 0.6180339887498949
START, STEP_SECONDS = 1_700_000_000, 100
"""Rows of a reference, where it has times: one after the other."""
PERIODS = {"h": 3_600, "D": 86_400}
"""Names of pandas, and seconds."""


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


def small() -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Pairs of few rows, of which a tool that chooses may say otherwise."""
    return {
        "numeric/four values": (np.floor(_uniform(800, 0.2) * 4), np.floor(_uniform(200, 0.9) ** 1.3 * 4)),
        "numeric/zero or one": (np.floor(_uniform(900, 0.2) * 2), np.floor(_uniform(300, 0.9) * 2.2).clip(max=1)),
        "numeric/always one": (np.ones(900), np.ones(300)),
        "numeric/many values": (_normal(1000, 0.3), _normal(150, 0.7, mean=0.1)),
        "categorical/two of few": (_levels(900, 0.1, {"a": 0.6, "b": 0.4}), _levels(300, 0.4, {"a": 0.52, "b": 0.48})),
        "categorical/three": (
            _levels(900, 0.1, {"a": 0.5, "b": 0.3, "c": 0.2}),
            _levels(300, 0.4, {"a": 0.5, "b": 0.5}),
        ),
    }


CHOICES = {
    f"{kind}/{case}": pair
    for kind, pairs in (("numeric", numeric()), ("categorical", categorical()))
    for case, pair in pairs.items()
} | small()
"""Pairs of which a tool chooses what to compute."""


def data_set() -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Six columns of which half drifted."""
    shares = {"a": 0.5, "b": 0.3, "c": 0.2}
    reference = {f"x{i}": _normal(1500, i / 7) for i in range(4)} | {
        f"c{i}": _levels(1500, i / 3, shares) for i in range(2)
    }
    moved = {"x0": 0.0, "x1": 0.4, "x2": 0.0, "x3": -0.5}
    current = {name: _normal(400, 0.37, mean=mean) for name, mean in moved.items()}
    current["c0"] = _levels(400, 0.2, shares)
    current["c1"] = _levels(400, 0.2, {"a": 0.2, "b": 0.3, "c": 0.5})
    return reference, current


CASES = {"numeric": numeric, "categorical": categorical}
