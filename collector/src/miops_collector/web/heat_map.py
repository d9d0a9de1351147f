"""Drift of every column over time as a table of shades."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from miops_collector.report import Observation
from miops_collector.web.format import count_text, day_text, moment_text, number_text, window_text
from miops_collector.window import Window

__all__ = ["LEVELS", "Cell", "HeatMap", "Row", "Tick", "heat_map"]

LEVELS = 8
"""Shades from none to the strongest."""
NOTHING = -1
_POWER = 3
"""Shades grow with the cube root of the value: one column far out must not make all others look the same."""
_TICKS = 6
_DAY = 86_400 * 1_000_000_000
_OWN_UNITS = frozenset({"wasserstein"})
"""Statistics in the units of their column: shades compare windows of one column, never columns."""
_OUTPUTS = ("prediction", "score")


@dataclass(frozen=True, slots=True)
class Cell:
    """One column in one window; ``level`` is -1 without a value."""

    level: int
    status: str
    what: str


@dataclass(frozen=True, slots=True)
class Row:
    """One column; ``newest`` is its value in the newest window."""

    column: str
    newest: str
    alerting: bool
    cells: tuple[Cell, ...]


@dataclass(frozen=True, slots=True)
class Tick:
    """A heading over ``span`` windows, named by the first; too few windows at the end have no room for a name."""

    text: str
    span: int


@dataclass(frozen=True, slots=True)
class HeatMap:
    """Rows are columns of the model, the ones to look at first on top; windows run from old to new.

    ``legend`` holds the upper end of every shade, empty when each column has a scale of its own.
    """

    rows: tuple[Row, ...]
    ticks: tuple[Tick, ...]
    windows: int
    legend: tuple[str, ...]


def heat_map(observations: Sequence[Observation], *, most_windows: int) -> HeatMap | None:
    """Of observations of one statistic and one window length; ``None`` if there are none."""
    windows = sorted({o.window for o in observations})[-most_windows:]
    by_column: defaultdict[str, dict[Window, Observation]] = defaultdict(dict)
    for o in observations:
        if o.column and o.window.start >= windows[0].start:
            by_column[o.column][o.window] = o
    if not by_column:
        return None
    own_units = observations[0].metric.rpartition(".")[2] in _OWN_UNITS
    top = _top(o for row in by_column.values() for o in row.values())
    rows = [_row(c, found, windows, _top(found.values()) if own_units else top) for c, found in by_column.items()]
    newest = {c: found.get(windows[-1]) for c, found in by_column.items()}
    rows.sort(key=lambda row: _urgency(row, newest[row.column], own_units=own_units))
    legend = () if own_units else tuple(number_text(top * (k / LEVELS) ** _POWER) for k in range(1, LEVELS + 1))
    return HeatMap(tuple(rows), _ticks(windows), len(windows), legend)


def _row(column: str, found: Mapping[Window, Observation], windows: Sequence[Window], top: float) -> Row:
    cells = tuple(_cell(found.get(window), window, top) for window in windows)
    newest = found.get(windows[-1])
    text = number_text(newest.value if newest else math.nan)
    return Row(column, text, cells[-1].status == "alert", cells)


def _cell(o: Observation | None, window: Window, top: float) -> Cell:
    when = window_text(window.start, window.end)
    if o is None:
        return Cell(NOTHING, "absent", f"{when}: no rows")
    n = f"n = {count_text(o.n)}"
    if not math.isfinite(o.value) or o.status == "insufficient_data":
        return Cell(NOTHING, "insufficient", f"{when}: {o.reason or 'too little data'} ({n})")
    return Cell(_level(o.value, top), o.status, f"{when}: {number_text(o.value)} ({n}, {o.status})")


def _level(value: float, top: float) -> int:
    return min(LEVELS, math.ceil(LEVELS * (abs(value) / top) ** (1 / _POWER))) if top > 0 else 0


def _top(observations: Iterable[Observation]) -> float:
    finite = [abs(o.value) for o in observations if math.isfinite(o.value) and o.status != "insufficient_data"]
    return max(finite, default=0.0)


def _urgency(row: Row, newest: Observation | None, *, own_units: bool) -> tuple[object, ...]:
    """Outputs of the model stay together at the end: a drifted score is a consequence."""
    value = newest.value if newest and math.isfinite(newest.value) and not own_units else 0.0
    return (row.column in _OUTPUTS, not row.alerting, -abs(value), row.column)


def _ticks(windows: Sequence[Window]) -> tuple[Tick, ...]:
    span = math.ceil(len(windows) / _TICKS)
    name = day_text if windows[0].length % _DAY == 0 else moment_text
    starts = range(0, len(windows), span)
    spans = [(i, min(span, len(windows) - i)) for i in starts]
    return tuple(Tick(name(windows[i].start) if 2 * width > span else "", width) for i, width in spans)
