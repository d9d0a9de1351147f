"""Fairness of the newest window: a table per sensitive feature, with intervals; small groups are not compared."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from miops_collector.report import Observation
from miops_collector.web.format import number_text, window_text

__all__ = ["Gap", "GroupRow", "GroupTable", "GroupValue", "group_tables"]

_FAMILY = "miops.fairness."
_COUNT = f"{_FAMILY}group_rows"
_BAR = f"{_FAMILY}selection_rate"
_FIRST_GAPS = (
    "demographic_parity_ratio", "demographic_parity_difference", "equal_opportunity_difference",
    "equalized_odds_difference", "accuracy_worst", "mae_difference", "mean_prediction_difference",
)  # fmt: skip
_FALSE_SHARE = 0.05
BAR_WIDTH = 120


@dataclass(frozen=True, slots=True)
class GroupValue:
    """One number of a group; ``differs`` from the other groups by more than chance, looking at all groups at once."""

    text: str
    interval: str
    was: str
    differs: bool


@dataclass(frozen=True, slots=True)
class Gap:
    """What differs between the extreme groups, with its interval, or why there is none."""

    name: str
    value: str
    beside: str


@dataclass(frozen=True, slots=True)
class GroupRow:
    """One group; ``bar`` is the length of its selection rate."""

    group: str
    count: float
    bar: float | None
    values: tuple[GroupValue, ...]


@dataclass(frozen=True, slots=True)
class GroupTable:
    """One sensitive feature or intersection: groups, largest first, gaps between them, and groups not compared."""

    feature: str
    window: str
    columns: tuple[str, ...]
    rows: tuple[GroupRow, ...]
    gaps: tuple[Gap, ...]
    more_gaps: tuple[Gap, ...]
    small: tuple[GroupRow, ...]


def group_tables(observations: Iterable[Observation]) -> list[GroupTable]:
    """Of the fairness observations of one model version and window length."""
    by_feature: defaultdict[str, list[Observation]] = defaultdict(list)
    for o in observations:
        if o.metric.startswith(_FAMILY):
            by_feature[o.sensitive_feature].append(o)
    return [_table(feature, found) for feature, found in sorted(by_feature.items())]


def _table(feature: str, found: Sequence[Observation]) -> GroupTable:
    gaps = {o.metric.removeprefix(_FAMILY): _gap(o) for o in found if not o.group}
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
        gaps=tuple(gaps[name] for name in _FIRST_GAPS if name in gaps),
        more_gaps=tuple(gap for name, gap in sorted(gaps.items()) if name not in _FIRST_GAPS),
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


def _value(o: Observation | None) -> GroupValue:
    if o is None or o.status == "insufficient_data" or math.isnan(o.value):
        return GroupValue(number_text(math.nan), "", "", differs=False)
    was = f"reference {number_text(o.reference)}" if math.isfinite(o.reference) else ""
    return GroupValue(number_text(o.value), _interval(o), was, differs=o.p_value <= _FALSE_SHARE)


def _gap(o: Observation) -> Gap:
    if math.isnan(o.value):
        return Gap(_name(o.metric), number_text(o.value), o.reason)
    was = f"reference {number_text(o.reference)}" if math.isfinite(o.reference) else ""
    return Gap(_name(o.metric), number_text(o.value), ", ".join(part for part in (_interval(o), was) if part))


def _interval(o: Observation) -> str:
    known = math.isfinite(o.low) and math.isfinite(o.high)
    return f"{number_text(o.low)} … {number_text(o.high)}" if known else ""


def _name(metric: str) -> str:
    return metric.rpartition(".")[2].replace("_", " ")
