"""A harness for tests, ours and yours: records in memory, no network, no collector.

Examples
--------
>>> import miops
>>> with miops.testing.record() as harness:
...     ids = miops.record_prediction("credit", features={"age": 40}, value="good")
...     [(row["value"], row["prediction_id"] == ids[0]) for row in harness.rows()]
[('good', True)]
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from opentelemetry.metrics import MeterProvider
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.trace import TracerProvider

from miops import runtime, semconv
from miops.config import Config
from miops.transport import Outcome

__all__ = ["Event", "Harness", "record"]


@dataclass(frozen=True, slots=True)
class Event:
    """One batch event as a receiver sees it; ``rows`` has one mapping per row, by column name."""

    name: str
    attributes: dict[str, Any]
    rows: list[dict[str, Any]]
    body: bytes


@dataclass
class Harness:
    """What has been sent, and what the receiver answers."""

    outcome: Outcome = field(default_factory=Outcome)
    """Given to every request; set it to see how refusals are counted."""
    _bodies: list[bytes] = field(default_factory=list)

    def send(self, body: bytes, _timeout_seconds: float, /) -> Outcome:
        self._bodies.append(body)
        return self.outcome

    def close(self) -> None:
        """Nothing to break off."""

    def flush(self) -> None:
        """Send what has been recorded so far."""
        if runtime.recorder is not None and not runtime.recorder.flush(30.0):
            raise TimeoutError("the recorder did not flush within 30 seconds")

    def forget(self) -> None:
        """Begin anew: what has been recorded so far is not looked at any more."""
        self.flush()
        self._bodies.clear()

    def events(self, name: str | None = None) -> list[Event]:
        """All events so far, or those of one name."""
        self.flush()
        found = [event for body in self._bodies for event in _decoded(body)]
        return [event for event in found if name in (None, event.name)]

    def rows(self, name: str = semconv.EVENT_PREDICTION_BATCH) -> list[dict[str, Any]]:
        """All rows so far of one kind of event; ids as text."""
        return [row for event in self.events(name) for row in event.rows]

    @property
    def dropped(self) -> dict[str, int]:
        """Rows dropped, by reason."""
        return {} if runtime.recorder is None else dict(runtime.recorder.ledger.dropped)

    @property
    def faults(self) -> dict[str, int]:
        """Faults counted, by reason."""
        return dict(runtime.faults.counts)


@contextmanager
def record(
    config: Config | None = None,
    *,
    tracer_provider: TracerProvider | None = None,
    meter_provider: MeterProvider | None = None,
) -> Iterator[Harness]:
    """Record into memory inside the ``with`` block, whatever the environment says."""
    harness = Harness()
    runtime.stop()
    runtime.start(
        config or Config(),
        tracer_provider=tracer_provider,
        meter_provider=meter_provider,
        transport=lambda: harness,
    )
    try:
        yield harness
    finally:
        runtime.stop()


def _decoded(body: bytes) -> Iterator[Event]:
    for logs in ExportLogsServiceRequest.FromString(body).resource_logs:
        for event in (record for scope in logs.scope_logs for record in scope.log_records):
            stream = event.body.bytes_value
            attributes = {pair.key: _value(pair.value) for pair in event.attributes}
            yield Event(event.event_name, attributes, _rows(stream), stream)


def _value(value: Any) -> Any:
    kind = value.WhichOneof("value")
    return [_value(item) for item in value.array_value.values] if kind == "array_value" else getattr(value, kind)


def _rows(stream: bytes) -> list[dict[str, Any]]:
    import nanoarrow as na

    rows: list[dict[str, Any]] = na.ArrayStream.from_readable(stream).read_all().to_pylist()
    for row in rows:
        given = row.get(semconv.COLUMN_PREDICTION_ID)
        if isinstance(given, bytes):
            row[semconv.COLUMN_PREDICTION_ID] = str(uuid.UUID(bytes=given))
    return rows
