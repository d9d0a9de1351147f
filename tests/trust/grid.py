"""Which streams are shown, how large, how long: a short grid that takes minutes and a long one that takes an hour."""

from __future__ import annotations

from tests.trust.streams import STREAMS, Cell

__all__ = ["grid"]

LEARNING = 168
"""Windows an hourly model learns from before its alarms count."""
SURVEY_COLUMNS = 18


def grid(*, quick: bool) -> list[Cell]:
    """Those that matter most first: a tool that runs out of time has seen them."""
    runs, windows, horizon = (2, 150, 40) if quick else (12, 250, 60)
    sizes = (200, 1000) if quick else (50, 200, 1000, 5000)
    cells = [_calm("normal", rows, 10_000, 20, windows, runs) for rows in sizes]
    cells += [_calm("categorical", rows, 10_000, 20, windows, runs) for rows in (200, 1000)]
    drifts = [name for name, stream in STREAMS.items() if stream.drifts]
    cells += [_drift(name, rows, 20, horizon, 3 * runs) for name in drifts for rows in _sizes(name, sizes)]
    cells += [_drift("mean_0.2", rows, 50, horizon, runs) for rows in (200,)]
    cells += [_calm("normal", rows, reference, 20, windows, runs) for rows, reference in _references(quick=quick)]
    cells += [_calm(name, 200, 10_000, 20, windows, runs) for name in ("lognormal", "ties", "correlated")]
    cells += [
        _calm("survey", 200, 10_000, SURVEY_COLUMNS, windows, runs),
        _calm("normal", 200, 10_000, 50, windows, runs),
    ]
    cells += [_calm(n, 200, 200 * LEARNING, 20, windows, runs) for n in ("ar1_0.5", "ar1_0.9", "daily", "weekly")]
    return cells


def _sizes(name: str, sizes: tuple[int, ...]) -> tuple[int, ...]:
    """All of them for shifts of the mean; two for the others."""
    return sizes if name.startswith("mean") else (200, 1000)


def _references(*, quick: bool) -> list[tuple[int, int]]:
    few = [(200, 1000), (1000, 1000)]
    return few if quick else [*few, (1000, 100_000)]


def _calm(stream: str, rows: int, reference: int, columns: int, windows: int, runs: int) -> Cell:
    return Cell(stream, rows, reference, columns, LEARNING, windows, runs)


def _drift(stream: str, rows: int, columns: int, horizon: int, runs: int) -> Cell:
    return Cell(stream, rows, 10_000, columns, LEARNING, horizon, runs)
