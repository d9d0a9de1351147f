"""Where in its list each row of a ranking stands: what a ranker shows and does not say."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from miops import semconv
from miops.columns import Column
from miops.sources import Source

__all__ = ["list_columns"]


def list_columns(source: Source, columns: Mapping[str, Column], counts: NDArray[np.int64]) -> dict[str, Column]:
    """Place and size of the list of each row: of rankers, unless the user said either.

    A call is a list, and the highest prediction its first place; of equal ones the first row. Rows of calls of one row
    are in no list: such a server ranks elsewhere.

    Parameters
    ----------
    columns
        All others of these rows, by wire name.
    counts
        ``(calls,)`` rows of each call.
    """
    told = semconv.COLUMN_LIST_POSITION in columns or semconv.COLUMN_LIST_SIZE in columns
    by = next((columns[name] for name in (semconv.COLUMN_VALUE, semconv.COLUMN_SCORE) if name in columns), None)
    if source.model.task != semconv.RANKING or told or by is None or by.kind not in ("double", "int64"):
        return {}
    sizes = np.repeat(counts, counts)
    if sizes.max(initial=0) < 2:
        return {}
    starts = np.cumsum(counts) - counts
    order = np.lexsort((-by.data.astype(np.float64), np.repeat(starts, counts)))
    places = np.empty(len(order), np.int64)
    places[order] = np.arange(len(order)) - np.repeat(starts, counts) + 1
    listed = None if counts.min() > 1 else sizes > 1
    return {
        semconv.COLUMN_LIST_POSITION: Column("int64", places, listed),
        semconv.COLUMN_LIST_SIZE: Column("int64", sizes, listed),
    }
