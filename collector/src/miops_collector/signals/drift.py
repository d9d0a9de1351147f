"""Whether the columns, the predictions and the scores are distributed as in the reference."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import isnan, nan
from typing import Final

import numpy as np

from miops import semconv
from miops_collector.layout import ColumnLayout, Summaries
from miops_collector.report import Observation
from miops_collector.signals._context import Context
from miops_collector.signals._measure import measure
from miops_collector.statistics import statistics_of
from miops_collector.statistics.definitions import DEFINITIONS, Definition, Measured, Sample

__all__ = ["drift"]

OF_DATA_SET: Final = ("feature", "prediction")
"""Roles of the columns that another tool finds in a data set."""
NOT_COMPARED: Final = "undefined: an identifier or free text, nearly every value of the reference is there once"
"""Such a column is watched for missing values and wrong types only."""


def drift(context: Context, reference: Summaries | None, current: Summaries) -> Iterator[Observation]:
    """Every drift statistic of every column, by the definitions that were chosen; nothing without a reference."""
    if reference is None:
        return
    definition = DEFINITIONS.get(context.definition)
    ours = _ours(context, reference, current)
    yield from (
        (found for _, found in ours) if definition is None else _followed(context, definition, ours, reference, current)
    )


def _ours(context: Context, reference: Summaries, current: Summaries) -> Iterator[tuple[ColumnLayout, Observation]]:
    statistics = statistics_of("drift")
    for column in current.layout.columns:
        then, now = reference.distribution(column), current.distribution(column)
        for statistic in statistics:
            if type(now) in statistic.takes:
                found = measure(context, statistic, now, reference=then, column=column.name)
                unlike = column.is_identifier and found.status == "ok"
                yield column, replace(found, value=nan, p_value=nan, reason=NOT_COMPARED) if unlike else found


def _followed(
    context: Context,
    definition: Definition,
    ours: Iterator[tuple[ColumnLayout, Observation]],
    reference: Summaries,
    current: Summaries,
) -> Iterator[Observation]:
    """What another tool means by them, and whether it would say that the data set drifted."""
    chosen: list[Observation] = []
    for column, found in ours:
        if found.status != "ok" or column.is_identifier:
            yield found
            continue
        samples, name = (Sample.of(reference, column), Sample.of(current, column)), found.metric.rpartition(".")[2]
        theirs = _theirs(definition, name, column, *samples, found)
        if theirs.definition and definition.chosen(*samples) == name:
            theirs = replace(theirs, reason="; ".join(filter(None, (theirs.reason, f"chosen by {definition.name}"))))
            chosen += [theirs] if column.role in OF_DATA_SET else []
        yield theirs
    if chosen and not isnan(definition.drifted_share):
        yield _of_data_set(context, definition, chosen, reference, current)


def _theirs(
    definition: Definition, name: str, column: ColumnLayout, then: Sample, now: Sample, ours: Observation
) -> Observation:
    """What the other tool means by it; ours where it has no such statistic, or nothing of its own was frozen."""
    method, frozen = definition.of(column.kind).get(name), np.array(column.definition_edges)
    if method is None or (definition.freezes and column.kind == "numeric" and not len(frozen)):
        return ours
    found = method(then, now, frozen)
    if found is None:
        return ours
    found = found if found.rule else _by_chunks(found, name, column, ours.window.label)
    said = f"drift is {found.rule}" if found.rule else ""
    return replace(
        ours,
        value=found.value,
        p_value=found.p_value,
        status="warning" if found.drifted else ours.status,
        definition=definition.label,
        reason=f"undefined by {definition.name}" if isnan(found.value) else said,
    )


def _by_chunks(found: Measured, name: str, column: ColumnLayout, window: str) -> Measured:
    """Held to what its reference's chunks of this length say, else to what its ten say."""
    limits = {label: (limit, chunks) for of, label, limit, chunks in column.definition_thresholds if of == name}
    label = window if window in limits else ""
    if label not in limits:
        return found
    limit, chunks = limits[label]
    parts = f"{chunks} chunks of {label}" if label else f"{chunks} chunks"
    rule = f"> {limit:.4g}, the mean and 3 standard deviations over {parts} of the reference"
    return replace(found, drifted=found.value > limit, rule=rule)


def _of_data_set(
    context: Context, definition: Definition, chosen: Sequence[Observation], reference: Summaries, current: Summaries
) -> Observation:
    """Share of the columns that drifted by the statistic the tool chose for each."""
    drifted = [o.column for o in chosen if o.status == "warning"]
    share = len(drifted) / len(chosen)
    return Observation(
        metric=semconv.METRIC_DRIFTED_SHARE,
        model=context.model,
        window=context.window,
        value=share,
        n=current.volume.rows,
        status="warning" if share >= definition.drifted_share else "ok",
        computed_at=context.computed_at,
        n_reference=reference.volume.rows,
        segment=context.segment,
        complete=context.complete,
        reason=f"drift is ≥ {definition.drifted_share}; {len(drifted)} of {len(chosen)} columns: {', '.join(drifted)}",
        definition=definition.label,
    )
