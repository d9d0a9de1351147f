"""Which rows the model answered: those it failed on have an error in a column that only such tables have."""

from __future__ import annotations

from typing import Final

from miops.semconv import COLUMN_ERROR_TYPE
from miops_collector.stores._tables import Place, Segment

__all__ = ["ERROR", "answered"]

ERROR: Final[Place] = (COLUMN_ERROR_TYPE, "text")


def answered(segment: Segment, alias: str = "") -> str:
    """SQL condition on rows of a segment: truth is about these, and no others are compared."""
    name = segment.columns.get(ERROR)
    return "true" if name is None else f"{alias}{'.' if alias else ''}{name} IS NULL"
