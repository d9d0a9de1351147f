"""Whether the collector keeps up and loses nothing."""

from __future__ import annotations

from dashboards.builder import Panel, Query, Row
from dashboards.names import buckets, by, legend, metric, own, selector
from miops import semconv

__all__ = ["HEALTH"]

_OUTCOMES = ("received", "stored", "deduplicated", "refused")
_DROPPED = (
    ("rows.refused", "reason", "rows refused:"),
    ("values.ignored", "reason", "values left out:"),
    ("forward.dropped", "reason", "requests not forwarded:"),
    ("items.other", "kind", "items that are no predictions:"),
)
"""What is counted instead of kept, the label that says why, and how it is called."""
_IN_USE = f"{own('queue.size')}{selector()} / {own('queue.capacity')}{selector()}"


def _per_second(name: str, labels: str = "job") -> str:
    return f"sum by ({labels}) (rate({own(name)}{selector()}[$__rate_interval]))"


HEALTH = Row(
    "Collector",
    (
        Panel(
            "Rows",
            "What happens to rows: received = stored + deduplicated + refused.",
            "timeseries",
            tuple(Query(_per_second(f"rows.{name}"), name) for name in _OUTCOMES),
            unit="rowsps",
        ),
        Panel(
            "Requests",
            "Requests by outcome: refused ones were told to come back, invalid ones were not.",
            "timeseries",
            (Query(_per_second("requests", by("outcome")), legend("outcome")),),
            unit="reqps",
        ),
        Panel(
            "Time to commit",
            "From arrival to acknowledgement, of the last thousand requests.",
            "timeseries",
            (Query(own("commit.latency") + selector(), f"quantile {legend('quantile')}"),),
            unit="s",
        ),
        Panel(
            "Commits by duration",
            "How many requests were acknowledged how long after they came; the upper end of each bucket in seconds.",
            "heatmap",
            (
                Query(
                    f"sum by (le) (increase({buckets('commit.duration')}{selector()}[$__rate_interval]))",
                    "{{le}}",
                    buckets=True,
                ),
            ),
            unit="s",
            options={"yAxis": {"unit": "s"}, "cellGap": 1},
        ),
        Panel(
            "Queue",
            "Share of the memory for waiting requests that is in use; at 100 % clients are told to come back.",
            "timeseries",
            (Query(_IN_USE, "in use"),),
            unit="percentunit",
            defaults={"min": 0, "max": 1},
        ),
        Panel(
            "Waiting for room",
            "Requests that found the memory for waiting requests full and waited for room in it, per second.",
            "timeseries",
            (Query(_per_second("waited"), "waited"),),
            unit="reqps",
        ),
        Panel(
            "Memory",
            "What the process takes, and its limit; near it clients are told to come back.",
            "timeseries",
            tuple(Query(own(f"memory.{name}") + selector(), name) for name in ("usage", "limit")),
            unit="bytes",
            defaults={"min": 0},
        ),
        Panel(
            "Oldest waiting request",
            "How long the request at the head of the queue has waited for its commit.",
            "timeseries",
            (Query(own("queue.lag") + selector(), "waits"),),
            unit="s",
        ),
        Panel(
            "Dropped, and why",
            "All that is counted instead of kept, by reason; zero is normal, but for telemetry that is no predictions.",
            "timeseries",
            tuple(Query(_per_second(name, by(label)), f"{words} {legend(label)}") for name, label, words in _DROPPED),
            unit="ops",
        ),
        Panel(
            "Time in evaluation",
            "Share of the time that goes into statistics and alarms; at 100 % results fall behind.",
            "timeseries",
            (Query(_per_second("ticks.seconds"), "evaluation"),),
            unit="percentunit",
            defaults={"min": 0},
        ),
        Panel(
            "Failures",
            "Commits, evaluations and exports that failed; above zero the log deserves a look.",
            "timeseries",
            (
                Query(_per_second("commits.failed"), "commits"),
                Query(_per_second("ticks.failed"), "evaluations"),
                Query(_per_second("export.failed"), "exports"),
            ),
            unit="ops",
        ),
        Panel(
            "Series left out",
            "Series beyond the budget of a model; the largest and the alarming ones are kept.",
            "timeseries",
            (
                Query(
                    metric(semconv.METRIC_SERIES_SUPPRESSED) + selector("model", "version"),
                    legend("model", "version"),
                ),
            ),
        ),
    ),
)
