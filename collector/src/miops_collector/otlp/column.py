"""One attribute of many rows, seen as numbers, booleans or texts, wherever it came from."""

from __future__ import annotations

from typing import Any, Protocol, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from miops_collector.otlp.types import Flags

__all__ = ["Array", "Column", "as_numbers", "as_text", "bitmap", "encoded_text", "fixed", "merged", "words"]

Array: TypeAlias = Any  # pyarrow ships no types


class Column(Protocol):
    """Values of one attribute; a view has a null where a row's value is of another type, and is ``None`` if all are.

    Attributes
    ----------
    faults
        How many values are of a type that no view shows: bytes, nested, arrays.
    """

    @property
    def faults(self) -> int: ...

    def numbers(self) -> Array | None:
        """Doubles; integers become doubles."""
        ...

    def integers(self) -> Array | None:
        """int64, exact."""
        ...

    def booleans(self) -> Array | None: ...

    def texts(self, bad: Flags) -> Array | None:
        """Strings, dictionary-encoded where few are distinct; ``bad`` becomes true where one is not UTF-8."""
        ...


def bitmap(valid: Flags) -> Array | None:
    """Validity as Arrow has it; nothing when all are valid."""
    return None if valid.all() else pa.py_buffer(np.packbits(valid, bitorder="little"))


def fixed(kind: Array, values: np.ndarray[Any, Any], valid: Flags | None = None) -> Array:
    """An Arrow array of a type of fixed width over the memory of ``values``."""
    mask = None if valid is None else bitmap(valid)
    return pa.Array.from_buffers(kind, len(values), [mask, pa.py_buffer(np.ascontiguousarray(values))])


def words(booleans: Array) -> Array:
    """Booleans as the texts ``true`` and ``false``."""
    return pc.if_else(booleans, "true", "false")


def merged(*views: Array | None) -> Array | None:
    """The first view that has a value, row by row."""
    there = [view for view in views if view is not None]
    if len(there) < 2:
        return there[0] if there else None
    return pc.coalesce(*(pc.cast(view, pa.string()) if pa.types.is_dictionary(view.type) else view for view in there))


def as_numbers(column: Column | None) -> Array | None:
    """Numbers, with booleans as 1 and 0."""
    if column is None:
        return None
    booleans = column.booleans()
    return merged(column.numbers(), None if booleans is None else pc.cast(booleans, pa.float64()))


def as_text(column: Column | None, bad: Flags) -> Array | None:
    """Plain strings, with whatever else was sent written out: an id may be a number."""
    found = encoded_text(column, bad)
    return pc.cast(found, pa.string()) if found is not None and pa.types.is_dictionary(found.type) else found


def encoded_text(column: Column | None, bad: Flags) -> Array | None:
    """As :func:`as_text`, or as a dictionary where there are only texts, and few distinct ones."""
    if column is None:
        return None
    integers, numbers, booleans = column.integers(), column.numbers(), column.booleans()
    return merged(
        column.texts(bad),
        None if integers is None else pc.cast(integers, pa.string()),
        None if numbers is None else pc.cast(numbers, pa.string()),
        None if booleans is None else words(booleans),
    )
