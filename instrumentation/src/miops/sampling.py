"""Which rows are sent when not all are, and how many each of them then stands for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from miops import semconv
from miops.columns import Column, doubles
from miops.rows import Rows

__all__ = ["Sampling"]

_GOLDEN: Final = 0.6180339887498949
"""Multiples of it are spread evenly between 0 and 1: rows of one call are neither all kept nor all left out."""
_RANDOM_BITS: Final = 56
"""Of a trace id, from the right, as W3C trace context level 2 has it."""


@dataclass(slots=True)
class Sampling:
    """Keeps a share of rows, and every row of which the model is not sure or that it failed on.

    A row that chance has kept stands for ``1 / ratio`` rows, one that is always kept for itself: weighted counts,
    sums and means of what is sent are right on average, whatever the ratio. Rows of one trace share their luck,
    so that what a shadow model says to a request is kept together with what the primary one says.

    Attributes
    ----------
    ratio
        Greater than 0 and at most 1.
    keep_below
        Rows whose predicted class has a lower probability are always kept.
    """

    ratio: float = 1.0
    keep_below: float = 0.0
    random: np.random.Generator = field(default_factory=np.random.default_rng)

    def sample(self, rows: Rows) -> Rows:
        """The rows to send, with their weights."""
        if self.ratio >= 1.0:
            return rows
        certain = np.full(rows.rows, rows.failed) | _unsure(rows, self.keep_below)
        kept = (self._luck(rows) < self.ratio) | certain
        weights = _said(rows.columns, rows.rows) * np.where(certain, 1.0, 1.0 / self.ratio)
        columns = {**rows.columns, semconv.COLUMN_WEIGHT: doubles(weights)}
        return rows._replace(
            columns={name: column.at(kept) for name, column in columns.items()}, rows=int(np.count_nonzero(kept))
        )

    def _luck(self, rows: Rows) -> NDArray[np.float64]:
        """``(n,)`` evenly distributed between 0 and 1: from the trace where there is one."""
        luck = self.random.random(rows.rows)
        trace, row = rows.columns.get(semconv.COLUMN_TRACE_ID), rows.columns.get(semconv.COLUMN_ROW)
        if trace is None or row is None:
            return luck
        low = np.zeros((rows.rows, 8), dtype=np.uint8)
        low[:, 1:] = trace.data[:, -_RANDOM_BITS // 8 :]
        share = low.view(">u8").reshape(-1).astype(np.float64) / 2.0**_RANDOM_BITS
        traced = (share + row.data * _GOLDEN) % 1.0
        return traced if trace.valid is None else np.where(trace.valid, traced, luck)


def _unsure(rows: Rows, below: float) -> NDArray[np.bool_]:
    if rows.confidence is None:
        return np.zeros(rows.rows, dtype=np.bool_)
    unsure: NDArray[np.bool_] = rows.confidence < below
    return unsure


def _said(columns: Mapping[str, Column], rows: int) -> NDArray[np.float64]:
    """What the user said a row stands for; 1 where nothing was said."""
    weight = columns.get(semconv.COLUMN_WEIGHT)
    return np.ones(rows) if weight is None else np.nan_to_num(weight.data, nan=1.0)
