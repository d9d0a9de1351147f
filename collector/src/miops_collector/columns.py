"""Rows of one model version as plain arrays: what is binned into panes, without a trace of Arrow or SQL."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["Column", "Numbers", "Rows", "Texts"]

FloatArray: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Numbers:
    """A numeric column: ``values`` is ``(n,) float64``, ``nan`` where missing.

    ``faults`` is ``(n,) bool``: the value came with another type (then ``values`` is ``nan``); ``None`` means no row.
    """

    values: FloatArray
    faults: NDArray[np.bool_] | None = None

    def at(self, chosen: NDArray[np.bool_]) -> Numbers:
        """The rows where ``chosen`` is true."""
        return Numbers(self.values[chosen], None if self.faults is None else self.faults[chosen])


@dataclass(frozen=True, slots=True, eq=False)
class Texts:
    """A categorical column: ``codes`` is ``(n,) int32`` into ``words``, -1 where missing. Booleans are texts too."""

    codes: NDArray[np.int32]
    words: tuple[str, ...]
    faults: NDArray[np.bool_] | None = None

    def at(self, chosen: NDArray[np.bool_]) -> Texts:
        """The rows where ``chosen`` is true."""
        return Texts(self.codes[chosen], self.words, None if self.faults is None else self.faults[chosen])


Column: TypeAlias = Numbers | Texts


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """``n`` rows of one model version.

    Attributes
    ----------
    time
        ``(n,) int64`` event time in nanoseconds.
    weight
        ``(n,) float64`` how many predictions each row stands for.
    duration
        ``(n,) float64`` seconds, ``nan`` where unknown.
    value
        The decision or predicted value.
    score
        ``(n,) float64``, ``nan`` where there is none.
    class_scores
        ``(n, k) float64`` in the order of the layout's classes, or ``None``.
    columns
        By source name, ``feature.age`` or ``context.region``.
    truth
        What turned out to be true, or ``None``.
    sign
        ``(n,) float64`` +1 or -1: whether a labelled row is added or taken back; only used with ``truth``.
    failed
        ``(n,) bool`` whether the model ended with an error instead of an answer; ``None`` means no row.
    seen
        ``(n,) bool`` whether any feature was recorded; only known with ``failed``.
    """

    time: NDArray[np.int64]
    weight: FloatArray
    duration: FloatArray
    value: Column
    score: FloatArray
    class_scores: FloatArray | None = None
    columns: Mapping[str, Column] = field(default_factory=dict)
    truth: Column | None = None
    sign: FloatArray | None = None
    failed: NDArray[np.bool_] | None = None
    seen: NDArray[np.bool_] | None = None

    def __len__(self) -> int:
        return len(self.time)

    def parted(self) -> tuple[Rows, Rows | None]:
        """Rows that the model answered, and those it failed on if there are any."""
        if self.failed is None or not self.failed.any():
            return self, None
        return self.at(~self.failed), self.at(self.failed)

    def at(self, chosen: NDArray[np.bool_]) -> Rows:
        """The rows where ``chosen`` is true."""
        return Rows(
            time=self.time[chosen],
            weight=self.weight[chosen],
            duration=self.duration[chosen],
            value=self.value.at(chosen),
            score=self.score[chosen],
            class_scores=None if self.class_scores is None else self.class_scores[chosen],
            columns={name: column.at(chosen) for name, column in self.columns.items()},
            truth=None if self.truth is None else self.truth.at(chosen),
            sign=None if self.sign is None else self.sign[chosen],
            failed=None if self.failed is None else self.failed[chosen],
            seen=None if self.seen is None else self.seen[chosen],
        )
