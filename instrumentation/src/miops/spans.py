"""The thin span of a call: made only where it may be seen, current while the model runs."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from opentelemetry.context import Context, attach, detach
from opentelemetry.trace import (
    INVALID_SPAN_CONTEXT,
    Span,
    SpanKind,
    Status,
    StatusCode,
    Tracer,
    set_span_in_context,
)

from miops import semconv
from miops.context_keys import SPAN
from miops.sources import Source

__all__ = ["NO_SPAN", "Opened", "close_span", "error_name", "open_span"]

_INTERNAL: Final = SpanKind.INTERNAL


class Opened(NamedTuple):
    """Ids for the rows, and the span with the token of its context if there is one."""

    trace_id: int
    span_id: int
    span: Span | None
    token: Any


_new: Final = tuple.__new__
"""Makes a named tuple in a third of the time its own constructor takes."""
NO_SPAN: Final = Opened(0, 0, None, None)


def open_span(source: Source, context: Context, tracer: Tracer | None, *, always: bool) -> Opened:
    """Start the span ``predict {model}`` and make it current.

    Under a valid parent that is not sampled no span is made unless ``always``: it would be dropped, and the
    rows can carry the parent's ids. (Only a sampler that ignores parents could have kept it.)
    """
    current: Any = context.get(SPAN)
    parent = current.get_span_context() if current is not None else INVALID_SPAN_CONTEXT
    if tracer is None or (parent.trace_id and not parent.trace_flags & 1 and not always):
        return _new(Opened, (parent.trace_id, parent.span_id, None, None))
    span = tracer.start_span(source.span_name, context, _INTERNAL, source.span_attributes)
    own = span.get_span_context()
    return _new(Opened, (own.trace_id, own.span_id, span, attach(set_span_in_context(span, context))))


def close_span(
    opened: Opened, rows: int, value: Any, score: Any, error: BaseException | None, *, private: bool = False
) -> None:
    """End the span; what it says about the outcome is set only if somebody records it.

    Where values are ``private`` the error's text, which may quote them, is not told.
    """
    span = opened.span
    if span is None:
        return
    try:
        if span.is_recording():
            _describe(span, rows, value, score, error, private=private)
    finally:
        detach(opened.token)
        span.end()


def _describe(span: Span, rows: int, value: Any, score: Any, error: BaseException | None, *, private: bool) -> None:
    outcome = {semconv.BATCH_SIZE: rows, semconv.PREDICTION_VALUE: value, semconv.PREDICTION_SCORE: score}
    span.set_attributes({name: told for name, told in outcome.items() if told is not None})
    if error is not None:
        span.set_attribute(semconv.ERROR_TYPE, error_name(error))
        span.set_status(Status(StatusCode.ERROR, None if private else str(error)))


def error_name(error: BaseException) -> str:
    """The class of an error as ``error.type`` has it: with its module unless it is built in."""
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
