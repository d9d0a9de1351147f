"""Arrow columns as they are stored, and back: families of types, fixed columns, and what a change of type means."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal, TypeAlias, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from miops_collector.errors import InputError
from miops_collector.schema import FAULT_SUFFIX, GROUND_TRUTH, PREDICTIONS

__all__ = [
    "FAMILIES",
    "FIXED",
    "MOST_FAULTS",
    "MOST_OUTCOMES",
    "MOST_SOURCES",
    "Family",
    "FamilyType",
    "Fixed",
    "by_source",
    "declare",
    "loaded",
    "say_once",
    "settle",
    "stored",
    "within",
]

log = logging.getLogger(__name__)
T = TypeVar("T")

MOST_SOURCES: Final = 6_000
"""Dynamic columns of a table, over all time: a name that holds an id would make one for every row.

DuckDB inserts ten thousand columns of numbers within the default memory, half as many of texts, and not more.
"""

MOST_FAULTS: Final = 1_000
"""Columns of a table that may hold values of another type than theirs."""

MOST_OUTCOMES: Final = 500
"""The same of the truth log, which all models share and which can only grow column by column."""

Family: TypeAlias = Literal["number", "text", "boolean"]


@dataclass(frozen=True, slots=True)
class FamilyType:
    """How values of a family are stored, and given back."""

    sql: str
    arrow: pa.DataType


FAMILIES: dict[Family, FamilyType] = {
    "number": FamilyType("DOUBLE", pa.float64()),
    "text": FamilyType("VARCHAR", pa.string()),
    "boolean": FamilyType("BOOLEAN", pa.bool_()),
}


@dataclass(frozen=True, slots=True)
class Fixed:
    """A column every table of its kind has; ``field`` is ``None`` for the store's own."""

    name: str
    sql: str
    field: pa.Field | None = None


_SQL = {pa.binary(16): "UUID", pa.binary(8): "UBIGINT", pa.string(): "VARCHAR", pa.int64(): "BIGINT",
        pa.int32(): "INTEGER", pa.float64(): "DOUBLE"}  # fmt: skip
_OWN_OF_ROWS = (Fixed("seq", "BIGINT"), Fixed("stream", "INTEGER"))
_OWN_OF_TRUTH = (Fixed("seq", "BIGINT"), Fixed("ord", "BIGINT"), Fixed("model", "VARCHAR"))
_TRUTH_OF_REFERENCE = pa.schema([("truth_number", pa.float64()), ("truth_text", pa.string())])


def _fixed(*fields: pa.Field) -> tuple[Fixed, ...]:
    return tuple(Fixed(f.name, _SQL[f.type], f) for f in fields)


FIXED: Mapping[str, tuple[Fixed, ...]] = {
    "predictions": _OWN_OF_ROWS + _fixed(*PREDICTIONS),
    "reference": _OWN_OF_ROWS + _fixed(*PREDICTIONS, *_TRUTH_OF_REFERENCE),
    "ground_truth": _OWN_OF_TRUTH + _fixed(*GROUND_TRUTH),
}


def stored(column: pa.ChunkedArray) -> pa.ChunkedArray | pa.Array:
    """A fixed column in the form the database takes: ids as UUID, span ids as unsigned integers."""
    if column.type == pa.binary(16):
        return pa.ExtensionArray.from_storage(pa.uuid(), _one(column))
    if column.type == pa.binary(8):
        return _integers(_one(column))
    return column


def loaded(column: pa.ChunkedArray, wanted: pa.DataType) -> pa.ChunkedArray | pa.Array:
    """A column as it came from the database, in the type of the schema."""
    if wanted == pa.binary(16):
        return _one(column).storage
    if wanted == pa.binary(8):
        return _bytes(_one(column))
    if wanted == pa.bool_() and column.type != wanted:
        return _one(column).storage.cast(wanted)
    return column


def by_source(table: pa.Table, fixed: tuple[Fixed, ...]) -> dict[str, dict[Family, pa.ChunkedArray]]:
    """Dynamic columns: their values by source name and family of type; families without any value are left out."""
    own = {f.name for f in fixed}
    names = set(table.column_names)
    found: dict[str, dict[Family, pa.ChunkedArray]] = {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        if name in own:
            continue
        stem = name.removesuffix(FAULT_SUFFIX)
        source = stem if stem in names else name
        values = found.setdefault(source, {})
        if column.null_count < len(column):
            family, column = _with_family(name, column)
            values[family] = column
    return found


@cache
def say_once(message: str) -> None:
    """A sender that has too many columns sends them again and again."""
    log.warning(message)


def within(values: dict[str, T], known: Collection[str], most: int) -> dict[str, T]:
    """Sources that are known, and as many new ones as there is still room for."""
    room = max(most - len(known), 0)
    left_out = set([source for source in values if source not in known][room:])
    if not left_out:
        return values
    say_once(f"a table takes {most} columns from outside: others are left out")
    log.debug("%d new columns are left out, such as %r", len(left_out), min(left_out))
    return {source: value for source, value in values.items() if source not in left_out}


def declare(values: Mapping[Family, pa.ChunkedArray]) -> Family | None:
    """The family of a new source: that of its values, numbers if there are numbers and texts."""
    order: tuple[Family, ...] = ("number", "boolean", "text")
    return next((family for family in order if family in values), None)


def settle(declared: Family, values: dict[Family, pa.ChunkedArray]) -> dict[Family, pa.ChunkedArray]:
    """Move what can be said in the declared family without loss into it: true is 1, and 0 and 1 are booleans."""
    if declared == "number" and "boolean" in values:
        values = dict(values)
        truths = values.pop("boolean").cast(pa.float64())
        values["number"] = pc.coalesce(values["number"], truths) if "number" in values else truths
    if declared == "boolean" and "number" in values:
        values = dict(values)
        numbers = values.pop("number")
        binary = pc.is_in(numbers, value_set=pa.array([0.0, 1.0]))
        truths = pc.if_else(binary, pc.equal(numbers, 1.0), None)
        rest = pc.if_else(binary, None, numbers)
        values["boolean"] = pc.coalesce(values["boolean"], truths) if "boolean" in values else truths
        if rest.null_count < len(rest):
            values["number"] = rest
    return values


def _with_family(name: str, column: pa.ChunkedArray) -> tuple[Family, pa.ChunkedArray]:
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return "text", column
    family: Family = "boolean" if pa.types.is_boolean(kind) else "number" if _is_number(kind) else "text"
    try:
        return family, column if column.type == FAMILIES[family].arrow else column.cast(FAMILIES[family].arrow)
    except pa.ArrowException as error:
        msg = f"column {name!r} is of type {column.type}: give numbers, texts or booleans"
        raise InputError(msg) from error


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_decimal(kind))


def _one(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    if isinstance(column, pa.Array):
        return column
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _integers(spans: pa.Array) -> pa.Array:
    if len(spans) == 0:
        return pa.array([], pa.uint64())
    words = np.frombuffer(spans.buffers()[1], dtype=">u8")[spans.offset : spans.offset + len(spans)]
    numbers = pa.array(words.astype(np.uint64))
    return pc.if_else(spans.is_valid(), numbers, None) if spans.null_count else numbers


def _bytes(numbers: pa.Array) -> pa.Array:
    words = np.asarray(pc.fill_null(numbers, 0).to_numpy(zero_copy_only=False), dtype=np.uint64).astype(">u8")
    spans = pa.FixedSizeBinaryArray.from_buffers(pa.binary(8), len(words), [None, pa.py_buffer(words.tobytes())])
    return pc.if_else(numbers.is_valid(), spans, None)
