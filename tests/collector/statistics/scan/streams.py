"""Reference and windows as the collector keeps them, made from arrays, without Arrow and stores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from miops_collector.layout import ColumnLayout, Layout, Role, Summaries

BINS = 128
VOLUME_FIELDS = 5

Column = np.ndarray


def layout_of(columns: Mapping[str, Column], *, roles: Mapping[str, Role] | None = None, bins: int = BINS) -> Layout:
    """Quantile edges of numbers, categories of texts, most frequent first."""
    roles = roles or {}
    return Layout(
        task="regression",
        columns=tuple(_column(name, values, roles.get(name, "feature"), bins) for name, values in columns.items()),
    )


def _column(name: str, values: Column, role: Role, bins: int) -> ColumnLayout:
    source = f"feature.{name}"
    if values.dtype.kind in "OU":
        words, counts = np.unique(values[values != ""], return_counts=True)
        return ColumnLayout(name, source, role, "categorical", categories=tuple(words[np.argsort(-counts)].tolist()))
    known = values[np.isfinite(values)]
    edges = np.unique(np.quantile(known, np.linspace(0, 1, bins + 1), method="inverted_cdf"))
    if len(edges) == 1:
        edges = np.array([edges[0], np.nextafter(edges[0], np.inf)])
    groups = np.minimum(np.arange(len(edges) - 1) * 10 // (len(edges) - 1), 9)
    groups = np.unique(groups, return_inverse=True)[1]
    return ColumnLayout(
        name, source, role, "numeric", tuple(edges.tolist()), tuple(groups.tolist()), center=float(known.mean())
    )


def summarise(layout: Layout, columns: Mapping[str, Column]) -> Summaries:
    """Rows of weight 1; an empty text and nan are missing."""
    vector, extremes = layout.empty(), layout.empty_extremes()
    rows = len(next(iter(columns.values())))
    layout.blocks["volume"].of(vector)[:3] = rows
    for column in layout.columns:
        values = columns[column.name]
        layout.blocks[f"column.{column.name}"].of(vector)[:] = cells_of(column, values)
        if column.kind == "numeric":
            x = values[np.isfinite(values)]
            d = x - column.center
            layout.blocks[f"moments.{column.name}"].of(vector)[:] = (len(x), d.sum(), (d * d).sum())
            if len(x):
                extremes[layout.numeric.index(column.name)] = x.min(), x.max()
    return Summaries(layout, vector, extremes)


def cells_of(column: ColumnLayout, values: Column) -> np.ndarray:
    cells = np.zeros(column.size)
    if column.kind == "categorical":
        place = {c: i + 2 for i, c in enumerate(column.categories)}
        for word, count in zip(*np.unique(values, return_counts=True), strict=True):
            cells[0 if word == "" else place.get(word, column.size - 1)] += count
        return cells
    edges = np.array(column.edges)
    known = values[~np.isnan(values)]
    cells[0] = len(values) - len(known)
    at = np.searchsorted(edges, known, side="right")
    at[known == edges[-1]] = len(edges) - 1
    cells[2:] = np.bincount(at, minlength=len(edges) + 1)
    return cells


def look_backs(windows: Sequence[Summaries], depths: Sequence[int]) -> list[tuple[int, Summaries]]:
    """Sums of the newest windows, those depths that are filled."""
    found = []
    for depth in depths:
        if depth <= len(windows):
            total = windows[-1]
            for window in windows[-depth:-1]:
                total = total + window
            found.append((depth, total))
    return found
