"""The shapes that inputs of a model have in common, and how copies of many inputs become columns at once.

``columns`` runs at the flush, on the background thread; what it reads was copied by :mod:`miops.capture`.
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Iterator, Sequence
from itertools import chain, count
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np

from miops import semconv
from miops.columns import Column, booleans, column, doubles
from miops.kinds import Kind, kinds_of_columns, kinds_of_values
from miops.names import distinct

if TYPE_CHECKING:
    from miops.sources import Source

__all__ = ["NUMERIC", "Frames", "Layout", "Mappings", "Matrix", "Nothing", "serials"]

serials: Final = count()
_ndarray = np.ndarray
NUMERIC: Final = "fiub"
"""Kinds of NumPy types whose bytes are kept as they are."""
_PREFIX: Final = semconv.COLUMN_FEATURE_PREFIX
_TYPES_OF_ANYTHING: Final = frozenset({"object", "category", "Object"})
"""Types of frames' columns, pandas' and polars', that do not say what the values are."""


class Layout(Protocol):
    """The shape of inputs that become columns together."""

    serial: int
    source: Source

    def columns(self, payloads: Sequence[Any], /) -> dict[str, Column]:
        """Columns by wire name from the captured inputs of several calls, in order."""
        ...

    def kinds(self, payloads: Sequence[Any], /) -> Iterator[list[Kind] | None]:
        """Of columns whose kind may differ from call to call: the kind in each call, ``None`` if they agree."""
        ...

    def same(self, one: Any, other: Any) -> bool:
        """Whether two captured inputs are equal."""
        ...

    @property
    def names(self) -> tuple[str, ...]:
        """Feature names, in order."""
        ...


class Nothing:
    """Inputs that are not captured: too wide, of an unknown type, or not wanted."""

    __slots__ = ("names", "serial", "source")

    def __init__(self, source: Source) -> None:
        self.serial, self.source = next(serials), source
        self.names: tuple[str, ...] = ()

    def columns(self, _: Sequence[Any], /) -> dict[str, Column]:
        return {}

    def kinds(self, _: Sequence[Any], /) -> Iterator[list[Kind] | None]:
        yield from ()

    def same(self, one: Any, other: Any) -> bool:
        return one is other


class Matrix:
    """Rows of one numeric type. Payloads are their bytes, row by row."""

    __slots__ = (
        "_columns",
        "dtype",
        "index",
        "lanes",
        "names",
        "pack_row",
        "row_shape",
        "row_size",
        "serial",
        "source",
        "width",
    )

    def __init__(self, source: Source, names: tuple[str, ...], dtype: np.dtype[Any], index: Any = None) -> None:
        self.serial, self.source = next(serials), source
        self.names, self.dtype, self.width = names, dtype, len(names)
        self.index = index
        """The frame's own names, if inputs are frames: cheaper to compare than a tuple."""
        self.row_shape = (1, self.width) if index is None else None
        """Of the arrays that may be taken for one row of this without a further look."""
        self.row_size: Final = self.width * dtype.itemsize + 33
        packs = index is None and dtype == np.float64
        self.pack_row = struct.Struct(f"{self.width}d").pack if packs else None
        """Makes the bytes of one row from its numbers, if that is all there is to them."""
        self.lanes: dict[Any, Any] = {}
        """See :func:`miops.lanes.lane_of`."""
        self._columns = tuple(map(_PREFIX.__add__, names))

    def columns(self, payloads: Sequence[Any]) -> dict[str, Column]:
        joined = payloads[0] if len(payloads) == 1 else b"".join(payloads)
        rows = np.frombuffer(joined, dtype=self.dtype).reshape(-1, self.width)
        if self.dtype.kind == "b":
            return dict(zip(self._columns, map(booleans, rows.T), strict=True))
        by_column = np.ascontiguousarray(rows.T, dtype=np.float64)
        return dict(zip(self._columns, map(doubles, by_column), strict=True))

    def kinds(self, _: Sequence[Any], /) -> Iterator[list[Kind] | None]:
        yield from ()

    def same(self, one: Any, other: Any) -> bool:
        if type(one) is bytes and type(other) is bytes:
            return one == other
        return len(one) == len(other) and np.array_equal(np.frombuffer(one, np.uint8), np.frombuffer(other, np.uint8))


class Frames:
    """Data frames, pandas or polars. Payloads are copies (on write, where the library has them)."""

    __slots__ = ("names", "serial", "source")

    def __init__(self, source: Source, names: tuple[str, ...]) -> None:
        self.serial, self.source, self.names = next(serials), source, names

    def columns(self, payloads: Sequence[Any]) -> dict[str, Column]:
        frame = payloads[0] if len(payloads) == 1 else _concatenated(payloads)
        at = frame.iloc if hasattr(frame, "iloc") else None
        names = [f"{_PREFIX}{name}" for name in distinct(frame.columns)]
        return {name: column(at[:, i] if at is not None else frame[:, i]) for i, name in enumerate(names)}

    def kinds(self, payloads: Sequence[Any]) -> Iterator[list[Kind] | None]:
        named = _names_of(payloads)
        typed = [dict(zip(names, _types(frame), strict=True)) for names, frame in zip(named, payloads, strict=True)]
        unlike = [typed[0], *(own for own in typed if own != typed[0])]
        for name in dict.fromkeys(chain.from_iterable(unlike)):
            types = {own[name] for own in unlike if name in own}
            if len(types) > 1 or not _TYPES_OF_ANYTHING.isdisjoint(map(str, types)):
                yield kinds_of_columns([_series(*one, name) for one in zip(payloads, named, strict=True)])

    def same(self, one: Any, other: Any) -> bool:
        return type(one) is type(other) and one.shape == other.shape and bool(one.equals(other))


def _names_of(frames: Sequence[Any]) -> list[tuple[str, ...]]:
    """The names of each frame's columns; those of the first serve for all that have the same."""
    columns, names = frames[0].columns, distinct(frames[0].columns)
    same = columns.equals if hasattr(columns, "equals") else columns.__eq__
    return [names if same(frame.columns) else distinct(frame.columns) for frame in frames]


def _types(frame: Any) -> list[Any]:
    try:
        types: list[Any] = frame._mgr.get_dtypes().tolist()  # noqa: SLF001  # in a hundredth of pandas' public way
    except AttributeError:
        types = list(frame.dtypes)
    return types


def _series(frame: Any, names: tuple[str, ...], name: str) -> Any:
    if name not in names:
        return None
    place = names.index(name)
    return frame.iloc[:, place] if hasattr(frame, "iloc") else frame[:, place]


def _aligned(frame: Any) -> Any:
    """A frame that pandas joins to any other: where columns are called alike it cannot."""
    return frame if frame.columns.is_unique else frame.set_axis(list(distinct(frame.columns)), axis=1)


def _concatenated(frames: Sequence[Any]) -> Any:
    library = sys.modules[type(frames[0]).__module__.partition(".")[0]]
    if hasattr(frames[0], "iloc"):
        return library.concat(list(map(_aligned, frames)), ignore_index=True)
    return library.concat(frames, how="diagonal_relaxed")


class Mappings:
    """Columns by wire name. Payloads are tuples of columns, or of single values if every call is one row."""

    __slots__ = ("_columns", "serial", "single", "source")

    def __init__(self, source: Source, columns: tuple[str, ...], *, single: bool) -> None:
        self.serial, self.source, self._columns, self.single = next(serials), source, columns, single

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name.removeprefix(_PREFIX) for name in self._columns if name.startswith(_PREFIX))

    def columns(self, payloads: Sequence[Any]) -> dict[str, Column]:
        by_name = zip(self._columns, zip(*payloads, strict=True), strict=True)
        if self.single:
            return {name: column(values) for name, values in by_name}
        return {name: column(_joined(parts)) for name, parts in by_name}

    def kinds(self, payloads: Sequence[Any]) -> Iterator[list[Kind] | None]:
        yield from map(kinds_of_values if self.single else kinds_of_columns, zip(*payloads, strict=True))

    def same(self, one: Any, other: Any) -> bool:
        return one is other


def _joined(parts: Sequence[Any]) -> Any:
    if len(parts) == 1:
        return parts[0]
    if all(isinstance(part, _ndarray) and part.dtype.kind in NUMERIC for part in parts):
        return np.concatenate(parts)
    return [value for part in parts for value in (part.tolist() if isinstance(part, _ndarray) else part)]
