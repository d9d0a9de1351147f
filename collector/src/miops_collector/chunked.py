"""Thresholds of a definition that come from chunks of the reference, frozen with it: its single rows are gone later."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import isnan

import numpy as np
from numpy.typing import NDArray

from miops_collector.binning import summarise
from miops_collector.columns import Rows
from miops_collector.layout import ColumnLayout, Layout, Summaries
from miops_collector.statistics.definitions import Definition, Sample
from miops_collector.statistics.definitions.chunks import LEFT_OUT, by_number, by_period, upper_threshold
from miops_collector.window import format_length

__all__ = ["with_thresholds"]


def with_thresholds(
    layout: Layout, reference: Summaries, rows: Rows, definition: Definition, lengths: Sequence[int]
) -> Layout:
    """The layout with what its reference says of where drift begins; as it is where the tool's thresholds are constant.

    Chunks are periods of the length of each window (nanoseconds), where the rows' times are in more than one of them,
    and ten of equal size, which count for every other window.
    """
    if not definition.chunked:
        return layout
    plain = replace(layout, axes=(), segments=(), score_edges=(), class_scores=False)
    chunkings = {"": by_number(rows.time)}
    chunkings |= {
        format_length(length): found for length in lengths if (found := by_period(rows.time, length)) is not None
    }
    said = {label: _thresholds(definition, reference, _chunks(plain, rows, of)) for label, of in chunkings.items()}
    columns = (
        replace(column, definition_thresholds=tuple((s, label, t, n) for label in said for s, t, n in said[label][i]))
        for i, column in enumerate(layout.columns)
    )
    return replace(layout, columns=tuple(columns))


def _chunks(layout: Layout, rows: Rows, chunk: NDArray[np.int64]) -> Iterator[Summaries]:
    """Sums of the columns of each chunk."""
    delta = summarise(layout, replace(rows, time=chunk - LEFT_OUT, truth=None, sign=None), 1)
    for i, start in enumerate(delta.starts.tolist()):
        if start > 0:
            touched, vector = slice(delta.offsets[i], delta.offsets[i + 1]), layout.empty()
            vector[delta.cells[touched]] = delta.values[touched]
            yield Summaries(layout, vector, delta.extremes[i])


def _thresholds(
    definition: Definition, reference: Summaries, chunks: Iterator[Summaries]
) -> list[list[tuple[str, float, int]]]:
    """By column: statistic, threshold and the number of chunks with rows, which it comes from."""
    columns = reference.layout.columns
    whole = [Sample.of(reference, column) for column in columns]
    values: list[dict[str, list[float]]] = [{} for _ in columns]
    for chunk in chunks:
        for found, column, then in zip(values, columns, whole, strict=True):
            for name, value in _values(definition, column, then, Sample.of(chunk, column)):
                found.setdefault(name, []).append(value)
    return [
        [(name, upper_threshold(of, definition.chunked[name]), len(of)) for name, of in found.items()]
        for found in values
    ]


def _values(definition: Definition, column: ColumnLayout, then: Sample, now: Sample) -> Iterator[tuple[str, float]]:
    """Nothing without values; of one statistic the tool may have no value."""
    methods, edges = definition.of(column.kind), np.array(column.definition_edges)
    if not now.n > 0 or (definition.freezes and column.kind == "numeric" and not len(edges)):
        return
    for name in sorted(methods.keys() & definition.chunked.keys()):
        found = methods[name](then, now, edges)
        if found is not None and not isnan(found.value):
            yield name, found.value
