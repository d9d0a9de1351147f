"""Predictions recorded by hand: one call after the fact, or around the code that makes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from time import perf_counter_ns, time_ns
from types import TracebackType
from typing import Any, Self

from opentelemetry.context import attach, detach, get_current, set_value

from miops import runtime
from miops.call import Call, Extras
from miops.calls import NESTED
from miops.capture import Capture
from miops.failures import failed_call
from miops.ids import IdSpace, PredictionIds
from miops.incoming import from_baggage
from miops.record import Recorder
from miops.sources import Source
from miops.spans import NO_SPAN, Opened, close_span, error_name, open_span
from miops.told import Told, call_of, captured_of, extras_of, model_named

__all__ = ["Prediction", "prediction", "record_prediction"]

_no_ids = PredictionIds(IdSpace(), 0, 0, 0, None)


def record_prediction(
    model: object,
    *,
    version: str | None = None,
    role: str | None = None,
    features: Any = None,
    value: Any = None,
    score: Any = None,
    scores: Any = None,
    threshold: Any = None,
    context: Mapping[str, Any] | None = None,
    prediction_id: str | Sequence[str] | None = None,
    entity_id: str | Sequence[str] | None = None,
    weight: Any = None,
    time: Any = None,
    attributions: Mapping[str, Any] | None = None,
    attribution_method: str = "shap",
    duration_seconds: float = 0.0,
) -> PredictionIds:
    """Record a prediction that has been made, of one row or of many.

    Everything is copied; nothing is raised: what cannot be recorded is counted and logged once.

    Parameters
    ----------
    model
        Its name, a :class:`miops.Model` (with task, classes …), or the registered object itself.
    role
        ``primary``, ``shadow`` or ``canary``.
    features
        One row as a mapping of values or ``(k,)``; many as a mapping of columns, a data frame, or ``(n, k)``.
        A list or mapping that is one value of the only row is recorded as JSON; what does not fit the outcome is left
        out and counted.
    value
        The decision or predicted value, or one per row.
    score
        Binary: score of the positive class; otherwise of the predicted class. One number, or one per row.
    scores
        ``(classes,)`` or ``(n, classes)`` class scores instead.
    context
        Not inputs, but useful to slice by: as ``features``.
    prediction_id
        Unique id of the prediction if you have one; for several rows ``/0``, ``/1`` … are appended, or give a list.
    entity_id
        Whom or what it is about.
    weight
        How many predictions this one stands for.
    time
        When it was made, if not now: a datetime, ISO 8601 text or Unix nanoseconds.
    attributions
        What each feature contributed, by your own explainer: a mapping of values, or of columns.
    attribution_method
        What that explainer is called.

    Returns
    -------
    PredictionIds
        The ids to quote when the truth is known; empty if nothing was recorded.
    """
    told = Told(
        features=features,
        value=value,
        score=score,
        scores=scores,
        threshold=threshold,
        context=context,
        prediction_id=prediction_id,
        entity_id=entity_id,
        weight=weight,
        time=time,
        attributions=attributions,
        attribution_method=attribution_method,
    )
    try:
        recorder = runtime.ensure()
        if recorder is None:
            return _no_ids
        source = runtime.sources.of(model_named(model, version, role))
        span = open_span(source, get_current(), None, always=False)
        call = call_of(
            recorder,
            source,
            told,
            start=time_ns(),
            duration=int(duration_seconds * 1e9),
            span=span,
            call=next(recorder.ids.calls),
        )
        return hand_over(recorder, call)
    except Exception as error:  # noqa: BLE001
        runtime.faults.add("prediction_not_recorded", error)
        return _no_ids


def hand_over(recorder: Recorder, call: Call) -> PredictionIds:
    """Record a call; what baggage says applies where the user said nothing."""
    call = call._replace(extras=_with_baggage(call.extras))
    if call.rows:
        recorder.append(call)
    given = call.extras.ids if call.extras is not None else None
    return PredictionIds(recorder.ids, call.start, call.call, call.rows, given)


def _with_baggage(said: Extras | None) -> Extras | None:
    baggage = from_baggage(get_current(), runtime.faults)
    if baggage is None:
        return said
    pairs: Any = zip(said or Extras(), baggage, strict=True)
    return Extras(*(own if own is not None else theirs for own, theirs in pairs))


class Prediction(Told):
    """A prediction being made; see :func:`miops.prediction`. Tell it what is known by setting its attributes."""

    __slots__ = ("_began", "_call", "_ids", "_meant", "_recorder", "_source", "_span", "_start", "_token")

    def __init__(self, model: object, version: str | None, role: str | None = None, **told: Any) -> None:
        super().__init__(**told)
        self._meant = (model, version, role)
        self._recorder: Recorder | None = None
        self._source: Source | None = None
        self._span: Opened = NO_SPAN
        self._start = self._began = self._call = 0
        self._token: Any = None
        self._ids: PredictionIds | None = None

    @property
    def ids(self) -> PredictionIds:
        """The ids of its rows, once it has been made."""
        return self._ids if self._ids is not None else _no_ids

    @property
    def id(self) -> str:
        """The id of its first row, known from the start unless baggage chooses it."""
        if self._ids is not None and len(self._ids):
            return self._ids[0]
        if isinstance(self.prediction_id, str):
            return self.prediction_id
        return "" if self._recorder is None else str(self._recorder.ids.one(self._start, self._call, 0))

    def __enter__(self) -> Self:
        self._start = time_ns()
        try:
            self._recorder = runtime.ensure()
            if self._recorder is not None:
                self._call = next(self._recorder.ids.calls)
                self._source = runtime.sources.of(model_named(*self._meant))
                always = runtime.config.spans == "always"
                self._span = open_span(self._source, get_current(), runtime.tracer, always=always)
                self._token = attach(set_value(NESTED, self))
        except Exception as error:  # noqa: BLE001
            runtime.faults.add("prediction_not_recorded", error)
        self._began = perf_counter_ns()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        duration = perf_counter_ns() - self._began
        if self._recorder is None or self._source is None:
            return
        try:
            if self._token is not None:
                detach(self._token)
            if error is not None:
                self._fail(self._recorder, self._source, duration, error_name(error))
            else:
                self._record(self._recorder, self._source, duration)
        except Exception as fault:  # noqa: BLE001
            runtime.faults.add("prediction_not_recorded", fault)
        self._end_span(error)

    def _record(self, recorder: Recorder, source: Source, duration: int) -> None:
        call = call_of(recorder, source, self, start=self._start, duration=duration, span=self._span, call=self._call)
        self._ids = hand_over(recorder, call)

    def _fail(self, recorder: Recorder, source: Source, duration: int, error: str) -> None:
        captured, extras = Capture(source.nothing, None, -1, 0), None
        try:
            captured = captured_of(self, source, recorder)
            extras = extras_of(self, max(captured.rows, 1))
        except Exception as fault:  # noqa: BLE001  # what is told in part need not fit together
            runtime.faults.add("input_not_captured", fault)
        call = failed_call(
            recorder.ids, source, captured, _with_baggage(extras),
            error=error, start=self._start, duration=duration, span=self._span, call=self._call,
        )  # fmt: skip
        recorder.failed(source.model, error, call)

    def _end_span(self, error: BaseException | None) -> None:
        single = len(self.ids) == 1
        value = self.value if single and isinstance(self.value, str | int | float | bool) else None
        score = self.score if single and isinstance(self.score, float) else None
        try:
            close_span(self._span, len(self.ids), value, score, error, private=runtime.faults.private)
        except Exception as fault:  # noqa: BLE001
            runtime.faults.add("span_not_ended", fault)

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, trace)


def prediction(model: object, *, version: str | None = None, role: str | None = None, **told: Any) -> Prediction:
    """Record the prediction that the code of a ``with`` (or ``async with``) block makes.

    The block's duration is the prediction's; an error that ends it is recorded in place of an outcome. Models of
    instrumented frameworks inside are part of it; what is recorded by hand inside is a prediction of its own. Keywords
    are the arguments of :func:`record_prediction` that are known beforehand.

    Examples
    --------
    >>> import miops
    >>> with miops.testing.record() as harness:
    ...     with miops.prediction("credit", version="7", features={"age": 40}) as p:
    ...         p.value = "good"
    ...     harness.rows()[0]["value"]
    'good'
    """
    return Prediction(model, version, role, **told)
