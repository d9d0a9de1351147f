"""What tells that a model failed: ``error.type``, or the status of a span; and no outcome beside it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from miops import semconv
from miops_collector.otlp.arrow_column import ArrowColumn
from miops_collector.otlp.column import Array, Column, as_text, merged
from miops_collector.otlp.items import BODY, Items
from miops_collector.otlp.kernel import kernel
from miops_collector.otlp.types import Bytes, Flags, Longs
from miops_collector.otlp.wire import field_tag, skip, varint

__all__ = ["error_types", "failed_spans", "with_status"]

_LONGEST: Final = 256
"""Characters of a class name: some senders put the whole message there."""
_OTHER: Final = "_OTHER"
"""OpenTelemetry's name of an error of which no class is told."""


def failed_spans(items: Items) -> Flags:
    """``(n,)`` whose status is an error."""
    failed = np.zeros(len(items), np.bool_)
    _read_status(items.data, items.places, failed)
    return failed


def with_status(columns: Mapping[str, Column], failed: Flags) -> Mapping[str, Column]:
    """The columns, with an error of unknown class where only the status of a span tells of one."""
    if not failed.any():
        return columns
    told = as_text(columns.get(semconv.COLUMN_ERROR_TYPE), np.zeros(len(failed), np.bool_))
    unknown = pc.if_else(pa.array(failed), _OTHER, pa.scalar(None, pa.string()))
    return {**columns, semconv.COLUMN_ERROR_TYPE: ArrowColumn.of(merged(told, unknown))}


def error_types(column: Column | None, outcome: Iterable[Array | None], bad: Flags) -> Array | None:
    """Class of the error of every row that has no outcome; ``None`` if the model failed on none.

    A span may end with an error after its prediction was made: what is known of the outcome counts.
    """
    told = as_text(column, bad)
    if told is None or told.null_count == len(told):
        return None
    failed = pc.fill_null(pc.not_equal(told, ""), False)  # noqa: FBT003
    for part in outcome:
        if part is not None:
            failed = pc.and_(failed, pc.is_null(part, nan_is_null=pa.types.is_floating(part.type)))
    if not pc.any(failed).as_py():
        return None
    return pc.if_else(failed, pc.utf8_slice_codeunits(told, 0, _LONGEST), pa.scalar(None, pa.string()))


@kernel
def _read_status(b: Bytes, places: Longs, failed: Flags) -> None:
    """The code is field 3 of a status, and 2 is an error."""
    for i in range(failed.size):
        p = places[i, BODY, 0]
        end = p + places[i, BODY, 1]
        while 0 <= p < end:
            tag, p = field_tag(b, p, end)
            if p < 0:
                break
            if tag == 24:
                code, p = varint(b, p, end)
                failed[i] = p >= 0 and code == 2
            else:
                p = skip(b, p, end, tag)
