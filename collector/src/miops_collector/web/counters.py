"""The collector's own counters as JSON: every metric with its points, and the totals of rows people ask for first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from miops.semconv import COLLECTOR_PREFIX, QUANTILE
from miops_collector.metric import Metric, Point
from miops_collector.web.encode import number
from miops_collector.web.format import ABSENT, count_text, quantity_text

__all__ = ["attributes_text", "counters_json", "point_text", "row_totals"]

_ROWS = f"{COLLECTOR_PREFIX}rows."


def counters_json(metrics: Sequence[Metric]) -> dict[str, Any]:
    """``rows`` by outcome, summed over transports and reasons, and all ``metrics`` as they are."""
    return {
        "rows": {name: number(total) for name, total in row_totals(metrics).items()},
        "metrics": [_metric(m) for m in metrics],
    }


def row_totals(metrics: Sequence[Metric]) -> dict[str, float]:
    """``received``, ``stored``, ``refused``, ``deduplicated`` … as far as they are counted."""
    found = {m.name.removeprefix(_ROWS): m for m in metrics if m.name.startswith(_ROWS)}
    return {name: sum(p.value for p in m.points) for name, m in found.items()}


def attributes_text(attributes: Mapping[str, str]) -> str:
    """Which series of a metric it is, for a person."""
    return ", ".join(f"{value} quantile" if key == QUANTILE else value for key, value in attributes.items())


def point_text(metric: Metric, point: Point) -> str:
    """Its value with its unit; of a histogram the mean and how many that is of."""
    if point.counts:
        count = sum(point.counts)
        if not count:
            return ABSENT
        return f"{quantity_text(point.value / count, metric.unit)} on average of {count_text(count)}"
    return quantity_text(point.value, metric.unit)


def _metric(metric: Metric) -> dict[str, Any]:
    return {
        "name": metric.name,
        "unit": metric.unit,
        "description": metric.description,
        "points": [_point(p) for p in metric.points],
        **({"bounds": list(metric.bounds)} if metric.bounds else {}),
    }


def _point(point: Point) -> dict[str, Any]:
    """Of a histogram ``value`` is the sum, and ``counts`` are by ``bounds``, the last above all of them."""
    counts = {"counts": list(point.counts)} if point.counts else {}
    return {"attributes": dict(point.attributes), "value": number(point.value), **counts}
