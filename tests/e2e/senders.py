"""Clients that send predictions until they are told to stop, again and again until each is acknowledged.

They are the exporters of the OpenTelemetry SDK, unchanged; what they are given is made here.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcSpanExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpSpanExporter
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from miops import semconv
from tests.e2e.asking import ask
from tests.e2e.collector_process import CollectorProcess
from tests.e2e.credit import FEATURES, MODEL, VERSION, Applications

ROWS_AT_ONCE = 40
DURATION = 1_000_000
GIVE_UP_SECONDS = 3
"""The exporters wait longer after every failure; we would rather ask again soon."""
SAID = {
    semconv.MODEL_NAME: MODEL, semconv.MODEL_VERSION: VERSION, semconv.MODEL_TASK: semconv.BINARY,
    semconv.MODEL_CLASSES: ["bad", "good"],
}  # fmt: skip


@dataclass(frozen=True)
class Endless:
    """Predictions without end: rows come again, under another id and a microsecond later."""

    made: Applications
    prefix: str

    def id(self, i: int) -> str:
        return f"{self.prefix}-{i}"

    def time(self, i: int) -> int:
        return int(self.made.times[i % len(self.made)]) + 1000 * (i // len(self.made))

    def truth(self, i: int) -> str:
        return str(self.made.rows["truth"].iloc[i % len(self.made)])

    def attributes(self, i: int) -> dict[str, Any]:
        row = self.made.rows.iloc[i % len(self.made)]
        told = {f"{semconv.FEATURE_PREFIX}{name}": row[name] for name in FEATURES}
        told |= {semconv.PREDICTION_VALUE: row["prediction"], semconv.PREDICTION_SCORE: row["score"]}
        known = {key: v.item() if isinstance(v, np.generic) else v for key, v in told.items() if not pd.isna(v)}
        return {**SAID, semconv.PREDICTION_ID: self.id(i), **known}


def spans_of(rows: Endless, chosen: Sequence[int]) -> tuple[ReadableSpan, ...]:
    """One finished span of the SDK for each row."""
    finished = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(finished))
    tracer = provider.get_tracer("application")
    for i in chosen:
        span = tracer.start_span("predict", start_time=rows.time(i), attributes=rows.attributes(i))
        span.end(end_time=rows.time(i) + DURATION)
    return finished.get_finished_spans()


def grpc_exporter(collector: CollectorProcess) -> GrpcSpanExporter:
    return GrpcSpanExporter(endpoint=collector.grpc, insecure=True, timeout=GIVE_UP_SECONDS)


def http_exporter(collector: CollectorProcess) -> HttpSpanExporter:
    return HttpSpanExporter(endpoint=f"http://{collector.http}/v1/traces", timeout=GIVE_UP_SECONDS)


@dataclass
class SpanSender(threading.Thread):
    """Sends batch after batch; the next only when the last is acknowledged, unless it is told to stop at once."""

    exporter: GrpcSpanExporter | HttpSpanExporter
    rows: Endless
    pause_seconds: float = 0.05
    acknowledged: int = 0
    """Rows below it are acknowledged."""
    failures: int = 0
    stopping: threading.Event = field(default_factory=threading.Event)
    giving_up: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        super().__init__(daemon=True)

    def __hash__(self) -> int:
        return id(self)

    def run(self) -> None:
        while not self.stopping.is_set() and self.send(ROWS_AT_ONCE):
            time.sleep(self.pause_seconds)

    def send(self, count: int) -> bool:
        """Send the next rows until they are acknowledged; whether they were."""
        batch = spans_of(self.rows, range(self.acknowledged, self.acknowledged + count))
        while self.exporter.export(batch) is not SpanExportResult.SUCCESS:
            self.failures += 1
            if self.giving_up.wait(0.1):
                return False
        self.acknowledged += count
        return True

    def stop(self, *, at_once: bool = False) -> None:
        """Finish the batch that is under way, or leave it."""
        self.stopping.set()
        if at_once:
            self.giving_up.set()
        self.join(60)
        self.exporter.shutdown()
        assert not self.is_alive()


@dataclass
class TruthSender(threading.Thread):
    """Posts the truth of what another sender has got acknowledged, again until it is taken."""

    collector: CollectorProcess
    of: SpanSender
    sent: int = 0
    stopping: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        super().__init__(daemon=True)

    def __hash__(self) -> int:
        return id(self)

    def run(self) -> None:
        while not (self.stopping.is_set() and self.sent == self.of.acknowledged):
            upto = self.of.acknowledged
            rows = self.of.rows
            truths = [{"prediction_id": rows.id(i), "value": rows.truth(i)} for i in range(self.sent, upto)]
            try:
                taken = not truths or ask(f"http://{self.collector.web}/api/v1/ground-truth", truths).status == 200
            except OSError:
                taken = False
            self.sent = upto if taken else self.sent
            time.sleep(0.1)

    def stop(self) -> None:
        self.stopping.set()
        self.join(60)
        assert not self.is_alive()
