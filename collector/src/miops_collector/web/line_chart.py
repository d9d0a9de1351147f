"""One statistic over time as the geometry of a drawing: line, points, uncertainty, reference, share of truth."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from miops_collector.report import Observation
from miops_collector.web.format import count_text, day_text, moment_text, number_text, percent_text, window_text
from miops_collector.window import Window

__all__ = ["Bar", "Chart", "Label", "Mark", "line_chart"]

WIDTH, HEIGHT = 960, 260
LEFT, RIGHT, TOP, BOTTOM = 56, 12, 12, 42
STRIP = 16
"""Height of the strip below the line that shows the share of labelled rows."""
_DAY = 86_400 * 1_000_000_000
_SETTLED = 0.98
"""A window counts as fully labelled when its share is this part of what the best labelled window has."""
_MOST_LABELS = 6


@dataclass(frozen=True, slots=True)
class Mark:
    """One window. ``hollow``: truth is still coming; ``restated``: computed again after truth came late."""

    x: float
    y: float
    high: float
    low: float
    hollow: bool
    restated: bool
    what: str


@dataclass(frozen=True, slots=True)
class Bar:
    """Share of labelled rows of one window."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Label:
    """A text on an axis."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Everything a template needs to draw; ``reference`` is a height or ``None``.

    ``estimate`` is the line of what was expected before truth came, ``band`` the area of two standard errors around it.
    """

    width: int
    height: int
    left: int
    right: int
    floor: int
    line: str
    marks: tuple[Mark, ...]
    bars: tuple[Bar, ...]
    estimate: str
    band: str
    reference: float | None
    reference_text: str
    rows: tuple[Label, ...]
    columns: tuple[Label, ...]


@dataclass(frozen=True, slots=True)
class _Scale:
    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Where to draw it; what lies outside is drawn at the end."""
        share = min(max((value - self.low) / (self.high - self.low), 0.0), 1.0)
        return round(self.start + share * (self.end - self.start), 1)


def line_chart(
    observations: Sequence[Observation], shares: Mapping[Window, float], estimates: Sequence[Observation] = ()
) -> Chart | None:
    """Of observations of one statistic and one window length; ``None`` if none has a value.

    Parameters
    ----------
    shares
        Share of labelled rows by window; empty for statistics that need no truth.
    estimates
        The same statistic as it was expected without truth.
    """
    known, expected = _in_order(observations), _in_order(estimates)
    drawn = _in_order([*known, *expected])
    if not drawn:
        return None
    x = _Scale(drawn[0].window.start, max(o.window.end for o in drawn), LEFT, WIDTH - RIGHT)
    reference = next((o.reference for o in reversed(drawn) if math.isfinite(o.reference)), math.nan)
    low, high = _range(drawn, reference)
    y = _Scale(low, high, HEIGHT - BOTTOM, TOP)
    complete = _SETTLED * max((s for s in shares.values() if math.isfinite(s)), default=0.0)
    return Chart(
        width=WIDTH, height=HEIGHT, left=LEFT, right=WIDTH - RIGHT, floor=HEIGHT - BOTTOM,
        line=_path(known, x, y),
        marks=tuple(_mark(o, x, y, shares, complete) for o in known),
        bars=tuple(_bar(o.window, x, shares[o.window]) for o in known if math.isfinite(shares.get(o.window, math.nan))),
        estimate=_path(expected, x, y),
        band=_band(expected, x, y),
        reference=y(reference) if math.isfinite(reference) else None,
        reference_text=number_text(reference),
        rows=tuple(Label(y(v), number_text(v)) for v in _round_values(low, high)),
        columns=_dates(drawn, x),
    )  # fmt: skip


def _in_order(observations: Iterable[Observation]) -> list[Observation]:
    return sorted((o for o in observations if math.isfinite(o.value)), key=lambda o: o.window)


def _mark(o: Observation, x: _Scale, y: _Scale, shares: Mapping[Window, float], complete: float) -> Mark:
    share = shares.get(o.window, math.nan)
    hollow = math.isfinite(share) and share < complete
    restated = o.complete and o.computed_at - o.window.end > o.window.length
    error = 2 * o.standard_error if math.isfinite(o.standard_error) else 0.0
    middle = o.window.start + o.window.length / 2
    return Mark(x(middle), y(o.value), y(o.value + error), y(o.value - error), hollow, restated, _what(o, share))


def _what(o: Observation, share: float) -> str:
    parts = [f"{window_text(o.window.start, o.window.end)}: {number_text(o.value)}"]
    parts += [f"± {number_text(2 * o.standard_error)}"] if math.isfinite(o.standard_error) else []
    parts += [f"(n = {count_text(o.n)}"]
    parts[-1] += f", {percent_text(share)} labelled" if math.isfinite(share) else ""
    return f"{' '.join(parts)}, computed {moment_text(o.computed_at)})"


def _path(known: Sequence[Observation], x: _Scale, y: _Scale) -> str:
    """A line that breaks where a window is missing."""
    points = [[f"{x(o.window.start + o.window.length / 2)} {y(o.value)}" for o in run] for run in _runs(known)]
    return "".join(f"M{'L'.join(run)}" for run in points)


def _band(expected: Sequence[Observation], x: _Scale, y: _Scale) -> str:
    """There and back again, broken where a window is missing."""
    parts: list[str] = []
    for run in _runs([o for o in expected if math.isfinite(o.standard_error)]):
        middles = [x(o.window.start + o.window.length / 2) for o in run]
        upper = [f"{at} {y(o.value + 2 * o.standard_error)}" for at, o in zip(middles, run, strict=True)]
        lower = [f"{at} {y(o.value - 2 * o.standard_error)}" for at, o in zip(middles, run, strict=True)]
        parts.append(f"M{'L'.join((*upper, *reversed(lower)))}Z")
    return "".join(parts)


def _runs(observations: Sequence[Observation]) -> list[list[Observation]]:
    """Windows that follow one another without a gap."""
    runs: list[list[Observation]] = []
    for o in observations:
        if runs and runs[-1][-1].window.end == o.window.start:
            runs[-1].append(o)
        else:
            runs.append([o])
    return runs


def _bar(window: Window, x: _Scale, share: float) -> Bar:
    left, right = x(window.start), x(window.end)
    height = round(STRIP * share, 1)
    return Bar(left, HEIGHT - BOTTOM + 4 + STRIP - height, round(max(right - left - 0.6, 0.5), 1), height)


def _range(known: Iterable[Observation], reference: float) -> tuple[float, float]:
    """Every value and the reference with some air; long error bars of thin windows may leave it."""
    values = [o.value for o in known] + ([reference] if math.isfinite(reference) else [])
    low, high = min(values), max(values)
    pad = 0.12 * (high - low) or 0.05 * abs(high) or 1.0
    return low - pad, high + pad


def _round_values(low: float, high: float) -> list[float]:
    """Three to seven round values inside the range."""
    rough = (high - low) / 5
    unit = 10.0 ** math.floor(math.log10(rough))
    step = next(m * unit for m in (1, 2, 2.5, 5, 10) if m * unit >= rough)
    first = math.ceil(low / step)
    return [k * step for k in range(first, math.floor(high / step) + 1)]


def _dates(known: Sequence[Observation], x: _Scale) -> tuple[Label, ...]:
    name = day_text if known[0].window.length % _DAY == 0 else moment_text
    windows = sorted({o.window for o in known})
    every = math.ceil(len(windows) / _MOST_LABELS)
    return tuple(Label(x(w.start + w.length / 2), name(w.start)) for w in windows[::every])
