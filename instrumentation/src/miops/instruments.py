"""The metrics of the instrumentation.

Nothing of this runs on a caller's thread: counters are observed, and distributions are fed at the flush.
"""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, Protocol

import numpy as np
from opentelemetry import metrics
from opentelemetry.metrics import CallbackOptions, Observation

from miops import semconv
from miops.bulk import record_all
from miops.columns import Column
from miops.faults import Faults
from miops.models import Model
from miops.rows import Rows

__all__ = ["Instruments"]

_DURATION_BOUNDS: Final = (
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
)  # fmt: skip
_CONFIDENCE_BOUNDS: Final = tuple(round(0.05 * i, 2) for i in range(1, 20))
_MOST_CLASSES: Final = 20
_FAILURES_LIMIT: Final = 10_000
_SAMPLE: Final = 64
"""Confidences of a batch that are recorded where every one would take the slow way."""
_Attributes = tuple[tuple[str, Any], ...]


class _Counted(Protocol):
    """What the observable instruments read."""

    @property
    def queued(self) -> int: ...
    @property
    def ledger(self) -> Any: ...


class Instruments:
    """Instruments of one recorder."""

    def __init__(self, recorder: _Counted, faults: Faults, provider: metrics.MeterProvider | None) -> None:
        self._recorder, self._faults = recorder, faults
        self._lock = threading.Lock()
        self._rows: defaultdict[_Attributes, int] = defaultdict(int)
        self._failures: list[tuple[Model, str, int]] = []
        meter = metrics.get_meter(semconv.SCOPE_NAME, "", provider, semconv.SCHEMA_URL)
        self._duration = meter.create_histogram(
            semconv.METRIC_PREDICTION_DURATION,
            unit="s",
            description="Duration of calls of the model.",
            explicit_bucket_boundaries_advisory=_DURATION_BOUNDS,
        )
        self._confidence = meter.create_histogram(
            semconv.METRIC_PREDICTION_CONFIDENCE,
            description="Probability of the predicted class.",
            explicit_bucket_boundaries_advisory=_CONFIDENCE_BOUNDS,
        )
        self._observe(meter)

    def _observe(self, meter: metrics.Meter) -> None:
        def told(read: Callable[[], Iterable[Observation]]) -> list[Callable[[CallbackOptions], Iterable[Observation]]]:
            return [lambda _: read()]

        meter.create_observable_counter(
            semconv.METRIC_PREDICTION_ROWS, told(self._read_rows), "{row}", "Rows predicted."
        )
        meter.create_observable_up_down_counter(
            semconv.METRIC_RECORDER_QUEUED, told(self._read_queued), "{row}", "Rows recorded and not sent yet."
        )
        meter.create_observable_counter(
            semconv.METRIC_RECORDER_EXPORTED, told(self._read_exported), "{row}", "Rows the receiver took."
        )
        meter.create_observable_counter(
            semconv.METRIC_RECORDER_DROPPED, told(self._read_dropped), "{row}", "Rows lost, by reason."
        )
        meter.create_observable_counter(
            semconv.METRIC_RECORDER_FAULTS, told(self._read_faults), "{fault}", "Faults of the recording, by reason."
        )

    def _read_rows(self) -> list[Observation]:
        with self._lock:
            return [Observation(count, dict(key)) for key, count in self._rows.items()]

    def _read_queued(self) -> list[Observation]:
        return [Observation(self._recorder.queued)]

    def _read_exported(self) -> list[Observation]:
        return [Observation(self._recorder.ledger.exported)]

    def _read_dropped(self) -> list[Observation]:
        return [Observation(rows, {semconv.REASON: reason}) for reason, rows in self._recorder.ledger.dropped.items()]

    def _read_faults(self) -> list[Observation]:
        return [Observation(count, {semconv.REASON: reason}) for reason, count in self._faults.counts.items()]

    def failed(self, model: Model, error: str, duration: int) -> None:
        """Keep a failed call's duration for the next flush."""
        if len(self._failures) < _FAILURES_LIMIT:
            self._failures.append((model, error, duration))

    def count(self, rows: Rows) -> None:
        """Add a batch to the counters and distributions."""
        identity = _identity(rows.model)
        with self._lock:
            for label, count in _by_class(rows).items():
                self._rows[(*identity, *label)] += count
        record_all(self._duration, rows.durations / 1e9, {**dict(identity), **_kind(rows.model)})
        if rows.confidence is not None:
            certain = rows.confidence[np.isfinite(rows.confidence)]
            record_all(self._confidence, certain, dict(identity), at_most=_SAMPLE)

    def after_fork(self) -> None:
        """In a forked child: a lock of its own, and nothing of the parent's counts."""
        self._lock = threading.Lock()
        self._rows = defaultdict(int)
        self._failures = []

    def flush(self) -> None:
        """Record the durations of failed calls."""
        failures, self._failures = self._failures, []
        for model, error, duration in failures:
            attributes = {**dict(_identity(model)), **_kind(model), semconv.ERROR_TYPE: error}
            self._duration.record(duration / 1e9, attributes)


def _identity(model: Model) -> _Attributes:
    version = ((semconv.MODEL_VERSION, model.version),) if model.version is not None else ()
    return ((semconv.MODEL_NAME, model.name), *version)


def _kind(model: Model) -> dict[str, str]:
    told = {semconv.MODEL_TASK: model.task, semconv.MODEL_FRAMEWORK: model.framework}
    return {name: value for name, value in told.items() if value is not None}


def _by_class(rows: Rows) -> Mapping[_Attributes, int]:
    value: Column | None = rows.columns.get(semconv.COLUMN_VALUE)
    classes = rows.model.classes
    if value is None or classes is None or len(classes) > _MOST_CLASSES:
        return {(): rows.rows}
    undecided = 0 if value.valid is None else rows.rows - int(np.count_nonzero(value.valid))
    if undecided and value.valid is not None:
        value = value.at(value.valid)
    if value.kind == "utf8":
        counted: Iterable[tuple[Any, int]] = Counter(value.data).items()
    else:
        counted = zip(*(part.tolist() for part in np.unique(value.data, return_counts=True)), strict=True)
    told: dict[_Attributes, int] = {((semconv.PREDICTION_CLASS, str(label)),): count for label, count in counted}
    return {**told, **({(): undecided} if undecided else {})}
