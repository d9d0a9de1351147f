"""Committed rows that are in no pane yet: to bin sixteen rows costs as much as to bin a thousand."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TypeAlias

import pyarrow as pa

__all__ = ["ENOUGH", "Alike", "Held"]

ENOUGH = 4_096
"""Rows that are worth binning."""

Alike: TypeAlias = tuple[pa.Schema, tuple[str, ...]]


@dataclass(eq=False)
class Held:
    """Tables of one model version, by schema and by the classes their scores belong to, in the order they came."""

    rows: int = 0
    nbytes: int = 0
    _tables: dict[Alike, list[pa.Table]] = field(default_factory=lambda: defaultdict(list))

    def add(self, table: pa.Table, classes: tuple[str, ...]) -> None:
        self._tables[table.schema, classes].append(table)
        self.rows += table.num_rows
        self.nbytes += table.get_total_buffer_size()

    def take(self) -> list[tuple[pa.Table, tuple[str, ...]]]:
        """All of them, in as few tables as their schemas allow; afterwards there are none."""
        tables, self._tables = self._tables, defaultdict(list)
        self.rows = self.nbytes = 0
        return [(pa.concat_tables(alike), classes) for (_, classes), alike in tables.items()]
