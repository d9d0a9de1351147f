"""Where the model is wrong in the newest window: the segments with what each costs, and what it has added."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from miops_collector.report import Alert, Observation
from miops_collector.web.format import number_text, window_text

__all__ = ["SegmentRow", "SegmentTable", "added_losses", "blamed_segments", "segment_table"]

_FAMILY = "miops.segments."
_ADDED, _EXCESS, _LOSS = (f"{_FAMILY}{name}" for name in ("added_loss", "excess_loss", "loss"))
_PERFORMANCE = ("miops.performance.", "miops.estimated_performance.")
BAR_WIDTH = 120


@dataclass(frozen=True, slots=True)
class SegmentRow:
    """One segment; ``bar`` is the length of what it costs, relative to the costliest."""

    name: str
    count: float
    loss: str
    interval: str
    was: str
    excess: str
    added: str
    bar: float


@dataclass(frozen=True, slots=True)
class SegmentTable:
    """The worst first: by what was added since the reference, then by what they cost."""

    window: str
    rows: tuple[SegmentRow, ...]


def segment_table(observations: Iterable[Observation]) -> SegmentTable | None:
    """Of the segment observations of one model version and window length; ``None`` if no segment stands out."""
    found: defaultdict[str, dict[str, Observation]] = defaultdict(dict)
    for o in observations:
        if o.metric.startswith(_FAMILY):
            found[o.segment][o.metric] = o
    known = {name: of for name, of in found.items() if _LOSS in of}
    if not known:
        return None
    ranked = sorted(known, key=lambda name: (-_number(known[name], _ADDED), -_number(known[name], _EXCESS), name))
    most = max(_cost(of) for of in known.values())
    window = next(iter(known.values()))[_LOSS].window
    return SegmentTable(window_text(window.start, window.end), tuple(_row(name, known[name], most) for name in ranked))


def blamed_segments(alert: Alert, observations: Sequence[Observation], *, most: int = 3) -> tuple[str, ...]:
    """Segments that got worse, for an alert on performance: those of its length of window that added most."""
    return tuple(o.segment for o in added_losses(alert, observations)[:most])


def added_losses(alert: Alert, observations: Sequence[Observation]) -> list[Observation]:
    """What each segment has added, the most first; nothing for an alert that is not on performance."""
    if not alert.metric.startswith(_PERFORMANCE):
        return []
    added = [
        o for o in observations
        if (o.model, o.metric, o.window.length) == (alert.model, _ADDED, alert.window.length) and math.isfinite(o.value)
    ]  # fmt: skip
    return sorted(added, key=lambda o: -o.value)


def _row(name: str, of: dict[str, Observation], most: float) -> SegmentRow:
    loss = of[_LOSS]
    return SegmentRow(
        name=name,
        count=loss.n,
        loss=number_text(loss.value),
        interval=f"{number_text(loss.low)} … {number_text(loss.high)}" if math.isfinite(loss.low) else "",
        was=number_text(loss.reference),
        excess=_text(of, _EXCESS),
        added=_text(of, _ADDED),
        bar=round(BAR_WIDTH * _cost(of) / most, 1) if most > 0 else 0.0,
    )


def _cost(of: dict[str, Observation]) -> float:
    return max(_number(of, _ADDED), _number(of, _EXCESS))


def _number(of: dict[str, Observation], metric: str) -> float:
    return of[metric].value if metric in of else 0.0


def _text(of: dict[str, Observation], metric: str) -> str:
    """A segment is named for one of the two, or for both."""
    return number_text(of[metric].value if metric in of else math.nan)
