"""Predictions that show what an alarm is about: those that are missing, unseen, far out, wrong, or decided against."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from miops import semconv
from miops_collector.alerts import DRIFT, QUALITY
from miops_collector.errors import InputError
from miops_collector.layout import ColumnLayout, Layout, Summaries
from miops_collector.report import Alert
from miops_collector.stores._store import Store
from miops_collector.summary import Histogram
from miops_collector.window import Window

__all__ = ["examples_of", "looked_back", "traces_of"]

MOST = 5
FAR_OUT = 0.05
"""The outer part of the reference's values that examples are taken from."""
Where: TypeAlias = Mapping[str, Any]
ANY: Where = {}
TOGETHER = " & "
"""Between the names of an intersection, of its features and of its groups."""
ESTIMATED = f"{semconv.METRIC_PREFIX}estimated_performance."
ERRORS = f"{semconv.METRIC_PREFIX}quality.error_rate"
"""Whose examples are the rows that the model failed on."""
TRUTHS = (f"{semconv.METRIC_PREFIX}performance.", f"{semconv.METRIC_PREFIX}calibration.", ESTIMATED)
"""Families of statistics of which wrong predictions are what to look at."""


def looked_back(alert: Alert) -> Window:
    """The event time the alarm's evidence is about: its window, and those before it that were summed with it."""
    count = int(float(alert.evidence.get("look_back", 1)))
    return Window(alert.window.end - count * alert.window.length, alert.window.end)


def examples_of(
    alert: Alert, store: Store, column: ColumnLayout | None, reference: Summaries | None, current: Summaries
) -> tuple[str, ...]:
    """Ids of a few predictions of :func:`looked_back`, the newest first; none where no row is better than another.

    Parameters
    ----------
    column
        The column the alarm is about, in the layout of ``reference`` and ``current``.
    current
        What the alarm looked at.
    """
    window = looked_back(alert)
    for where in _conditions(alert, column, reference, current):
        try:
            found = store.examples(alert.model, start=window.start, end=window.end, where=where, limit=MOST)
        except InputError:  # the reference has a column that no prediction ever had
            found = []
        if found:
            return tuple(found)
    return ()


def traces_of(examples: Sequence[str], store: Store) -> dict[str, str]:
    """Trace id by prediction id, empty where there is none."""
    return {example: str((store.prediction(example) or {}).get("trace_id") or "") for example in examples}


def _conditions(
    alert: Alert, column: ColumnLayout | None, reference: Summaries | None, current: Summaries
) -> Iterator[Where]:
    """What to look for, the most telling first."""
    if alert.metric == ERRORS:
        yield {"source": semconv.COLUMN_ERROR_TYPE, "missing": False}
    elif alert.metric.startswith(TRUTHS):
        yield from _worst(alert, current.layout)
    elif alert.sensitive_feature:
        yield from _unfavoured(alert, current.layout)
    elif column is None or not column.source:
        return
    elif alert.rule == QUALITY:
        yield {"source": column.source, "fault": True}
    elif alert.rule == DRIFT and reference is not None:
        effect = float(alert.evidence.get("effect", 0.0))
        yield from _drifted(column, str(alert.evidence.get("statistic")), effect, reference, current)


def _worst(alert: Alert, layout: Layout) -> Iterator[Where]:
    """Where truth contradicts the model; of an estimate that waits for truth, where the model is least sure."""
    middle = 0.5 if layout.probabilities and layout.positive >= 0 else 0.0
    unsure: Where = {"unsure": middle}
    if alert.metric.startswith(ESTIMATED) and not alert.metric.endswith("_gap"):
        yield from (unsure,) if layout.classes else ()
    else:
        yield {"wrong": middle} if layout.classes else {"error": True}


def _unfavoured(alert: Alert, layout: Layout) -> Iterator[Where]:
    """Rows of the least favoured group or intersection of groups, those first that were decided against."""
    of_group = _of_group(alert, layout)
    if not of_group:
        return
    if layout.positive >= 0:
        yield {**of_group, "decided": _written(layout.classes[1 - layout.positive])}
    yield of_group


def _of_group(alert: Alert, layout: Layout) -> Where:
    """Empty if its columns are not known."""
    group = alert.group or str(alert.evidence.get("least_favoured", ""))
    sources = {c.name: c.source for c in layout.columns if c.kind == "categorical"}
    names, parts = [alert.sensitive_feature], [group]
    if alert.sensitive_feature not in sources:
        names, parts = alert.sensitive_feature.split(TOGETHER), group.split(TOGETHER)
    if not group or len(names) != len(parts) or not set(names) <= sources.keys():
        return ANY
    (source, text), *others = ((sources[name], part) for name, part in zip(names, parts, strict=True))
    return {"source": source, "equals": text, **({"also": dict(others)} if others else {})}


def _drifted(
    column: ColumnLayout, statistic: str, effect: float, reference: Summaries, current: Summaries
) -> Iterator[Where]:
    source = column.source
    if statistic == "missing":
        yield {"source": source, "missing": effect > 0}
        yield from (ANY,) if effect > 0 else ()  # where no prediction ever had the column, every one shows it
    elif column.kind == "categorical":
        if statistic == "unseen":
            yield {"source": source, "not_in": (*column.categories, *column.pooled)}
        yield from ({"source": source, "equals": text} for text in _grown(column, reference, current))
    elif column.edges:
        yield from ({"source": source, **side} for side in _far_out(column, statistic, effect, reference))


def _grown(column: ColumnLayout, reference: Summaries, current: Summaries) -> tuple[str, ...]:
    """The category whose share grew most, as it may be written in the store."""
    now, then = current.distribution(column).fine[:-1], reference.distribution(column).fine[:-1]
    if not (len(now) and now.sum() > 0 and then.sum() > 0):
        return ()
    return _written(column.categories[int(np.argmax(now / now.sum() - then / then.sum()))])


def _written(text: str) -> tuple[str, ...]:
    """A category, and as it is in the store if it is a number."""
    try:
        return text, str(float(text))
    except ValueError:
        return (text,)


def _far_out(column: ColumnLayout, statistic: str, effect: float, reference: Summaries) -> tuple[dict[str, float], ...]:
    """Beyond the reference; else beyond its outer values on the side that grew."""
    outside: tuple[dict[str, float], ...] = ({"above": column.edges[-1]}, {"below": column.edges[0]})
    if statistic == "range":
        return outside
    distribution = reference.distribution(column)
    assert isinstance(distribution, Histogram)
    share = np.cumsum(distribution.fine[:-1]) / max(distribution.values, 1.0)
    high = column.edges[min(int(np.searchsorted(share, 1 - FAR_OUT)), len(column.edges) - 1)]
    low = column.edges[min(int(np.searchsorted(share, FAR_OUT, side="right")), len(column.edges) - 1)]
    sides: tuple[dict[str, float], ...] = ({"above": high}, {"below": low})
    return sides if effect > 0 else sides[::-1]
