"""Fairness of the newest window: one table per sensitive feature, small groups marked instead of compared."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from miops_collector.report import Observation
from miops_collector.web.format import count_text, number_text, window_text

__all__ = ["GroupRow", "GroupTable", "group_tables"]

_FAMILY = "miops.fairness."
_COUNT = f"{_FAMILY}group_rows"
_BAR = f"{_FAMILY}selection_rate"
BAR_WIDTH = 120


@dataclass(frozen=True, slots=True)
class GroupRow:
    """One group; ``bar`` is the length of its selection rate, ``small`` why it is not compared."""

    group: str
    rows: str
    bar: float | None
    values: tuple[str, ...]
    small: str


@dataclass(frozen=True, slots=True)
class GroupTable:
    """One sensitive feature or intersection: ``gaps`` between groups, then the groups."""

    feature: str
    window: str
    gaps: tuple[tuple[str, str, str], ...]
    columns: tuple[str, ...]
    rows: tuple[GroupRow, ...]


def group_tables(observations: Iterable[Observation]) -> list[GroupTable]:
    """Of the fairness observations of one model version and window length."""
    by_feature: defaultdict[str, list[Observation]] = defaultdict(list)
    for o in observations:
        if o.metric.startswith(_FAMILY):
            by_feature[o.sensitive_feature].append(o)
    return [_table(feature, found) for feature, found in sorted(by_feature.items())]


def _table(feature: str, found: Sequence[Observation]) -> GroupTable:
    gaps = tuple(
        (_name(o.metric), number_text(o.value), o.reason if math.isnan(o.value) else "") for o in found if not o.group
    )
    metrics = list(dict.fromkeys(o.metric for o in found if o.group and o.metric != _COUNT))
    by_group: defaultdict[str, dict[str, Observation]] = defaultdict(dict)
    for o in found:
        if o.group:
            by_group[o.group][o.metric] = o
    rows = tuple(_row(group, values, metrics) for group, values in by_group.items())
    window = found[0].window
    return GroupTable(feature, window_text(window.start, window.end), gaps, tuple(map(_name, metrics)), rows)


def _row(group: str, found: dict[str, Observation], metrics: Sequence[str]) -> GroupRow:
    count = found[_COUNT].value if _COUNT in found else max(o.n for o in found.values())
    rate = found.get(_BAR)
    shown = rate is not None and math.isfinite(rate.value) and rate.status != "insufficient_data"
    small = rate.reason or "too few rows" if rate is not None and rate.status == "insufficient_data" else ""
    values = tuple(_value(found.get(metric)) for metric in metrics)
    bar = round(BAR_WIDTH * min(max(rate.value, 0.0), 1.0), 1) if rate is not None and shown else None
    return GroupRow(group, count_text(count), bar, values, small)


def _value(o: Observation | None) -> str:
    return number_text(math.nan if o is None or o.status == "insufficient_data" else o.value)


def _name(metric: str) -> str:
    return metric.rpartition(".")[2].replace("_", " ")
