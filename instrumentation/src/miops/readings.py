"""Calls whose input and result only their framework can read: which argument is the input, which result is what.

scikit-learn style methods need none of this: their first argument is the input and their result is the output.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from time import perf_counter_ns, time_ns
from types import MethodType
from typing import Any, Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from miops import runtime
from miops.call import CALL_BYTES, Call, Output
from miops.calls import Opening, begin, fail, finish, guarded_call
from miops.ids import ROW_LIMIT
from miops.layouts import Layout
from miops.outputs import Returned, one_row, take_output
from miops.sources import Source
from miops.spans import close_span

__all__ = [
    "ANY",
    "Part",
    "Read",
    "Reading",
    "close",
    "labels",
    "open_reading",
    "probabilities",
    "read_awaited",
    "read_call",
    "reading",
]

ANY: Final[int] = Output.DECISION | Output.PROBABILITIES | Output.MARGINS | Output.SCORE
"""Output of a call that never completes another one: it makes a row of its own."""


class Part(NamedTuple):
    """What a result, or a part of it, is: one :class:`miops.call.Output`, and its values."""

    output: int
    values: Any


class Reading(NamedTuple):
    """One call as its framework reads it.

    Attributes
    ----------
    values
        The input, as :func:`miops.capture.capture` takes it; ``None`` if it cannot be seen.
    take
        From the result to its parts: one, the decision and the scores, or none if it turns out to be no prediction.
    output
        What the result will be, if the call may complete a previous one about the same input.
    """

    values: Any
    take: Callable[[Any, Source], Sequence[Part]]
    output: int = ANY


def labels(numbers: NDArray[Any], source: Source) -> Part:
    """Decisions from class numbers, as the classes are called."""
    flat = numbers.reshape(-1)
    return Part(Output.DECISION, flat if source.classes is None else source.classes[flat.astype(np.int64)])


def probabilities(values: NDArray[Any], source: Source) -> Part:
    """Class probabilities, of which ``(n,)`` or ``(n, 1)`` of two classes are those of the second."""
    if source.classes is not None and len(source.classes) == 2 and values.size == len(values):
        second = values.reshape(-1)
        values = np.empty((len(second), 2), second.dtype)
        values[:, 0], values[:, 1] = 1 - second, second
    return Part(Output.PROBABILITIES, values)


Read: TypeAlias = Callable[[Any, tuple[Any, ...], Mapping[str, Any]], Reading | None]
"""From model and arguments to a reading; ``None`` if what is asked for is no prediction."""


def reading(original: Callable[..., Any], read: Read, framework: str) -> Callable[..., Any]:
    """A function in place of ``original`` that records its outermost call as ``read`` reads it."""

    @functools.wraps(original)
    def recorded(self: Any, *args: Any, **kwargs: Any) -> Any:
        if runtime.local.depth or framework not in runtime.active:
            return original(self, *args, **kwargs)
        return read_call(read, framework, MethodType(original, self), self, args, kwargs)

    return recorded


def read_call(
    read: Read,
    framework: str,
    function: Callable[..., Any],
    model: Any,
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
) -> Any:
    """Run an outermost call and record it as ``read`` reads it."""
    opened = open_reading(read, framework, model, args, kwargs)
    if opened is None:
        return guarded_call(function, args, kwargs)
    opening, take = opened
    start, began = time_ns(), perf_counter_ns()
    try:
        result = guarded_call(function, args, kwargs)
    except BaseException as error:
        fail(opening, perf_counter_ns() - began, error)
        raise
    close(opening, take, start, perf_counter_ns() - began, result)
    return result


async def read_awaited(
    read: Read,
    framework: str,
    function: Callable[..., Any],
    model: Any,
    args: tuple[Any, ...],
    kwargs: Mapping[str, Any],
) -> Any:
    """The same of a function that is awaited: what else the thread calls meanwhile is not nested."""
    opened = open_reading(read, framework, model, args, kwargs)
    if opened is None:
        return await function(*args, **kwargs)
    opening, take = opened
    start, began = time_ns(), perf_counter_ns()
    try:
        result = await function(*args, **kwargs)
    except BaseException as error:
        fail(opening, perf_counter_ns() - began, error)
        raise
    close(opening, take, start, perf_counter_ns() - began, result)
    return result


def open_reading(
    read: Read, framework: str, model: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> tuple[Opening, Callable[[Any, Source], Sequence[Part]]] | None:
    """Read the arguments and begin; ``None`` if the call is not to be recorded. Never raises."""
    local = runtime.local
    local.depth += 1  # what the framework is asked about the model is not a prediction either
    try:
        one = read(model, args, kwargs)
        opening = None if one is None else begin(one.output, framework, model, one.values)
        return None if one is None or opening is None else (opening, one.take)
    except Exception as error:  # noqa: BLE001
        runtime.faults.add("call_not_read", error)
        return None
    finally:
        local.depth -= 1


def close(
    opening: Opening, take: Callable[[Any, Source], Sequence[Part]], start: int, duration: int, result: Any
) -> None:
    """End the span and hand the rows over. Never raises."""
    shown: tuple[int, Any, Any] = (0, None, None)
    try:
        parts = take(result, opening.source)
        if len(parts) == 1:
            finish(opening._replace(output=parts[0].output), start, duration, parts[0].values)
            return
        if parts:
            shown = _several(opening, start, duration, parts)
    except Exception as error:  # noqa: BLE001
        runtime.faults.add("result_not_recorded", error)
        if opening.previous is not None:
            opening.recorder.hand_on(opening.previous)
    try:
        close_span(opening.span, *shown, None)
    except Exception as error:  # noqa: BLE001
        runtime.faults.add("span_not_ended", error)


def _several(opening: Opening, start: int, duration: int, parts: Sequence[Part]) -> tuple[int, Any, Any]:
    """Record decision and scores of one call; rows, and value and score of a single row for the span."""
    decision, scores = parts
    source = opening.source
    decided, scored = take_output(decision.values), take_output(scores.values)
    if decided.rows != scored.rows:
        raise ValueError(f"{decided.rows} decisions with scores for {scored.rows} rows")
    if not decided.rows:
        return 0, None, None
    opening.recorder.append(_joined(opening, start, duration, decided, scores.output, scored))
    if decided.rows > 1 or opening.span.span is None:
        return decided.rows, None, None
    return 1, one_row(source, decision.output, decision.values)[0], one_row(source, scores.output, scores.values)[1]


def _joined(opening: Opening, start: int, duration: int, decided: Returned, output: int, scored: Returned) -> Call:
    recorder, layout, payload, size = opening.recorder, *_seen(opening, decided.rows)
    return Call(
        serial=layout.serial,
        decision_dtype=decided.dtype,
        outputs=Output.DECISION | output,
        scores_dtype=scored.dtype,
        scores_width=scored.width,
        layout=layout,
        decision=decided.payload,
        scores=scored.payload,
        features=payload,
        rows=decided.rows,
        size=size + len(decided.payload) + len(scored.payload) + CALL_BYTES,
        call=next(recorder.ids.calls) if decided.rows < ROW_LIMIT else recorder.ids.next_call(decided.rows),
        start=start,
        duration=duration,
        trace_id=opening.span.trace_id,
        span_id=opening.span.span_id,
        extras=opening.extras,
    )


def _seen(opening: Opening, rows: int) -> tuple[Layout, Any, int]:
    layout, payload, seen, size = opening.captured
    return (layout, payload, size) if seen == rows else (opening.source.nothing, None, size)
