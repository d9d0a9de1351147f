"""Pictures of figures as SVG: small panels of one line each; the same figures give the same bytes."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape

__all__ = ["Panel", "svg"]

WIDTH, HEIGHT = 300, 200
LEFT, RIGHT, TOP, BOTTOM = 62, 14, 30, 38
COLOUR, LIMIT, GREY = "#1f5fa8", "#b3261e", "#777"


@dataclass(frozen=True, slots=True)
class Panel:
    """One line.

    Attributes
    ----------
    points
        ``(x, y)``, rising in ``x``.
    limit
        A value that ``y`` may not pass, drawn across; ``nan`` for none.
    logarithmic
        Whether ``x`` is; then ticks stand at the points.
    written
        How values of ``y`` are written.
    """

    title: str
    x: str
    points: Sequence[tuple[float, float]]
    written: Callable[[float], str]
    logarithmic: bool = True
    limit: float = math.nan


def svg(panels: Sequence[Panel], columns: int) -> str:
    """All panels, in rows of so many; ``y`` begins at 0 everywhere, so that a cliff looks like one."""
    rows = -(-len(panels) // columns)
    drawn = "\n".join(_drawn(p, WIDTH * (i % columns), HEIGHT * (i // columns)) for i, p in enumerate(panels))
    wide, high = WIDTH * columns, HEIGHT * rows
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" width="{wide}" height="{high}"'
        f' font-family="sans-serif" font-size="10">\n<rect width="{wide}" height="{high}" fill="white"/>\n'
        f"{drawn}\n</svg>\n"
    )


def _drawn(panel: Panel, left: float, top: float) -> str:
    width, height = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
    across = [math.log10(x) if panel.logarithmic else x for x, _ in panel.points]
    highest = 1.08 * max([y for _, y in panel.points] + ([] if math.isnan(panel.limit) else [panel.limit]))
    spread = (max(across) - min(across)) or 1.0

    def at(x: float, y: float) -> tuple[float, float]:
        return LEFT + width * (x - min(across)) / spread, TOP + height * (1 - y / (highest or 1.0))

    line = [at(x, y) for x, (_, y) in zip(across, panel.points, strict=True)]
    parts = [_text(LEFT, 16, panel.title, "start", bold=True), _text(LEFT + width / 2, HEIGHT - 6, panel.x)]
    for part in range(3):
        y = highest * part / 2
        height_of = at(min(across), y)[1]
        parts += [
            _rule(height_of, width, "#ddd"),
            _text(LEFT - 5, height_of + 3, panel.written(y) if y else "0", "end"),
        ]
    if not math.isnan(panel.limit):
        parts.append(_rule(at(min(across), panel.limit)[1], width, LIMIT))
    told = panel.points if panel.logarithmic else [panel.points[0], panel.points[-1]]
    parts += [
        _text(at(math.log10(x) if panel.logarithmic else x, 0)[0], HEIGHT - BOTTOM + 14, _short(x)) for x, _ in told
    ]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in line)
    parts.append(f'<polyline points="{path}" fill="none" stroke="{COLOUR}" stroke-width="1.8"/>')
    if panel.logarithmic:
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{COLOUR}"/>' for x, y in line]
    return f'<g transform="translate({left},{top})">' + "\n".join(parts) + "</g>"


def _text(x: float, y: float, words: str, anchor: str = "middle", *, bold: bool = False) -> str:
    weight = ' font-weight="bold"' if bold else ""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{weight} fill="#222">{escape(words)}</text>'


def _rule(y: float, width: float, colour: str) -> str:
    return f'<line x1="{LEFT}" x2="{LEFT + width}" y1="{y:.1f}" y2="{y:.1f}" stroke="{colour}"/>'


def _short(x: float) -> str:
    steps = ((1e6, " M"), (1e3, " k"), (1.0, ""))
    size, unit = next(((s, u) for s, u in steps if x >= s), (1.0, ""))
    return f"{x / size:g}{unit}"
