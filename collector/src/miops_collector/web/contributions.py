"""How much each column and segment that an alarm is blamed on contributed to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from miops_collector.alerts import DRIFT
from miops_collector.report import Alert, Report
from miops_collector.web.encode import number
from miops_collector.web.segment_table import added_losses

__all__ = ["contributions"]

OF_DRIFT = ("statistic", "effect", "effect_low", "effect_high", "p_value")


def contributions(
    alert: Alert, columns: Sequence[str], segments: Sequence[str], report: Report
) -> list[dict[str, Any]]:
    """One entry for each, in this order.

    Of a column how far it drifted, as its own alarm says; of a segment how much of the mean loss of all rows it added
    since the reference, with the ends of the interval: segments that do not overlap add up to the whole change.
    """
    return [*_of_columns(alert, columns, report), *_of_segments(alert, segments, report)]


def _of_columns(alert: Alert, columns: Sequence[str], report: Report) -> Iterator[dict[str, Any]]:
    drifted = {a.column: a for a in report.alerts if a.rule == DRIFT and a.model == alert.model and a.state == "firing"}
    for column in columns:
        evidence = (alert if alert.column == column else drifted[column]).evidence
        yield {"column": column} | {name: _plain(evidence[name]) for name in OF_DRIFT if name in evidence}


def _of_segments(alert: Alert, segments: Sequence[str], report: Report) -> Iterator[dict[str, Any]]:
    added = {o.segment: o for o in added_losses(alert, report.observations)}
    for segment in segments:
        o = added[segment]
        yield {"segment": segment, "added_loss": number(o.value), "low": number(o.low), "high": number(o.high)}


def _plain(value: float | str) -> float | int | str | None:
    return value if isinstance(value, str) else number(value)
