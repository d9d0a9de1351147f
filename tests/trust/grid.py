"""Which streams are shown, how large, how long: a grid that takes minutes and a long one that takes hours."""

from __future__ import annotations

from dataclasses import replace

from tests.trust.streams import STREAMS, Cell

__all__ = ["grid"]

LEARNING = 168
"""Windows an hourly model learns from before its alarms count."""
SURVEY_COLUMNS = 17
OURS = (600, 9)
"""Windows and runs of streams without drift that ours is shown: enough to see whether it keeps so small a budget."""
MORE = (("normal", 50, 10_000), ("normal", 5000, 10_000), ("normal", 1000, 100_000), ("categorical", 200, 1000))
"""Stream, rows and reference of which in the short grid the others, who take long for them, are shown few windows."""
FEW = (50, 2)


def grid(*, long: bool, ours: bool = False) -> list[Cell]:
    """Those that matter most first: a tool that runs out of time has seen them."""
    cells = _grid(long=long)
    if not ours:
        return cells
    more = [_calm(*MORE[-1], 20, *OURS)] if long else []
    return [*(c if STREAMS[c.stream].drifts else replace(c, windows=OURS[0], runs=OURS[1]) for c in cells), *more]


def _grid(*, long: bool) -> list[Cell]:
    windows, side, runs, horizon = (250, 250, 12, 60) if long else (150, 50, 4, 40)
    sizes = (50, 200, 1000, 5000) if long else (200, 1000)
    cells = [_calm("normal", rows, 10_000, 20, windows, runs) for rows in sizes]
    cells += [_calm("categorical", rows, 10_000, 20, windows, runs) for rows in (200, 1000)]
    drifts = [name for name, stream in STREAMS.items() if stream.drifts]
    cells += [_drift(name, rows, 20, horizon, 3 * runs) for name in drifts for rows in _sizes(name, sizes)]
    cells += [_drift("mean_0.2", 200, 50, horizon, runs), _calm("normal", 200, 10_000, 50, side, 2 * runs)]
    cells += [_calm("normal", rows, reference, 20, side, 2 * runs) for rows, reference in _references(sizes)]
    cells += [_calm(name, 200, 10_000, 20, side, 2 * runs) for name in ("lognormal", "ties", "correlated")]
    cells += [_calm("survey", 200, 10_000, SURVEY_COLUMNS, side, 2 * runs)]
    cells += [_calm(n, 200, 200 * LEARNING, 20, side, 2 * runs) for n in ("ar1_0.5", "ar1_0.9", "daily", "weekly")]
    return cells if long else [*cells, *(_calm(*one, 20, *FEW) for one in MORE)]


def _sizes(name: str, sizes: tuple[int, ...]) -> tuple[int, ...]:
    """All of them for shifts of the mean; two for the others."""
    return sizes if name.startswith("mean") else (200, 1000)


def _references(sizes: tuple[int, ...]) -> list[tuple[int, int]]:
    """Rows per window with references that are small, and in the long grid large."""
    return [(200, 1000), (1000, 1000), *([(1000, 100_000)] if len(sizes) > 2 else [])]


def _calm(stream: str, rows: int, reference: int, columns: int, windows: int, runs: int) -> Cell:
    return Cell(stream, rows, reference, columns, LEARNING, windows, runs)


def _drift(stream: str, rows: int, columns: int, horizon: int, runs: int) -> Cell:
    return Cell(stream, rows, 10_000, columns, LEARNING, horizon, runs)
