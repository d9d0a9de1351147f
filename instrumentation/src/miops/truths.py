"""Ground truth on its way: held as lists, sent as columns, one event for all truth of one shape."""

from __future__ import annotations

from itertools import groupby
from typing import Any, Final, NamedTuple

import numpy as np

from miops import semconv
from miops.columns import Column, column, doubles, from_values

__all__ = ["Truth", "truth_columns"]

_TEXT: Final = frozenset({semconv.COLUMN_PREDICTION_ID, semconv.COLUMN_ENTITY_ID})


class Truth(NamedTuple):
    """Truth about some rows, waiting for the flush: lists by wire name, all of one length.

    ``key`` decides what is sent together: the event's attributes, the columns, the type of the values.
    """

    key: tuple[Any, ...]
    columns: dict[str, list[Any]]
    rows: int
    size: int


def truth_columns(waiting: list[Truth]) -> list[tuple[dict[str, Any], dict[str, Column], int]]:
    """Attributes, columns and rows of one event per key."""
    waiting = sorted(waiting, key=lambda truth: repr(truth.key))
    return [_joined(list(group)) for _, group in groupby(waiting, lambda truth: truth.key)]


def _joined(group: list[Truth]) -> tuple[dict[str, Any], dict[str, Column], int]:
    names = group[0].columns
    columns = {name: _column(name, [v for truth in group for v in truth.columns[name]]) for name in names}
    return dict(group[0].key[0]), columns, sum(truth.rows for truth in group)


def _column(name: str, values: list[Any]) -> Column:
    if name == semconv.COLUMN_TRACE_ID:
        return Column("binary16", np.frombuffer(b"".join(values), dtype=np.uint8).reshape(-1, 16))
    if name == semconv.COLUMN_ROW:
        return Column("int32", np.array(values, dtype=np.int32))
    if name in (semconv.COLUMN_TIME, semconv.COLUMN_PREDICTION_TIME):
        return Column("int64", np.array(values, dtype=np.int64))
    if name in _TEXT:
        return from_values(list(map(str, values)))
    if name.startswith(semconv.COLUMN_OUTCOME_PREFIX):
        return doubles([np.nan if value is None else float(value) for value in values])
    return column(values, keep_integers=True)
