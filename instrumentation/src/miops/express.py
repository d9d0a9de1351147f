"""The way nearly every call goes: one row in, an array out, and nothing to be merged with the call before.

It does what :mod:`miops.calls` does, in one frame. Among real predictions, with cold caches, a call costs by how many
functions it runs through: the same work takes a quarter less time in one than in a dozen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from time import perf_counter_ns, time_ns
from typing import Any, Final

import numpy as np
from opentelemetry.context import Context, attach, detach, get_current
from opentelemetry.trace import INVALID_SPAN_CONTEXT, SpanKind

from miops import calls, runtime
from miops.calls import Opening, fail, finish
from miops.capture import Capture
from miops.context_keys import BAGGAGE, LINKS, SPAN, SUPPRESSED, identified
from miops.frame_blocks import Blocks
from miops.lanes import Packed, lane_of
from miops.layouts import Matrix
from miops.pending import Pending
from miops.record import Recorder
from miops.sources import Source
from miops.spans import Opened

__all__ = ["recorded_call"]

_ndarray = np.ndarray
_INTERNAL: Final = SpanKind.INTERNAL
_NUMBERS: Final = frozenset({float, int})
_HALF: Final = 0xFFFF_FFFF_FFFF_FFFF
_new: Final = tuple.__new__
"""Makes a named tuple in a third of the time its own constructor takes."""
_UNUSUAL: Final = frozenset({calls.NESTED, BAGGAGE, LINKS, *SUPPRESSED})
"""With any of these in the context there is more to look at."""


def recorded_call(  # noqa: C901  # see above
    output: int,
    framework: str,
    function: Callable[..., Any],
    model: Any,
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
) -> Any:
    """Run an outermost call; return the model's very object, let its very error through.

    Whatever is unusual about a call or its result is left to :mod:`miops.calls`: until the model runs nothing is
    changed but that a span is opened, which comes last. It is as long as it is to be one frame.
    """
    local = runtime.local
    local.depth = 1
    span = None
    seen = usual = False
    try:
        try:
            values = args[0]
            layout: Matrix | Blocks | None
            reference, source = runtime.sources.known[id(model)]
            context, recorder, slot = get_current(), runtime.recorder, local.slot
            before = slot[0] if slot else None
            kind = type(values)
            if kind is _ndarray:
                layout = source.matrix
                fits = layout is not None and values.shape == layout.row_shape and values.dtype is layout.dtype
                features = values.tobytes() if fits else None
            elif kind is list:
                layout = source.matrix
                features = None if layout is None else _listed(values, layout)
            else:
                layout = source.blocks
                features = None if layout is None else layout.one_row(values)
            if (
                features is not None
                and recorder is not None
                and reference() is model
                and _UNUSUAL.isdisjoint(context)
                and (before is None or before[1] != id(values) or before[0] is not source or before[2] & output)
            ):
                current: Any = context.get(SPAN)
                parent = INVALID_SPAN_CONTEXT if current is None else current.get_span_context()
                trace_id, span_id, flags = identified(parent)
                tracer = runtime.tracer
                if tracer is not None and (flags & 1 or not trace_id or runtime.spans_always):
                    own = tracer.start_span(source.span_name, context, _INTERNAL, source.span_attributes)
                    trace_id, span_id, _ = identified(own.get_span_context())
                    seen = own.is_recording()
                    span = _new(Opened, (trace_id, span_id, own, attach(Context({**context, SPAN: own}))))
                usual = True
        except Exception:  # noqa: BLE001  # it happens again where it is counted
            usual = False
        if not usual or layout is None or features is None or recorder is None:
            return calls.recorded_call(output, framework, function, model, args, kwargs)
        start = time_ns()
        began = perf_counter_ns()
        try:
            result = function(*args, **kwargs)
        except BaseException as error:
            duration = perf_counter_ns() - began
            fail(_opening(recorder, source, output, values, layout, features, span, trace_id, span_id), duration, error)
            raise
        duration = perf_counter_ns() - began
        try:
            lane = layout.lanes.get(output)
            if type(result) is not _ndarray:
                lane = None
            elif lane is None or result.dtype != lane.result_dtype or result.shape != lane.result_shape:
                lane = lane_of(layout, output, result.dtype, result.shape)
            if lane is None:
                opening = _opening(recorder, source, output, values, layout, features, span, trace_id, span_id)
                if slot:  # only one call can wait
                    recorder.hand_on(slot.pop())
                span = None  # it is ended there
                finish(opening, start, duration, result)
                return result
            number, high, low = next(recorder.ids.calls), trace_id >> 64, trace_id & _HALF
            record = lane.pack(start, duration, number, high, low, span_id, result.tobytes())
            held: Packed | Pending | None = _new(Packed, (source, id(values), output, lane, record, features))
            if source.classes is not None:  # the next call may complete this one; the one before was not completed
                if slot is None or slot.home is not recorder.slots:
                    slot = runtime.new_slot(recorder)
                slot.append(held)  # type: ignore[arg-type]
                held = slot.pop(0) if len(slot) > 1 else None
            if type(held) is Packed:
                try:
                    recorder.tickets[held[3].size].pop()
                except (KeyError, IndexError):
                    recorder.append_packed(held)
                else:
                    recorder.calls.append(held)
                    if len(recorder.calls) >= recorder.flush_calls or recorder.thread is None:
                        recorder.attend()
            elif held is not None:
                recorder.hand_on(held)
        except Exception as error:  # noqa: BLE001
            runtime.faults.add("result_not_recorded", error)
        if span is not None:
            if seen:
                calls.end_span(span, source, output, 1, result)
            else:  # there is nothing to end but its being current
                detach(span[3])
        return result
    finally:
        local.depth = 0


def _listed(values: list[Any], layout: Matrix) -> bytes | None:
    """The bytes of a list of one row, where it is one that the layout fits."""
    if len(values) != 1:
        return None
    if layout.pack_row is not None and len(values[0]) == layout.width and _NUMBERS.issuperset(map(type, values[0])):
        return layout.pack_row(*values[0])
    row = np.asarray(values)
    return row.tobytes() if row.shape == layout.row_shape and row.dtype is layout.dtype else None


def _opening(
    recorder: Recorder,
    source: Source,
    output: int,
    values: Any,
    layout: Matrix | Blocks,
    features: Any,
    span: Opened | None,
    trace_id: int,
    span_id: int,
) -> Opening:
    captured = Capture(layout, features, 1, layout.row_size)
    opened = span or Opened(trace_id, span_id, None, None)
    return Opening(recorder, source, output, id(values), captured, None, None, opened)
