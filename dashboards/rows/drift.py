"""What the model sees and says, against the reference."""

from __future__ import annotations

from dashboards.builder import Panel, Query, Row
from dashboards.names import by, columns, legend, metric, selector, statistic
from miops import semconv

__all__ = ["DRIFT"]

_COLUMNS = selector("model", "version", "window", "column")
_WINDOWS = selector("model", "version", "window")
_OUTPUTS = selector("model", "version", "window", column="prediction|score")
_PSI = statistic("drift", "psi") + _COLUMNS
_P_VALUE = metric(semconv.METRIC_DRIFT_P_VALUE) + _COLUMNS

DRIFT = Row(
    "Drift",
    (
        Panel(
            "Prediction and score",
            "How far the model's outputs are from the reference: Jensen–Shannon, 0 = same, 1 = nothing in common.",
            "timeseries",
            (Query(statistic("drift", "jensen_shannon") + _OUTPUTS, legend("model", "version", "column")),),
        ),
        Panel(
            "Columns that moved most",
            "The ten largest values now (population stability index).",
            "bargauge",
            (Query(f"topk(10, max by ({by('model', 'column')}) ({_PSI}))", legend("model", "column")),),
        ),
        Panel(
            "Least likely by chance",
            "The ten smallest p-values. Of many columns some are small by chance; alarms correct for that.",
            "table",
            (Query(f"sort(bottomk(10, min by ({by('model', 'column', 'test')}) ({_P_VALUE})))", instant=True),),
            columns=columns("model", "column", "test", value="p-value"),
        ),
        Panel(
            "Drift of columns over time",
            "Population stability index of the chosen columns.",
            "timeseries",
            (Query(_PSI, legend("model", "version", "column")),),
            width=24,
        ),
        Panel(
            "All columns together",
            "How well a classifier tells rows of the window from rows of the reference: 0.5 = not at all, 1 = always.",
            "timeseries",
            (Query(metric(semconv.METRIC_DOMAIN_CLASSIFIER) + _WINDOWS, legend("model", "version", "window")),),
            defaults={"min": 0.4, "max": 1},
        ),
        Panel(
            "Change of structure",
            "How far rows lie from what usually goes with what, against the reference, in standard errors: beyond 3 "
            "columns no longer go together as they did.",
            "timeseries",
            (Query(metric(semconv.METRIC_RECONSTRUCTION_SHIFT) + _WINDOWS, legend("model", "version", "window")),),
        ),
        Panel(
            "Changed correlations",
            "Pairs of columns whose correlation differs from the reference by more than chance.",
            "timeseries",
            (Query(metric(semconv.METRIC_CHANGED_CORRELATIONS) + _WINDOWS, legend("model", "version", "window")),),
            defaults={"min": 0, "decimals": 0},
        ),
    ),
)
