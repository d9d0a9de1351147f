"""Calls that the model ended with an error: rows with its inputs and the class of the error, and without an outcome."""

from __future__ import annotations

from typing import Any, Final

from miops.call import CALL_BYTES, Call, Extras
from miops.capture import Capture
from miops.ids import ROW_LIMIT, IdSpace
from miops.layouts import Mappings
from miops.sources import Source
from miops.spans import Opened

__all__ = ["failed_call"]

_NO_OUTPUT: Final = 0
"""No call that returned has it, so these are never encoded together with those."""


def failed_call(
    ids: IdSpace,
    source: Source,
    captured: Capture,
    extras: Extras | None,
    *,
    error: str,
    start: int,
    duration: int,
    span: Opened,
    call: int | None = None,
) -> Call:
    """The rows that the model was asked about; one where their number is not known. There may be none.

    Their ids are always our own: one that the caller has chosen is that of the prediction, which may be made yet when
    the request is tried again, and must then not be taken for a repeat.

    Parameters
    ----------
    error
        Class of the error, never its text, which may quote inputs.
    call
        Number of the call, if it has one already.
    """
    layout, payload, rows, size = _usable(captured, source)
    if call is None:
        call = next(ids.calls) if rows < ROW_LIMIT else ids.next_call(rows)
    return Call(
        serial=layout.serial,
        decision_dtype=None,
        outputs=_NO_OUTPUT,
        scores_dtype=None,
        scores_width=0,
        layout=layout,
        decision=None,
        scores=None,
        features=payload,
        rows=rows,
        size=size + CALL_BYTES,
        call=call,
        start=start,
        duration=duration,
        trace_id=span.trace_id,
        span_id=span.span_id,
        extras=(extras or Extras())._replace(ids=None, attributions=None, error=error),
    )


def _usable(captured: Capture, source: Source) -> Capture:
    """The input, without features that are none of the model's: to be given such is a reason to fail."""
    rows, layout = 1 if captured.rows < 0 else captured.rows, captured.layout
    known = source.model.features
    foreign = bool(known and layout.names) and set(layout.names).isdisjoint(known or ())
    ragged = isinstance(layout, Mappings) and not _even(layout, captured.payload, rows)
    if captured.rows < 0 or foreign or ragged:
        return captured._replace(layout=source.nothing, payload=None, rows=rows)
    return captured


def _even(layout: Mappings, columns: Any, rows: int) -> bool:
    return layout.single or all(len(column) == rows for column in columns)
