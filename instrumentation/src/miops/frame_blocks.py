"""A few rows of a pandas frame of mixed types, as copies of the arrays that it consists of.

A shallow copy of such a frame takes three to six times as long as copies of these arrays, and is made of hundreds of
objects that the garbage collector has to look at on somebody's thread. pandas shows the arrays to nobody: where they
are not found as expected, frames are copied as a whole.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from miops import semconv
from miops.columns import Column, column
from miops.kinds import Kind, kinds_of_columns, kinds_of_values
from miops.layouts import serials
from miops.names import distinct

if TYPE_CHECKING:
    from miops.sources import Source

__all__ = ["ARRANGEMENTS", "FEW_ROWS", "Blocks", "Snapshot", "snapshot"]

ARRANGEMENTS: Final = 8
"""A model with more of them has frames whose types change from call to call: pandas joins these better."""
FEW_ROWS: Final = 32
"""Up to so many rows a copy of everything costs less than pandas' copy of nothing."""
_ndarray = np.ndarray
_new: Final = tuple.__new__
"""Makes a named tuple in a third of the time its own constructor takes."""
Snapshot = tuple[tuple[Any, ...], tuple[Any, ...]]
"""What calls must have in common to be joined, and the copies."""


class Codes(NamedTuple):
    """A copy of categories: their type, and the type and bytes of their codes."""

    dtype: Any
    kind: np.dtype[Any]
    codes: bytes


def snapshot(frame: Any) -> Snapshot | None:
    """Placement and kinds of a frame's arrays, and copies of them; ``None`` where they are not what we know."""
    try:
        manager = frame._mgr  # noqa: SLF001
        shape: list[Any] = [manager.blknos.tobytes(), manager.blklocs.tobytes()]
        copies: list[Any] = []
        for block in manager.blocks:
            values = block.values
            kind = type(values)
            if kind is _ndarray:
                shape.append(values.dtype)
                copies.append(values.copy())
            else:
                shape.append(kind)
                copies.append(_COPIES.get(kind.__name__, _other)(values))
        return tuple(shape), tuple(copies)
    except (AttributeError, TypeError):
        return None


def _codes(values: Any) -> Codes:
    codes = values._ndarray  # noqa: SLF001  # in a tenth of the time that the public properties take
    return _new(Codes, (values._dtype, codes.dtype, codes.tobytes()))  # noqa: SLF001


def _other(values: Any) -> Any:
    if values.ndim == 1:
        return values.copy()
    times = np.array(values)
    if times.dtype.kind not in "mM":
        raise TypeError(f"{type(values).__name__} is copied with its frame")  # times with a zone
    return times


_COPIES: Final[Mapping[str, Callable[[Any], Any]]] = {
    "Categorical": _codes,
    "ArrowStringArray": attrgetter("_pa_array"),  # what nobody can change holds the same for ever
}


class Blocks:
    """Small pandas frames with the same columns in the same arrangement. Payloads are tuples of arrays."""

    __slots__ = ("_kind", "_wire_names", "index", "lanes", "names", "places", "row_size", "serial", "shape", "source")

    def __init__(self, source: Source, frame: Any, shape: tuple[Any, ...]) -> None:
        self.serial, self.source, self.shape = next(serials), source, shape
        self._kind, self.index = type(frame), frame.columns.view()
        self.names = distinct(self.index)
        self._wire_names = tuple(map(semconv.COLUMN_FEATURE_PREFIX.__add__, self.names))
        manager = frame._mgr  # noqa: SLF001
        self.places = list(zip(manager.blknos.tolist(), manager.blklocs.tolist(), strict=True))
        """Of each column: which array, and which row of that."""
        self.row_size: Final = self.size(1)
        self.lanes: dict[Any, Any] = {}
        """See :func:`miops.lanes.lane_of`."""

    def size(self, rows: int) -> int:
        """About how many bytes the copies of so many rows take."""
        return 300 * (len(self.shape) - 2) + 16 * rows * len(self.names)

    def one_row(self, frame: Any) -> tuple[Any, ...] | None:
        """The copies of a frame that has one row and is arranged like this; ``None`` of anything else."""
        if type(frame) is not self._kind:
            return None
        names, rows = frame._mgr.axes  # noqa: SLF001
        if len(rows) != 1 or not self.index.equals(names):
            return None
        found = snapshot(frame)
        return found[1] if found is not None and found[0] == self.shape else None

    def columns(self, payloads: Sequence[tuple[Any, ...]]) -> dict[str, Column]:
        joined = [_joined(parts) for parts in zip(*payloads, strict=True)]
        of_columns = ((joined[b], row) for b, row in self.places)
        values = (one[row] if type(one) is _ndarray and one.ndim == 2 else one for one, row in of_columns)
        made = (one if type(one) is Column else column(one) for one in values)
        return dict(zip(self._wire_names, made, strict=True))

    def kinds(self, payloads: Sequence[tuple[Any, ...]]) -> Iterator[list[Kind] | None]:
        """Of columns of objects, of categories, and of pandas' other types, whose class alone the shape knows."""
        for b, first in enumerate(payloads[0]):
            parts = [payload[b] for payload in payloads]
            if type(first) is not _ndarray:
                yield _kinds(parts)
            elif first.dtype.hasobject:
                single = max(part.shape[1] for part in parts) == 1
                rows = np.concatenate(parts, axis=1).tolist() if single else zip(*map(list, parts), strict=True)
                yield from map(kinds_of_values if single else kinds_of_columns, rows)

    def same(self, one: tuple[Any, ...], other: tuple[Any, ...]) -> bool:
        return all(map(_equal, one, other))

    def frame(self, payload: tuple[Any, ...]) -> Any:
        """The frame that was copied."""
        restored = [_restored(copy) for copy in payload]
        values = [restored[b][row] if type(restored[b]) is _ndarray else restored[b] for b, row in self.places]
        made = sys.modules["pandas"].DataFrame(dict(enumerate(values)))
        made.columns = self.index
        return made


def _restored(copy: Any) -> Any:
    if type(copy) is Codes:
        codes = np.frombuffer(copy.codes, copy.kind)
        return sys.modules["pandas"].Categorical.from_codes(codes, dtype=copy.dtype)
    return copy.to_pylist() if hasattr(copy, "to_pylist") else copy


def _kinds(parts: Sequence[Any]) -> list[Kind] | None:
    if hasattr(parts[0], "to_pylist"):
        return None  # texts
    categories = type(parts[0]) is Codes
    dtypes = {id(part.dtype): part.dtype for part in parts} if categories else {}
    if len(dtypes) == 1:
        return None
    return kinds_of_columns([part.dtype.categories if categories else part for part in parts])


def _joined(parts: Sequence[Any]) -> Any:
    """``(columns, n)`` of NumPy's types; a column of categories; a list of values of pandas' other types."""
    first = parts[0]
    if type(first) is _ndarray:
        return np.concatenate(parts, axis=1)
    if type(first) is Codes:
        return _labels(parts)
    if hasattr(first, "to_pylist"):
        return [value for part in parts for value in part.to_pylist()]
    return [value for part in parts for value in part.tolist()]


def _labels(parts: Sequence[Codes]) -> Column:
    """Labels of all codes; each type is asked for its labels once. Code -1 is a missing value."""
    types = {id(part.dtype): part.dtype for part in parts}
    tables = {key: np.array([*dtype.categories.tolist(), None], dtype=object) for key, dtype in types.items()}
    coded = ((tables[id(dtype)], np.frombuffer(codes, kind)) for dtype, kind, codes in parts)
    labels = [label for table, codes in coded for label in table[codes].tolist()]
    if any(labels) or {type(label) for table in tables.values() for label in table[:-1]} != {str}:
        return column(labels)
    return Column("utf8", [""] * len(labels), np.array([label is not None for label in labels]))


def _equal(one: Any, other: Any) -> bool:
    """NaN equals NaN; of objects the very same."""
    if type(one) is _ndarray:
        return bool(one.tobytes() == other.tobytes())
    return bool(one == other if type(one) is Codes else one.equals(other))
