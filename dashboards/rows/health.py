"""Whether the collector keeps up and loses nothing."""

from __future__ import annotations

from dashboards.builder import Panel, Query, Row
from dashboards.names import by, legend, metric, own, selector
from miops import semconv

__all__ = ["HEALTH"]

_OUTCOMES = ("received", "stored", "deduplicated", "refused")
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
            "Queue",
            "Share of the memory for waiting requests that is in use; at 100 % clients are told to come back.",
            "timeseries",
            (Query(_IN_USE, "in use"),),
            unit="percentunit",
            defaults={"min": 0, "max": 1},
        ),
        Panel(
            "Failures",
            "Commits and evaluations that failed; above zero the log deserves a look.",
            "timeseries",
            (Query(_per_second("commits.failed"), "commits"), Query(_per_second("ticks.failed"), "evaluations")),
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
