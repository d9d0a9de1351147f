"""Where the model is wrong: the segments that stand out by more than chance."""

from __future__ import annotations

from dashboards.builder import Panel, Query, Row
from dashboards.names import by, legend, selector, statistic

__all__ = ["SEGMENTS"]

_CHOSEN = selector("model", "version", "window")
_SEGMENT = by("model", "segment")


def _largest(name: str) -> Query:
    """The ten segments in which it is largest."""
    return Query(f"topk(10, max by ({_SEGMENT}) ({statistic('segments', name)}{_CHOSEN}))", legend("model", "segment"))


SEGMENTS = Row(
    "Segments",
    (
        Panel(
            "Added by segments since the reference",
            "Share of rows in the segment times how much worse the model is about them than in the reference.",
            "bargauge",
            (_largest("added_loss"),),
        ),
        Panel(
            "Cost of segments",
            "How much of the loss would go if the model were as good about the segment as about all other rows.",
            "bargauge",
            (_largest("excess_loss"),),
        ),
        Panel(
            "Loss of segments over time",
            "How wrong the model is about a row of the segment, on average; a segment appears while it stands out.",
            "timeseries",
            (Query(f"topk(10, {statistic('segments', 'loss')}{_CHOSEN})", legend("model", "segment", "window")),),
        ),
    ),
)
