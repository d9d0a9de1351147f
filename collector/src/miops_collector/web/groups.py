"""Fairness of the newest window: one table per sensitive feature, small groups marked instead of compared."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from miops_collector.report import Observation
from miops_collector.web.format import number_text, window_text

__all__ = ["GroupRow", "GroupTable", "group_tables"]

_FAMILY = "miops.fairness."
_COUNT = f"{_FAMILY}group_rows"
_BAR = f"{_FAMILY}selection_rate"
BAR_WIDTH = 120


@dataclass(frozen=True, slots=True)
class GroupRow:
    """One group; ``bar`` is the length of its selection rate."""

    group: str
    count: float
    bar: float | None
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GroupTable:
    """One sensitive feature or intersection: groups, largest first, gaps between them, and groups not compared."""

    feature: str
    window: str
    columns: tuple[str, ...]
    rows: tuple[GroupRow, ...]
    gaps: tuple[tuple[str, str, str], ...]
    small: tuple[GroupRow, ...]


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
    metrics = sorted({o.metric for o in found if o.group and o.metric != _COUNT}, key=lambda m: (m != _BAR, m))
    by_group: defaultdict[str, dict[str, Observation]] = defaultdict(dict)
    for o in found:
        if o.group:
            by_group[o.group][o.metric] = o
    rows = {group: _row(group, values, metrics) for group, values in by_group.items()}
    largest_first = sorted(rows.values(), key=lambda row: (-row.count, row.group))
    small = {group for group, values in by_group.items() if _is_small(values)}
    window = found[0].window
    return GroupTable(
        feature=feature,
        window=window_text(window.start, window.end),
        columns=tuple(map(_name, metrics)),
        rows=tuple(row for row in largest_first if row.group not in small),
        gaps=gaps,
        small=tuple(row for row in largest_first if row.group in small),
    )


def _is_small(found: Mapping[str, Observation]) -> bool:
    """Too few rows for its selection rate, which every row counts for."""
    rate = found.get(_BAR)
    return rate is not None and rate.status == "insufficient_data"


def _row(group: str, found: Mapping[str, Observation], metrics: Sequence[str]) -> GroupRow:
    count = found[_COUNT].value if _COUNT in found else max(o.n for o in found.values())
    rate = found[_BAR].value if _BAR in found else math.nan
    bar = round(BAR_WIDTH * min(max(rate, 0.0), 1.0), 1) if math.isfinite(rate) else None
    return GroupRow(group, count, bar, tuple(_value(found.get(metric)) for metric in metrics))


def _value(o: Observation | None) -> str:
    return number_text(math.nan if o is None or o.status == "insufficient_data" else o.value)


def _name(metric: str) -> str:
    return metric.rpartition(".")[2].replace("_", " ")
