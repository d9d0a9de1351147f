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
)

from miops import semconv
from miops.context_keys import LINKS, SPAN, identified
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
    rows can carry the parent's ids. (Only a sampler that ignores parents could have kept it.) A call that answers
    several requests has links to them instead of a parent, and a span if one of them is sampled.
    """
    current: Any = context.get(SPAN)
    trace_id, span_id, flags = identified(INVALID_SPAN_CONTEXT if current is None else current.get_span_context())
    links: Any = context.get(LINKS)
    unseen = not flags & 1 if trace_id else links and not any(link.context.trace_flags.sampled for link in links)
    if tracer is None or (unseen and not always):
        return _new(Opened, (trace_id, span_id, None, None))
    span = tracer.start_span(source.span_name, context, _INTERNAL, source.span_attributes, links)
    trace_id, span_id, _ = identified(span.get_span_context())
    return _new(Opened, (trace_id, span_id, span, attach(Context({**context, SPAN: span}))))


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
            outcome = {semconv.BATCH_SIZE: rows}
            if value is not None:
                outcome[semconv.PREDICTION_VALUE] = value
            if score is not None:
                outcome[semconv.PREDICTION_SCORE] = score
            span.set_attributes(outcome)
            if error is not None:
                span.set_attribute(semconv.ERROR_TYPE, error_name(error))
                span.set_status(Status(StatusCode.ERROR, None if private else str(error)))
    finally:
        detach(opened.token)
        span.end()


def error_name(error: BaseException) -> str:
    """The class of an error as ``error.type`` has it: with its module unless it is built in."""
    kind = type(error)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
