"""What users pass to ``predict`` → a copy that may wait; no framework is imported, all are known by what they can do.

This runs on the caller's thread and only copies.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from itertools import chain, islice
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from miops import semconv
from miops.blocks import BlockPool
from miops.composite import text_of
from miops.frame_blocks import ARRANGEMENTS, FEW_ROWS, snapshot
from miops.layouts import NUMERIC, Layout, Matrix
from miops.names import distinct
from miops.sources import Source

__all__ = ["Capture", "capture", "mapping", "names_of"]

_ndarray = np.ndarray
_PREFIX: Final = semconv.COLUMN_FEATURE_PREFIX
_POOLED_BYTES: Final = 65_536
"""From this size on a fresh allocation costs more in page faults than the copy itself."""


class Capture(NamedTuple):
    """One captured input: ``rows`` is -1 when the input does not tell."""

    layout: Layout
    payload: Any
    rows: int
    size: int


def capture(values: Any, source: Source, pool: BlockPool) -> Capture:
    """Copy an input so that it may be read later, whatever its owner does with it.

    Raises
    ------
    Exception
        Whatever odd inputs raise when they are looked at; the caller records the call without features.
    """
    if type(values) is _ndarray:
        layout = source.matrix
        if (
            layout is not None
            and layout.dtype is values.dtype
            and layout.index is None
            and values.ndim == 2
            and values.shape[1] == layout.width
            and values.nbytes < _POOLED_BYTES
        ):
            # The way nearly every call goes; in a third of the time that Capture(...) takes.
            payload = values.tobytes()
            return tuple.__new__(Capture, (layout, payload, len(values), len(payload)))
        return _array(values, source, pool)
    if values is None:  # an input that its framework cannot show
        return Capture(source.nothing, None, -1, 0)
    kind = type(values)  # of the frame itself, pandas would make an indexer
    if hasattr(kind, "iloc") or hasattr(kind, "get_column"):
        return _frame(values, source, pool)
    if isinstance(values, Mapping):
        return mapping(_features(values), source)
    if hasattr(values, "toarray") and hasattr(values, "nnz"):
        return _sparse(values, source, pool)
    if isinstance(values, list | tuple) and values and isinstance(values[0], Mapping):
        return _records(values, source)
    return _array(np.asarray(values), source, pool)


def _array(values: NDArray[Any], source: Source, pool: BlockPool) -> Capture:
    layout = source.matrix
    if values.ndim != 2:
        values = values.reshape(-1, 1) if values.ndim < 2 else values.reshape(len(values), -1)
    rows, width = values.shape
    if layout is None or layout.dtype is not values.dtype or layout.width != width or layout.index is not None:
        if width > source.max_features:
            return Capture(source.too_wide(), None, rows, 0)
        if values.dtype.kind not in NUMERIC or values.dtype.itemsize > 8:
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
    if _one_numeric_block(frame):
        layout = source.matrix
        known = layout is not None and layout.index is not None and layout.index.equals(columns)
        values = frame.to_numpy()
        if not known or layout is None or values.dtype is not layout.dtype:
            if len(columns) > source.max_features:
                return Capture(source.too_wide(), None, len(frame), 0)
            layout = source.matrix_layout(distinct(columns), values.dtype, columns.view())
        return _matrix(values, layout, pool)
    rows, width = len(frame), len(columns)
    if width > source.max_features:
        return Capture(source.too_wide(), None, rows, 0)
    few = snapshot(frame) if 0 < rows <= FEW_ROWS and source.arrangements <= ARRANGEMENTS else None
    if few is not None:
        shape, copies = few
        blocks = source.blocks
        if blocks is None or blocks.shape != shape or not blocks.index.equals(columns):
            blocks = source.blocks_layout(frame, shape)
        return Capture(blocks, copies, rows, blocks.size(rows))
    frames = source.frames
    if frames is None or len(frames.names) != width:
        frames = source.frames_layout(distinct(columns))
    return Capture(frames, _COPIES[hasattr(frame, "iloc")](frame), rows, 2000 + 64 * width + 16 * rows * width)


def _one_numeric_block(frame: Any) -> bool:
    """Whether a pandas frame is one block of numbers, in which case its array costs next to nothing.

    pandas has no public way to ask this in under ten microseconds.
    """
    try:
        manager = frame._mgr  # noqa: SLF001
        return (
            bool(manager.is_single_block)
            and manager.blocks[0].values.dtype.kind in NUMERIC
            and isinstance(manager.blocks[0].values, _ndarray)
        )
    except AttributeError:
        return False


def _pandas_copy(frame: Any) -> Any:
    """From pandas 3 on a shallow copy is copied on write; before it would change with the original."""
    return frame.copy(deep=not _copies_on_write(sys.modules["pandas"].__version__))


@cache
def _copies_on_write(version: str) -> bool:
    return int(version.partition(".")[0]) >= 3


_COPIES: Mapping[bool, Callable[[Any], Any]] = {True: _pandas_copy, False: lambda frame: frame.clone()}


def _sparse(matrix: Any, source: Source, pool: BlockPool) -> Capture:
    rows, width = matrix.shape
    if width > source.max_features:
        return Capture(source.too_wide(), None, rows, 0)
    if rows * width * matrix.dtype.itemsize > pool.limit:
        return Capture(source.too_wide(), None, rows, 0)
    return _array(np.asarray(matrix.toarray()), source, pool)


def _records(rows: Sequence[Mapping[Any, Any]], source: Source) -> Capture:
    if len(named := list(islice(names_of(rows), source.max_features + 1))) > source.max_features:
        return Capture(source.too_wide(), None, len(rows), 0)
    return mapping(_features({name: [row.get(name) for row in rows] for name in named}), source)


def names_of(rows: Sequence[Mapping[Any, Any]]) -> Iterable[Any]:
    """The names that occur in any of the rows, as they come."""
    return dict.fromkeys(chain.from_iterable(rows))


def _features(values: Mapping[Any, Any]) -> dict[str, Any]:
    return {f"{_PREFIX}{name}": value for name, value in values.items()}


def mapping(values: Mapping[str, Any], source: Source, *, rows: int | None = None) -> Capture:
    """Columns by wire name; if no value is a column, one row, or each of as many as are given."""
    names = tuple(values)
    if len(names) > source.max_features:
        return Capture(source.too_wide(), None, -1 if rows is None else rows, 0)
    copies = tuple(map(_copied, values.values()))
    single = rows is None and not any(isinstance(c, list | _ndarray) for c in copies)
    n = 1 if single else max((len(c) for c in copies if isinstance(c, list | _ndarray)), default=rows or 0)
    if not single:
        copies = tuple(c if isinstance(c, list | _ndarray) else [c] * n for c in copies)
        if any((len(c) if isinstance(c, list) else c.size) != n for c in copies):
            return Capture(source.uneven(), None, n, 0)
    return Capture(source.mapping_layout(names, single=single), copies, n, sum(map(_size, copies)))


def _copied(value: Any) -> Any:
    if isinstance(value, _ndarray):
        return value.copy() if value.ndim else value.item()
    if isinstance(value, str | bytes) or not hasattr(value, "__len__"):
        return value
    if isinstance(value, list | tuple):
        return list(value)
    return text_of(value) if isinstance(value, Mapping | set | frozenset) else _series(value)


def _series(value: Any) -> Any:
    return value.tolist() if hasattr(value, "tolist") else value.to_list() if hasattr(value, "to_list") else list(value)


def _size(value: Any) -> int:
    return (
        value.nbytes + 100 if isinstance(value, _ndarray) else 60 * len(value) + 60 if isinstance(value, list) else 60
    )
