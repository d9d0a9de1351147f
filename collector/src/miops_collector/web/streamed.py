"""A column of a model version, or its errors, as they are stored: one number after the other, by event time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from miops_collector.classes import class_index, class_names, class_text, number_text
from miops_collector.columns import Column, Numbers
from miops_collector.errors import InputError, did_you_mean
from miops_collector.stores._store import ModelInfo, Store
from miops_collector.summarise import columns_of, rows_of
from miops_collector.summary import FloatArray

__all__ = ["ERRORS", "MOST", "Streamed", "streamed", "written"]

ERRORS: Final = "errors"
"""What the stream of errors is called, as if it were a column."""
MOST: Final = 250_000
"""Numbers that are read at once."""
OUTPUTS: Final = {"prediction": "value_number", "score": "score"}
DECISIONS: Final = ("time", "value_number", "value_text")


@dataclass(frozen=True, slots=True, eq=False)
class Streamed:
    """``times`` ``(n,) int64`` rising, nanoseconds; ``values`` ``(n,) float64``, none of them missing."""

    times: NDArray[np.int64]
    values: FloatArray


def streamed(store: Store, info: ModelInfo, column: str, *, start: int, end: int) -> Streamed:
    """Of the predictions of ``[start, end)``: a numeric column, or ``errors`` of those whose truth is known.

    An error is 0 or 1 for a classifier, else the absolute difference.

    Raises
    ------
    InputError
        If there is no such numeric column, or there are more than :data:`MOST` rows.
    """
    if column == ERRORS:
        read = store.truth_changes(info.key, after=0, upto=store.newest(), columns=DECISIONS)
        return _in_order(_few(_errors(table, info.classes) for table in _of_time(read, start, end)))
    source = _source(info, column)
    table = store.sample(info.key, start=start, end=end, columns=("time", source), rows=MOST + 1)
    return _in_order(_few([] if table is None else [_numbers(table, source)]))


def _source(info: ModelInfo, column: str) -> str:
    known = {name.partition(".")[2]: name for name, kind in info.columns.items() if kind == "number"} | OUTPUTS
    if column not in known:
        msg = f"column: {column!r} is no number of this model{did_you_mean(column, [*known, ERRORS])}"
        raise InputError(msg)
    return known[column]


def _of_time(tables: Iterator[pa.Table], start: int, end: int) -> Iterator[pa.Table]:
    for table in tables:
        time = table.column("time")
        yield table.filter(pc.and_(pc.greater_equal(time, start), pc.less(time, end)))


def _few(pieces: Iterable[Streamed]) -> list[Streamed]:
    found, count = [], 0
    for piece in pieces:
        count += len(piece.times)
        if count > MOST:
            msg = f"there are more than {MOST:,} rows: say from when to when, with from and to"
            raise InputError(msg)
        found.append(piece)
    return found


def _in_order(pieces: Sequence[Streamed]) -> Streamed:
    times = np.concatenate([np.zeros(0, np.int64), *(p.times for p in pieces)])
    values = np.concatenate([np.zeros(0), *(p.values for p in pieces)])
    order = np.argsort(times, kind="stable")
    order = order[np.isfinite(values[order])]
    return Streamed(times[order], values[order])


def _numbers(table: pa.Table, source: str) -> Streamed:
    times = table.column("time").to_numpy()
    if source in OUTPUTS.values():
        return Streamed(times, table.column(source).cast(pa.float64()).to_numpy())
    found = columns_of(table)[source]
    return Streamed(times, found.values if isinstance(found, Numbers) else np.full(len(times), np.nan))


def _errors(table: pa.Table, classes: Sequence[str]) -> Streamed:
    rows = rows_of(table)
    assert rows.truth is not None
    if not classes and isinstance(rows.value, Numbers) and isinstance(rows.truth, Numbers):
        return Streamed(rows.time, np.abs(rows.value.values - rows.truth.values))
    texts = [written(column) for column in (rows.value, rows.truth)]
    index = class_index(classes or class_names(word for words, _ in texts for word in words))
    said, true = (np.array([*(index.get(w, -1) for w in words), -1])[codes] for words, codes in texts)
    return Streamed(rows.time, np.where((said < 0) | (true < 0), np.nan, said != true))


def written(column: Column) -> tuple[list[str], NDArray[np.integer]]:
    """Classes as they are written, and ``(n,)`` which of them each row has, -1 if none."""
    if not isinstance(column, Numbers):
        return [class_text(word) for word in column.words], column.codes
    distinct, codes = np.unique(column.values, return_inverse=True)
    known = np.isfinite(distinct)
    return [number_text(value) for value in distinct[known].tolist()], np.where(known[codes], codes, -1)
