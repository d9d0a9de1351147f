"""Columns of any kind as numbers of like scale, by what was frozen with the reference."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from miops_collector.columns import Column, FloatArray, Numbers, Texts

__all__ = ["Encoding", "encoding_of"]


@dataclass(frozen=True, slots=True, eq=False)
class _Number:
    fill: float
    kind: ClassVar[type[Column]] = Numbers

    def read(self, column: Column) -> FloatArray:
        assert isinstance(column, Numbers)
        return np.where(np.isfinite(column.values), column.values, self.fill)


@dataclass(frozen=True, slots=True, eq=False)
class _Text:
    share: Mapping[str, float]
    fill: float
    kind: ClassVar[type[Column]] = Texts

    def read(self, column: Column) -> FloatArray:
        assert isinstance(column, Texts)
        shares = np.array([*(self.share.get(word, 0.0) for word in column.words), self.fill])
        return shares[column.codes]  # code -1, missing, is the last


@dataclass(frozen=True, slots=True, eq=False)
class Encoding:
    """How each column becomes a number.

    A numeric column is itself, its mean where it is missing; a categorical one is the share of its category in the
    reference, 0 for one that is unseen, that of the most frequent where it is missing. Then each is centred and divided
    by its standard deviation in the reference: NannyML's encoding, so that numbers compare.
    """

    names: tuple[str, ...]
    readers: tuple[_Number | _Text, ...]
    mean: FloatArray
    std: FloatArray

    def matrix(self, columns: Mapping[str, Column]) -> FloatArray:
        """``(n, d)`` rows of these columns, in the order of ``names``.

        A column that is not there, or is of another kind than in the reference, is missing in every row.
        """
        n = max(map(_length, columns.values()), default=0)
        read = np.empty((n, len(self.names)))
        for i, (name, reader) in enumerate(zip(self.names, self.readers, strict=True)):
            column = columns.get(name)
            read[:, i] = reader.read(column) if isinstance(column, reader.kind) else reader.fill
        found: FloatArray = (read - self.mean) / self.std
        return found


def encoding_of(reference: Mapping[str, Column]) -> Encoding:
    """Freeze it with a sample of the reference; columns that are constant or have no values there are left out.

    Examples
    --------
    >>> columns = {"x": Numbers(np.array([1.0, 3.0])), "c": Texts(np.array([0, 0], np.int32), ("a",))}
    >>> encoding = encoding_of(columns)
    >>> encoding.names, encoding.matrix({"x": Numbers(np.array([2.0, np.nan, 5.0]))}).tolist()
    (('x',), [[0.0], [0.0], [3.0]])
    """
    chosen: list[tuple[str, _Number | _Text, float, float]] = []
    for name, column in reference.items():
        reader = _reader(column)
        if reader is None:
            continue
        values = reader.read(column)
        if values.std() > 0:
            chosen.append((name, reader, float(values.mean()), float(values.std())))
    names, readers, means, stds = zip(*chosen, strict=True) if chosen else ((), (), (), ())
    return Encoding(tuple(names), tuple(readers), np.array(means, np.float64), np.array(stds, np.float64))


def _length(column: Column) -> int:
    return len(column.values if isinstance(column, Numbers) else column.codes)


def _reader(column: Column) -> _Number | _Text | None:
    if isinstance(column, Numbers):
        finite = column.values[np.isfinite(column.values)]
        return _Number(float(finite.mean())) if finite.size else None
    counts = np.bincount(column.codes[column.codes >= 0], minlength=len(column.words))
    if not counts.sum():
        return None
    fill = int(counts.argmax())
    counts = counts + 0
    counts[fill] += (column.codes < 0).sum()
    shares = counts / counts.sum()
    return _Text(dict(zip(column.words, shares.tolist(), strict=True)), float(shares[fill]))
