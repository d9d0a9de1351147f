"""Metrics are accepted and counted; none of them hold rows."""

from __future__ import annotations

from miops_collector.otlp.canonical import canonical
from miops_collector.otlp.items import count_items
from miops_collector.otlp.verdict import Tally

__all__ = ["count_metrics"]


def count_metrics(payload: bytes, tally: Tally) -> None:
    """Count metrics that protobuf can read.

    Raises
    ------
    InputError
        If the payload is no request of metrics.
    """
    tally.items = tally.other = count_items(canonical("metrics", payload))
