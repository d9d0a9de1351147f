"""Columns to the bytes of an Arrow IPC stream, by nanoarrow."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final

import numpy as np

from miops.columns import Column, Kind

__all__ = ["encode", "row_bytes"]

_WIDTH: Final[Mapping[Kind, int]] = {"double": 8, "int64": 8, "int32": 4, "bool": 1, "binary16": 16, "binary8": 8}
_TEXT_SAMPLE: Final = 64


def row_bytes(columns: Mapping[str, Column]) -> float:
    """About how many bytes one row takes, from the widths and from the first few texts."""
    return sum(_WIDTH[c.kind] if c.kind != "utf8" else _text_bytes(c) for c in columns.values())


def _text_bytes(column: Column) -> float:
    sample = column.data[:_TEXT_SAMPLE]
    return 4 + sum(map(len, sample)) / max(len(sample), 1)


def encode(columns: Mapping[str, Column], rows: int) -> bytes:
    """One record batch as an Arrow IPC stream.

    The schema is built once for each set of names and kinds.
    """
    import nanoarrow as na
    from nanoarrow.ipc import StreamWriter

    signature = tuple((name, column.kind) for name, column in columns.items())
    schema, kinds = _schema(signature)
    children = [_child(kinds[column.kind], column) for column in columns.values()]
    array = na.c_array_from_buffers(
        schema, rows, [None], null_count=0, children=children, validation_level="none", move=True
    )
    out = io.BytesIO()
    with StreamWriter.from_writable(out) as writer:
        writer.write_stream(array)
    return out.getvalue()


@lru_cache(maxsize=256)
def _schema(signature: tuple[tuple[str, Kind], ...]) -> tuple[Any, Mapping[str, Any]]:
    import nanoarrow as na

    types: Mapping[str, Any] = {
        "double": na.float64(),
        "int64": na.int64(),
        "int32": na.int32(),
        "bool": na.bool_(),
        "utf8": na.string(),
        "binary16": na.fixed_size_binary(16),
        "binary8": na.fixed_size_binary(8),
    }
    # A dictionary would lose a column whose name occurs twice; names are unique in our events.
    struct = na.struct({name: types[kind] for name, kind in signature}, nullable=False)
    return na.c_schema(struct), {kind: na.c_schema(type_) for kind, type_ in types.items()}


def _child(schema: Any, column: Column) -> Any:
    import nanoarrow as na

    validity = None if column.valid is None else np.packbits(column.valid, bitorder="little")
    nulls = 0 if column.valid is None else len(column) - int(np.count_nonzero(column.valid))
    return na.c_array_from_buffers(
        schema, len(column), [validity, *_buffers(column)], null_count=nulls, validation_level="none"
    )


def _buffers(column: Column) -> list[Any]:
    return _BUFFERS.get(column.kind, _fixed)(column)


def _fixed(column: Column) -> list[Any]:
    return [np.ascontiguousarray(column.data).reshape(-1)]


def _bits(column: Column) -> list[Any]:
    return [np.packbits(column.data, bitorder="little")]


def _text(column: Column) -> list[Any]:
    joined = "".join(column.data)
    if joined.isascii():
        lengths = np.fromiter(map(len, column.data), dtype=np.int64, count=len(column.data))
        body = joined.encode("ascii")
    else:
        encoded = [text.encode("utf-8", "replace") for text in column.data]
        lengths = np.fromiter(map(len, encoded), dtype=np.int64, count=len(encoded))
        body = b"".join(encoded)
    offsets = np.zeros(len(lengths) + 1, dtype=np.int32)
    np.cumsum(lengths, out=offsets[1:])
    return [offsets, body]


_BUFFERS: Final[Mapping[str, Callable[[Column], list[Any]]]] = {"bool": _bits, "utf8": _text}
