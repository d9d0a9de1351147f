"""One recorded call: the tuple that callers append and the flush turns into rows."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np

from miops.attributions import Attributions
from miops.layouts import Layout

__all__ = ["CALL_BYTES", "Call", "Extras", "Output", "merged"]


CALL_BYTES: Final = 600
"""What a held call takes beside its payloads: the tuple, its numbers, its share of the list."""


class Output:
    """What a method of a model returns; sums mean both. Plain integers: an ``IntFlag`` takes microseconds to test."""

    DECISION: Final = 1
    """Predicted labels or numbers."""
    PROBABILITIES: Final = 2
    """Class probabilities, one column per class."""
    MARGINS: Final = 4
    """Class scores that are no probabilities; one column for two classes."""
    SCORE: Final = 8
    """One number per row that is the score already."""


class Extras(NamedTuple):
    """What only some calls have: a value for the call, or a list with one per row."""

    ids: str | list[str] | None = None
    entity: str | list[str] | None = None
    time: int | list[int] | None = None
    weight: float | list[float] | None = None
    threshold: float | list[float] | None = None
    attributions: Attributions | None = None
    error: str | None = None
    """Class of the error that ended the call: then it has no output."""


class Call(NamedTuple):
    """One outermost call of a model.

    Callers build it as a plain tuple in this order, which takes a sixth of the time; the flush gives it its names.
    The first five fields decide which calls are encoded together.

    Attributes
    ----------
    serial
        Of the layout; sorts calls by it.
    decision_dtype
        Type of the bytes in ``decision``, or of objects in a list; ``None`` if that is nothing. (Not for a list, as
        NumPy holds ``None`` and its ``float64`` for equal, and these calls would be encoded together.)
    outputs
        Which of :class:`Output` the call, or the calls merged into it, returned; 0 where the model failed.
    scores_width
        Columns of ``scores``; 0 if they are a plain ``(n,)``.
    decision, scores
        Bytes of the returned array, a list, or ``None``.
    features
        Payload of the layout.
    size
        Bytes held, for the cap.
    call
        Number of the call, from which ids are made.
    start, duration
        Wall clock at the start of the call, and how long it took, nanoseconds.
    """

    serial: int
    decision_dtype: np.dtype[Any] | None
    outputs: int
    scores_dtype: np.dtype[Any] | None
    scores_width: int
    layout: Layout
    decision: Any
    scores: Any
    features: Any
    rows: int
    size: int
    call: int
    start: int
    duration: int
    trace_id: int
    span_id: int
    extras: Extras | None


def _certainty(call: Call) -> int:
    known = (Output.PROBABILITIES, Output.SCORE, Output.MARGINS)
    return next((place for place, output in enumerate(known) if call.outputs & output), len(known))


def merged(first: Call, second: Call) -> Call:
    """One call from two that asked the same model about the same input: the decision of one, the scores of the other.

    Id, time and trace are the first's; the duration is the sum, for that is how long the prediction took.
    Probabilities win over scores, and these over margins; the outputs say which scores they are.
    """
    decided = first if first.outputs & Output.DECISION else second
    scored = min((first, second), key=_certainty)
    return first._replace(
        outputs=((first.outputs | second.outputs) & Output.DECISION) | (scored.outputs & ~Output.DECISION),
        decision=decided.decision,
        decision_dtype=decided.decision_dtype,
        scores=scored.scores,
        scores_dtype=scored.scores_dtype,
        scores_width=scored.scores_width,
        size=first.size + second.size,
        duration=first.duration + second.duration,
        extras=first.extras or second.extras,
    )
