"""Predicted values, truths and features in the types that stores know: numbers, texts, booleans."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from miops_collector.otlp.column import Array, Column, as_numbers, merged, words
from miops_collector.otlp.frame import Frame
from miops_collector.otlp.names import DYNAMIC, usable
from miops_collector.otlp.settings import DecodeSettings
from miops_collector.otlp.types import Flags
from miops_collector.otlp.verdict import Tally
from miops_collector.schema import FAULT_SUFFIX

__all__ = ["dynamic", "number", "outcome"]


def number(frame: Frame, name: str, tally: Tally, bad: Flags) -> Array | None:
    """A column that only ever holds numbers; values of other types are left out and counted."""
    column = frame.columns.get(name)
    if column is None:
        return None
    texts = column.texts(bad)
    tally.ignored["type"] += column.faults + (0 if texts is None else len(texts) - texts.null_count)
    return as_numbers(column)


def outcome(column: Column | None, name: str, bad: Flags) -> dict[str, Array | None]:
    """A value as number or as text; booleans are texts."""
    if column is None:
        return {f"{name}_number": None, f"{name}_text": None}
    booleans = column.booleans()
    texts = merged(column.texts(bad), None if booleans is None else words(booleans))
    if texts is not None and pa.types.is_dictionary(texts.type):
        texts = pc.cast(texts, pa.string())
    return {f"{name}_number": column.numbers(), f"{name}_text": texts}


def dynamic(frame: Frame, settings: DecodeSettings, tally: Tally, bad: Flags) -> dict[str, Array]:
    found: dict[str, Array] = {}
    names = [name for name in frame.columns if name.startswith(DYNAMIC)]
    allowed = usable(names, longest=settings.max_column_name, most=settings.max_columns)
    for name in names:
        column = frame.columns[name]
        if name not in allowed:
            tally.ignored["column"] += len(frame)
            continue
        tally.ignored["type"] += column.faults
        found |= _typed(name, column, bad)
    return found


def _typed(name: str, column: Column, bad: Flags) -> dict[str, Array]:
    """One column of one type; two where a batch has both numbers and texts."""
    numbers, booleans, texts = column.numbers(), column.booleans(), column.texts(bad)
    if numbers is not None:
        numbers = merged(numbers, None if booleans is None else pc.cast(booleans, pa.float64()))
        return {name: numbers} | ({} if texts is None else {name + FAULT_SUFFIX: texts})
    if texts is not None:
        return {name: merged(texts, None if booleans is None else words(booleans))}
    return {} if booleans is None else {name: booleans}
