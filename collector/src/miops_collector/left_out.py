"""Values of stored rows that the store has no column for: a table takes so many columns, and so many second types."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import pyarrow as pa

from miops_collector.schema import FAULT_SUFFIX
from miops_collector.stores._store import Stored

__all__ = ["LeftOut"]

COLUMNS, TYPE = "columns", "type"
"""Reasons, as decoding names them."""
MOST: Final = 4096
"""Models whose columns are remembered."""


@dataclass(frozen=True, slots=True)
class _Suspect:
    """A column that came and of which not all values may be stored; ``beside`` is whether it is stored at all."""

    name: str
    reason: str
    beside: bool


class LeftOut:
    """Remembers what to look at in the rows of a model, which mostly have the same columns as those before."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str, str], tuple[pa.Schema, pa.Schema, tuple[_Suspect, ...]]] = {}

    def count(self, stored: Stored) -> Counter[str]:
        """How many values that came are not in what is stored, by reason.

        Of rows that came partly again it is not known which ones had the values: then no more are counted than rows
        are new, and values of another type only if they came in a column of their own.
        """
        given, kept = stored.records.table, stored.table
        counts: Counter[str] = Counter()
        for one in self._suspects(stored) if kept.num_rows else ():
            if not one.beside:
                counts[one.reason] += min(_values(given, one.name), kept.num_rows)
            elif not stored.duplicates:
                counts[one.reason] += max(_values(given, one.name) - _values(kept, one.name), 0)
        return +counts

    def _suspects(self, stored: Stored) -> tuple[_Suspect, ...]:
        records = stored.records
        key = (records.kind, records.model, records.version)
        given, kept = records.table.schema, stored.table.schema
        known = self._known.get(key)
        if known is None or not (given.equals(known[0]) and kept.equals(known[1])):
            if len(self._known) >= MOST:
                self._known.clear()
            known = self._known[key] = (given, kept, tuple(_compared(given, kept)))
        return known[2]


def _compared(given: pa.Schema, kept: pa.Schema) -> Iterator[_Suspect]:
    types = dict(zip(kept.names, kept.types, strict=True))
    for name, kind in zip(given.names, given.types, strict=True):
        if name not in types:
            reason = TYPE if name.removesuffix(FAULT_SUFFIX) in types else COLUMNS
            yield _Suspect(name, reason, beside=False)
        elif kind != types[name] and name + FAULT_SUFFIX not in types:
            yield _Suspect(name, TYPE, beside=True)


def _values(table: pa.Table, name: str) -> int:
    return int(table.num_rows - table.column(name).null_count)
