"""Many measurements into one histogram at once, where the SDK lets itself be helped.

The API has no bulk form, and one ``record`` costs several microseconds. The SDK's explicit-bucket aggregation is a
list of counts, a sum and two extremes under a lock; adding to it directly is a private affair between us and
known versions, so it is tried on a histogram of our own first, and whenever anything looks unfamiliar every
value takes the public way.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from opentelemetry.metrics import Histogram, NoOpHistogram

__all__ = ["record_all"]


def record_all(
    histogram: Histogram, values: NDArray[np.float64], attributes: Mapping[str, Any], *, at_most: int | None = None
) -> None:
    """Record all values with the same attributes.

    Parameters
    ----------
    values
        ``(n,)``, finite.
    at_most
        How many take the public way where the fast one is closed; ``None`` means all.
    """
    real = getattr(histogram, "_real_instrument", histogram)
    if real is None or isinstance(real, NoOpHistogram) or not len(values):
        return
    fast = len(values) > 1 and _works()
    aggregations = None
    if fast:
        histogram.record(float(values[0]), attributes)
        aggregations = _aggregations(real, attributes)
    if aggregations is not None:
        for aggregation in aggregations:
            _add(aggregation, values[1:])
        return
    for value in values[1 if fast else 0 : at_most].tolist():
        histogram.record(value, attributes)


def _aggregations(histogram: Any, attributes: Mapping[str, Any]) -> list[Any] | None:
    """Where the value just recorded has gone: one aggregation per reader and view, or ``None`` if one is unfamiliar."""
    found: list[Any] = []
    try:
        storages = list(histogram._measurement_consumer._reader_storages.values())  # noqa: SLF001
        matches = [m for s in storages for m in s._get_or_init_view_instrument_match(histogram)]  # noqa: SLF001
        for match in matches:
            kept = match._view._attribute_keys  # noqa: SLF001
            wanted = {k: v for k, v in attributes.items() if kept is None or k in kept}
            candidates = list(match._attributes_aggregation.values())  # noqa: SLF001
            own = [a for a in candidates if dict(a._attributes or {}) == wanted]  # noqa: SLF001
            if len(own) != 1 or not _familiar(own[0]):
                return None
            found.append(own[0])
    except (AttributeError, TypeError):
        return None
    return found


def _familiar(aggregation: Any) -> bool:
    counts = getattr(aggregation, "_value", None)
    return type(aggregation).__name__ == "_ExplicitBucketHistogramAggregation" and isinstance(counts, list)


def _add(aggregation: Any, values: NDArray[np.float64]) -> None:
    bounds = np.asarray(aggregation._boundaries)  # noqa: SLF001
    counts = np.bincount(np.searchsorted(bounds, values, side="left"), minlength=len(bounds) + 1).tolist()
    total, lowest, highest = float(values.sum()), float(values.min()), float(values.max())
    with aggregation._lock:  # noqa: SLF001
        had = aggregation._value or [0] * len(counts)  # noqa: SLF001
        aggregation._value = [a + b for a, b in zip(had, counts, strict=True)]  # noqa: SLF001
        aggregation._sum += total  # noqa: SLF001
        aggregation._min = min(aggregation._min, lowest)  # noqa: SLF001
        aggregation._max = max(aggregation._max, highest)  # noqa: SLF001


@cache
def _works() -> bool:
    """Whether the fast way gives what the public one gives, on a provider of our own."""
    try:
        from opentelemetry.sdk.metrics import MeterProvider
        from opentelemetry.sdk.metrics.export import InMemoryMetricReader
        from opentelemetry.sdk.resources import Resource

        values, points = np.array([0.5, 1.5, 1.5, 99.0]), []
        for fast in (True, False):
            reader = InMemoryMetricReader()
            provider = MeterProvider([reader], Resource({}), shutdown_on_exit=False)
            histogram = provider.get_meter("miops").create_histogram(
                "h", explicit_bucket_boundaries_advisory=[1.0, 2.0]
            )
            for value in values[: 1 if fast else None].tolist():
                histogram.record(value, {"k": "v"})
            for aggregation in (_aggregations(histogram, {"k": "v"}) or []) if fast else []:
                _add(aggregation, values[1:])
            data: Any = reader.get_metrics_data()
            points.append(data.resource_metrics[0].scope_metrics[0].metrics[0].data.data_points[0])
            provider.shutdown()
        seen = [(list(p.bucket_counts), p.count, p.sum, p.min, p.max) for p in points]
        return seen[0] == seen[1]
    except Exception:  # noqa: BLE001  # whatever is unfamiliar: the public way is always there
        return False
