"""What is wrong with the values of columns."""

from __future__ import annotations

from dashboards.builder import Panel, Query, Row
from dashboards.names import legend, selector, statistic

__all__ = ["QUALITY"]

_COLUMNS = selector("model", "version", "window", "column")
_SHOWN = (
    ("Missing", "missing_share", "The ten columns with the largest share of missing values."),
    ("Out of range", "out_of_range_share", "The ten columns with most values outside the reference's range."),
    ("Unseen categories", "unseen_share", "The ten columns with most values the reference does not know."),
)

QUALITY = Row(
    "Quality",
    tuple(
        Panel(
            title,
            description,
            "timeseries",
            (Query(f"topk(10, {statistic('quality', name)}{_COLUMNS})", legend("model", "version", "column")),),
            unit="percentunit",
        )
        for title, name, description in _SHOWN
    ),
)
