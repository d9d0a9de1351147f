"""Quality of every column in the newest window, beside its reference; columns with a fault apart."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from miops_collector.report import Observation
from miops_collector.web.format import number_text, percent_text

__all__ = ["QualityCell", "QualityRow", "QualityTable", "quality_table"]

_FAMILY = "miops.quality."


@dataclass(frozen=True, slots=True)
class QualityCell:
    """``worse`` than its reference in plain sight: a hint for the eye, not a test."""

    text: str
    reference: str
    status: str
    worse: bool


@dataclass(frozen=True, slots=True)
class QualityRow:
    """One column, with a cell per statistic."""

    column: str
    cells: tuple[QualityCell | None, ...]


@dataclass(frozen=True, slots=True)
class QualityTable:
    """``faulty`` columns have at least one cell that is worse than its reference."""

    statistics: tuple[str, ...]
    faulty: tuple[QualityRow, ...]
    sound: tuple[QualityRow, ...]


def quality_table(observations: Iterable[Observation]) -> QualityTable | None:
    """Of the quality observations of one model version and window length; ``None`` if there are none."""
    found: defaultdict[str, dict[str, Observation]] = defaultdict(dict)
    for o in observations:
        if o.metric.startswith(_FAMILY):
            found[o.column][o.metric] = o
    metrics = sorted({metric for row in found.values() for metric in row})
    rows = [QualityRow(c or "all columns", tuple(_cell(row.get(m)) for m in metrics)) for c, row in found.items()]
    rows.sort(key=lambda row: row.column)
    faulty = tuple(row for row in rows if any(cell and cell.worse for cell in row.cells))
    names = tuple(m.removeprefix(_FAMILY).removesuffix("_share").replace("_", " ") for m in metrics)
    return QualityTable(names, faulty, tuple(row for row in rows if row not in faulty)) if rows else None


def _cell(o: Observation | None) -> QualityCell | None:
    if o is None:
        return None
    show = percent_text if o.metric.endswith("_share") else number_text
    reference = o.reference if math.isfinite(o.reference) else 0.0
    worse = o.status in {"warning", "alert"} or (math.isfinite(o.value) and o.value > 2 * reference + 0.01)
    return QualityCell(show(o.value), show(o.reference), o.status, worse)
