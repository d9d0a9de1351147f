"""How many predictions come, how fast, and whether they still come."""

from __future__ import annotations

from dashboards.builder import Panel, Query, Row
from dashboards.names import legend, metric, selector, statistic
from miops import semconv

__all__ = ["TRAFFIC"]

_CHOSEN = selector("model", "version", "window")
_LEGEND = legend("model", "version", "window")

TRAFFIC = Row(
    "Traffic and latency",
    (
        Panel(
            "Rows per window",
            "Predictions in the newest window of each length.",
            "timeseries",
            (Query(metric(semconv.METRIC_WINDOW_ROWS) + _CHOSEN, _LEGEND),),
        ),
        Panel(
            "Age of the newest window",
            "Time since the newest window ended; it grows when predictions stop. A replay of the past is old at once.",
            "timeseries",
            (Query(f"time() - {metric(semconv.METRIC_WINDOW_END)}{_CHOSEN}", _LEGEND),),
            unit="s",
        ),
        Panel(
            "Latency",
            "Duration of calls of the model, as the model server measured it.",
            "timeseries",
            tuple(Query(statistic("latency", q) + _CHOSEN, f"{q} {_LEGEND}") for q in ("p50", "p95", "p99")),
            unit="s",
        ),
    ),
)
