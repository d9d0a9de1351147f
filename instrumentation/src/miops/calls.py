"""What a patched method does: run the model, and record the outermost call without anybody noticing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from time import perf_counter_ns, time_ns
from typing import Any, Final, NamedTuple

from opentelemetry.context import Context, create_key, get_current

from miops import runtime
from miops.call import CALL_BYTES, Call, Extras, Output, merged
from miops.capture import Capture, capture
from miops.context_keys import BAGGAGE, SUPPRESSED
from miops.failures import failed_call
from miops.ids import ROW_LIMIT
from miops.incoming import from_baggage
from miops.lanes import Packed
from miops.models import registered, resolve
from miops.outputs import Returned, one_row, take_output
from miops.pending import Pending
from miops.record import Recorder
from miops.sources import Source
from miops.spans import NO_SPAN, Opened, close_span, error_name, open_span

__all__ = ["NESTED", "Opening", "begin", "end_span", "fail", "finish", "guarded_call", "recorded_call", "source_of"]

_new: Final = tuple.__new__
"""Makes a named tuple in a third of the time its own constructor takes."""
_NOTHING: Final = Returned(None, None, 0, 0)
NESTED: Final = create_key("miops-nested")
"""In the context of observed code: what it calls is part of it."""


class Opening(NamedTuple):
    """What is known when the model starts."""

    recorder: Recorder
    source: Source
    output: int
    input_id: int
    captured: Capture
    extras: Extras | None
    previous: Pending | Packed | None
    span: Opened


def guarded_call(function: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Any:
    """Run something that calls models itself: nothing inside is recorded."""
    local = runtime.local
    local.depth += 1
    try:
        return function(*args, **kwargs)
    finally:
        local.depth -= 1


def recorded_call(
    output: int,
    framework: str,
    function: Callable[..., Any],
    model: Any,
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
) -> Any:
    """Run an outermost call; return the model's very object, let its very error through."""
    local = runtime.local
    local.depth = 1
    try:
        opening = begin(output, framework, model, args[0] if args else kwargs.get("X"))
        if opening is None:
            return function(*args, **kwargs)
        start = time_ns()
        began = perf_counter_ns()
        try:
            result = function(*args, **kwargs)
        except BaseException as error:
            fail(opening, perf_counter_ns() - began, error)
            raise
        finish(opening, start, perf_counter_ns() - began, result)
        return result
    finally:
        local.depth = 0


def begin(output: int, framework: str, model: Any, values: Any) -> Opening | None:
    """Copy the input and start the span; ``None`` if the call is not to be recorded. Never raises."""
    recorder = runtime.recorder
    if recorder is None:
        return None
    previous: Pending | Packed | None = None
    try:
        context = get_current()
        if context and (NESTED in context or (not SUPPRESSED.isdisjoint(context) and _suppressed(context))):
            return None
        known = runtime.sources.known.get(id(model))
        source = known[1] if known is not None and known[0]() is model else source_of(model, framework)
        slot = runtime.local.slot
        if slot:
            previous = slot.pop()
        captured = _captured(values, source, recorder)
        if previous is not None and not _belong_together(previous, source, output, id(values), captured):
            recorder.hand_on(previous)
            previous = None
        extras = from_baggage(context, runtime.faults) if BAGGAGE in context else None
        tracer = runtime.tracer
        span = open_span(source, context, tracer, always=runtime.spans_always) if context or tracer else NO_SPAN
    except Exception as error:  # noqa: BLE001
        runtime.faults.add("call_not_recorded", error)
        if previous is not None:
            recorder.hand_on(previous)
        return None
    return _new(Opening, (recorder, source, output, id(values), captured, extras, previous, span))


def _suppressed(context: Context) -> bool:
    return any(context.get(key) for key in SUPPRESSED)


def source_of(model: Any, framework: str) -> Source:
    """Ask the framework about a model that is new to us."""
    runtime.refresh()
    described = runtime.describers[framework](model)
    source = runtime.sources.of(resolve(described, registered(model), runtime.config))
    runtime.sources.keep(model, source)
    return source


def _captured(values: Any, source: Source, recorder: Recorder) -> Capture:
    try:
        return capture(values, source, recorder.pool)
    except Exception as error:  # noqa: BLE001
        runtime.faults.add("input_not_captured", error)
        return Capture(source.nothing, None, -1, 0)


def _belong_together(pending: Pending | Packed, source: Source, output: int, input_id: int, captured: Capture) -> bool:
    """Whether a call and the one before it ask for decision and scores of the same input."""
    if pending.input_id != input_id or pending.source is not source or pending.outputs & output:
        return False
    layout, call = captured.layout, pending.call
    return layout is call.layout and captured.rows == call.rows and layout.same(call.features, captured.payload)


def fail(opening: Opening, duration: int, error: BaseException) -> None:
    """End the span with the model's error and hand over the rows it was asked about. Never raises."""
    recorder, source, _, _, captured, extras, previous, span = opening
    try:
        if previous is not None:
            recorder.hand_on(previous)
        name, start = error_name(error), time_ns() - duration
        call = failed_call(
            recorder.ids, source, captured, extras, error=name, start=start, duration=duration, span=span
        )
        recorder.failed(source.model, name, call)
    except Exception as fault:  # noqa: BLE001
        runtime.faults.add("error_not_recorded", fault)
    try:
        close_span(span, max(captured.rows, 0), None, None, error, private=runtime.faults.private)
    except Exception as fault:  # noqa: BLE001
        runtime.faults.add("span_not_ended", fault)


def finish(opening: Opening, start: int, duration: int, result: Any) -> None:
    """End the span and hand the rows over. Never raises."""
    recorder, source, output, input_id, _, _, previous, span = opening
    returned = _NOTHING
    try:
        returned = take_output(result)
        if returned.rows:
            call = _call(opening, start, duration, returned)
            if source.classes is None:
                recorder.append(call)  # nothing can complete it
            else:
                if previous is not None:
                    recorder.sender.give_back(call)
                    output, call = previous.outputs | output, merged(previous.call, call)
                slot = runtime.local.slot
                if slot is None or slot.home is not recorder.slots:
                    slot = runtime.new_slot(recorder)
                slot.append(_new(Pending, (source, input_id, output, call)))
        elif previous is not None:
            recorder.hand_on(previous)
    except Exception as error:  # noqa: BLE001
        runtime.faults.add("result_not_recorded", error)
        if previous is not None:
            recorder.hand_on(previous)
    if span.span is not None:
        end_span(span, source, opening.output, returned.rows, result)


def end_span(opened: Opened, source: Source, output: int, rows: int, result: Any) -> None:
    """End the span of a call, with value and score where it was one row. Never raises."""
    value = score = None
    try:
        if rows == 1 and opened.span is not None and opened.span.is_recording():
            value, score = one_row(source, output, result)
    except Exception as error:  # noqa: BLE001
        runtime.faults.add("span_without_value", error)
    try:
        close_span(opened, rows, value, score, None)
    except Exception as error:  # noqa: BLE001
        runtime.faults.add("span_not_ended", error)


def _call(opening: Opening, start: int, duration: int, returned: Returned) -> Call:
    recorder, _, output, _, captured, extras, _, span = opening
    layout, payload, rows, size = captured
    if rows != returned.rows:
        layout, payload = opening.source.nothing, None
    decided = output == Output.DECISION
    return _new(
        Call,
        (
            layout.serial,
            returned.dtype if decided else None,
            output,
            None if decided else returned.dtype,
            0 if decided else returned.width,
            layout,
            returned.payload if decided else None,
            None if decided else returned.payload,
            payload,
            returned.rows,
            size + len(returned.payload) + CALL_BYTES,
            next(recorder.ids.calls) if returned.rows < ROW_LIMIT else recorder.ids.next_call(returned.rows),
            start,
            duration,
            span.trace_id,
            span.span_id,
            extras,
        ),
    )
