"""What users pass to ``predict`` → a copy that may wait, and later → columns; no framework is imported.

A :class:`Layout` is the shape that the inputs of a model have in common. ``capture`` runs on the caller's
thread and only copies; ``columns`` runs at the flush and turns the copies of many calls into columns at once.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from miops import semconv
from miops.blocks import BlockPool
from miops.columns import Column, booleans, column, doubles

if TYPE_CHECKING:
    from miops.sources import Source

__all__ = ["Capture", "Frames", "Layout", "Mappings", "Matrix", "Nothing", "capture", "mapping"]

_serials = count()
_ndarray = np.ndarray
_NUMERIC = "fiub"
_PREFIX = semconv.COLUMN_FEATURE_PREFIX
_POOLED_BYTES = 65_536
"""From this size on a fresh allocation costs more in page faults than the copy itself."""


class Layout(Protocol):
    """The shape of inputs that become columns together."""

    serial: int
    source: Source

    def columns(self, payloads: Sequence[Any]) -> dict[str, Column]:
        """Columns by wire name from the captured inputs of several calls, in order."""
        ...

    def same(self, one: Any, other: Any) -> bool:
        """Whether two captured inputs are equal."""
        ...

    @property
    def names(self) -> tuple[str, ...]:
        """Feature names, in order."""
        ...


class Capture(NamedTuple):
    """One captured input: ``rows`` is -1 when the input does not tell."""

    layout: Layout
    payload: Any
    rows: int
    size: int


class Nothing:
    """Inputs that are not captured: too wide, of an unknown type, or not wanted."""

    __slots__ = ("names", "serial", "source")

    def __init__(self, source: Source) -> None:
        self.serial, self.source = next(_serials), source
        self.names: tuple[str, ...] = ()

    def columns(self, payloads: Sequence[Any]) -> dict[str, Column]:
        return {}

    def same(self, one: Any, other: Any) -> bool:
        return one is other


class Matrix:
    """Rows of one numeric type. Payloads are their bytes, row by row."""

    __slots__ = ("_columns", "dtype", "index", "names", "serial", "source", "width")

    def __init__(self, source: Source, names: tuple[str, ...], dtype: np.dtype[Any]) -> None:
        self.serial, self.source = next(_serials), source
        self.names, self.dtype, self.width = names, dtype, len(names)
        self.index: Any = None
        """The frame's own names, if inputs are frames: cheaper to compare than a tuple."""
        self._columns = tuple(map(_PREFIX.__add__, names))

    def columns(self, payloads: Sequence[Any]) -> dict[str, Column]:
        joined = payloads[0] if len(payloads) == 1 else b"".join(payloads)
        rows = np.frombuffer(joined, dtype=self.dtype).reshape(-1, self.width)
        if self.dtype.kind == "b":
            return dict(zip(self._columns, map(booleans, rows.T), strict=True))
        by_column = np.ascontiguousarray(rows.T, dtype=np.float64)
        return dict(zip(self._columns, map(doubles, by_column), strict=True))

    def same(self, one: Any, other: Any) -> bool:
        if type(one) is bytes and type(other) is bytes:
            return one == other
        return len(one) == len(other) and np.array_equal(np.frombuffer(one, np.uint8), np.frombuffer(other, np.uint8))


class Frames:
    """Data frames, pandas or polars. Payloads are copies (on write, where the library has them)."""

    __slots__ = ("names", "serial", "source")

    def __init__(self, source: Source, names: tuple[str, ...]) -> None:
        self.serial, self.source, self.names = next(_serials), source, names

    def columns(self, payloads: Sequence[Any]) -> dict[str, Column]:
        frame = payloads[0] if len(payloads) == 1 else _concatenated(payloads)
        at = frame.iloc if hasattr(frame, "iloc") else None
        names = [f"{_PREFIX}{name}" for name in frame.columns]
        return {name: column(at[:, i] if at is not None else frame[:, i]) for i, name in enumerate(names)}

    def same(self, one: Any, other: Any) -> bool:
        return type(one) is type(other) and one.shape == other.shape and bool(one.equals(other))


def _concatenated(frames: Sequence[Any]) -> Any:
    library = sys.modules[type(frames[0]).__module__.partition(".")[0]]
    if hasattr(frames[0], "iloc"):
        return library.concat(frames, ignore_index=True)
    return library.concat(frames, how="diagonal_relaxed")


class Mappings:
    """Columns by wire name. Payloads are tuples of columns, or of single values if every call is one row."""

    __slots__ = ("_columns", "serial", "single", "source")

    def __init__(self, source: Source, columns: tuple[str, ...], *, single: bool) -> None:
        self.serial, self.source, self._columns, self.single = next(_serials), source, columns, single

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(name.removeprefix(_PREFIX) for name in self._columns if name.startswith(_PREFIX))

    def columns(self, payloads: Sequence[Any]) -> dict[str, Column]:
        by_name = zip(self._columns, zip(*payloads, strict=True), strict=True)
        if self.single:
            return {name: column(values) for name, values in by_name}
        return {name: column(_joined(parts)) for name, parts in by_name}

    def same(self, one: Any, other: Any) -> bool:
        return one is other


def _joined(parts: Sequence[Any]) -> Any:
    if len(parts) == 1:
        return parts[0]
    if all(isinstance(part, _ndarray) and part.dtype.kind in _NUMERIC for part in parts):
        return np.concatenate(parts)
    return [value for part in parts for value in (part.tolist() if isinstance(part, _ndarray) else part)]


def capture(values: Any, source: Source, pool: BlockPool) -> Capture:
    """Copy an input so that it may be read later, whatever its owner does with it.

    Raises
    ------
    Exception
        Whatever odd inputs raise when they are looked at; the caller records the call without features.
    """
    if type(values) is _ndarray:
        layout = source.matrix
        known = layout is not None and layout.dtype is values.dtype and layout.index is None
        if known and values.ndim == 2 and values.shape[1] == layout.width and values.nbytes < _POOLED_BYTES:
            # The way nearly every call goes; in a third of the time that Capture(...) takes.
            payload = values.tobytes()
            return tuple.__new__(Capture, (layout, payload, len(values), len(payload)))
        return _array(values, source, pool)
    if hasattr(values, "iloc") or hasattr(values, "get_column"):
        return _frame(values, source, pool)
    if isinstance(values, Mapping):
        return mapping(_features(values), source)
    if hasattr(values, "toarray") and hasattr(values, "nnz"):
        return _sparse(values, source, pool)
    if isinstance(values, list | tuple) and values and isinstance(values[0], Mapping):
        return mapping(_features({key: [row.get(key) for row in values] for key in values[0]}), source)
    return _array(np.asarray(values), source, pool)


def _array(values: NDArray[Any], source: Source, pool: BlockPool) -> Capture:
    layout = source.matrix
    if values.ndim != 2:
        values = values.reshape(-1, 1) if values.ndim < 2 else values.reshape(len(values), -1)
    rows, width = values.shape
    if layout is None or layout.dtype is not values.dtype or layout.width != width or layout.index is not None:
        if width > source.max_features:
            return Capture(source.too_wide(width), None, rows, 0)
        if values.dtype.kind not in _NUMERIC or values.dtype.itemsize > 8:
            columns = dict(zip(source.feature_names(width), values.T.copy(), strict=True))
            return mapping(_features(columns), source, rows=rows)
        layout = source.matrix_layout(source.feature_names(width), values.dtype)
    return _matrix(values, layout, pool)


def _matrix(values: NDArray[Any], layout: Matrix, pool: BlockPool) -> Capture:
    size = values.nbytes
    if size < _POOLED_BYTES:
        return Capture(layout, values.tobytes(), len(values), size + 33)
    block = pool.take(size)
    if block is None:
        return Capture(layout, values.tobytes(), len(values), size + 33)
    np.copyto(np.frombuffer(block, dtype=values.dtype).reshape(values.shape), values)
    return Capture(layout, block, len(values), len(block.obj))  # type: ignore[arg-type]


def _frame(frame: Any, source: Source, pool: BlockPool) -> Capture:
    columns = frame.columns
    layout = source.matrix
    if _one_numeric_block(frame):
        known = layout is not None and layout.index is not None and layout.index.equals(columns)
        values = frame.to_numpy()
        if not known or layout is None or values.dtype is not layout.dtype:
            if len(columns) > source.max_features:
                return Capture(source.too_wide(len(columns)), None, len(frame), 0)
            layout = source.matrix_layout(tuple(map(str, columns)), values.dtype, columns.view())
        return _matrix(values, layout, pool)
    if len(columns) > source.max_features:
        return Capture(source.too_wide(len(columns)), None, len(frame), 0)
    frames = source.frames
    if frames is None or len(frames.names) != len(columns):
        frames = source.frames_layout(tuple(map(str, columns)))
    rows = len(frame)
    return Capture(
        frames, _COPIES[hasattr(frame, "iloc")](frame), rows, 2000 + 64 * len(columns) + _frame_bytes(frame, rows)
    )


def _frame_bytes(frame: Any, rows: int) -> int:
    return 16 * rows * len(frame.columns)


def _one_numeric_block(frame: Any) -> bool:
    """Whether a pandas frame is one block of numbers, in which case its array costs next to nothing.

    pandas has no public way to ask this in under ten microseconds.
    """
    try:
        manager = frame._mgr  # noqa: SLF001
        return (
            bool(manager.is_single_block)
            and manager.blocks[0].values.dtype.kind in _NUMERIC
            and isinstance(manager.blocks[0].values, _ndarray)
        )
    except AttributeError:
        return False


def _pandas_copy(frame: Any) -> Any:
    """From pandas 3 on a shallow copy is copied on write; before it would change with the original."""
    on_write = int(sys.modules["pandas"].__version__.partition(".")[0]) >= 3
    return frame.copy(deep=not on_write)


_COPIES: Mapping[bool, Callable[[Any], Any]] = {True: _pandas_copy, False: lambda frame: frame.clone()}


def _sparse(matrix: Any, source: Source, pool: BlockPool) -> Capture:
    rows, width = matrix.shape
    if width > source.max_features:
        return Capture(source.too_wide(width), None, rows, 0)
    if rows * width * matrix.dtype.itemsize > pool.limit:
        return Capture(source.too_wide(width), None, rows, 0)
    return _array(np.asarray(matrix.toarray()), source, pool)


def _features(values: Mapping[Any, Any]) -> dict[str, Any]:
    return {f"{_PREFIX}{name}": value for name, value in values.items()}


def mapping(values: Mapping[str, Any], source: Source, *, rows: int | None = None) -> Capture:
    """Columns by wire name; if no value is a column, one row."""
    names = tuple(values)
    if len(names) > source.max_features:
        return Capture(source.too_wide(len(names)), None, -1 if rows is None else rows, 0)
    copies = tuple(map(_copied, values.values()))
    single = rows is None and not any(isinstance(c, list | _ndarray) for c in copies)
    n = 1 if single else max((len(c) for c in copies if isinstance(c, list | _ndarray)), default=rows or 0)
    if not single:
        copies = tuple(c if isinstance(c, list | _ndarray) else [c] * n for c in copies)
    return Capture(source.mapping_layout(names, single=single), copies, n, sum(map(_size, copies)))


def _copied(value: Any) -> Any:
    if isinstance(value, _ndarray):
        return value.copy() if value.ndim else value.item()
    if isinstance(value, str | bytes) or not hasattr(value, "__len__"):
        return value
    return list(value) if isinstance(value, list | tuple) else _series(value)


def _series(value: Any) -> Any:
    return value.tolist() if hasattr(value, "tolist") else value.to_list() if hasattr(value, "to_list") else list(value)


def _size(value: Any) -> int:
    return (
        value.nbytes + 100 if isinstance(value, _ndarray) else 60 * len(value) + 60 if isinstance(value, list) else 60
    )
