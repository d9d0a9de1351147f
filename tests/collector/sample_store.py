"""A store that only reads, over the sample history; and a backend around it that remembers what was submitted."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Any

from miops_collector.exporters.prometheus import PrometheusExporter
from miops_collector.metric import Metric, Point
from miops_collector.report import Alert, ModelKey, Observation, Report
from miops_collector.schema import Records
from miops_collector.stores._store import ModelInfo, ObservationQuery, StoredReference
from miops_collector.web.backend import Backend
from tests.collector import sample_report as sample


class SampleStore:
    """The reading half of a store."""

    def __init__(self, observations: tuple[Observation, ...] | None = None) -> None:
        self.not_ready = ""
        self.all = _newest_first(observations) if observations is not None else _whole_history()

    def models(self) -> tuple[ModelInfo, ...]:
        columns = {f"feature.{c}": "number" if c in {"age", "hours"} else "text" for c in sample.COLUMNS[:-2]}
        first, last = sample.day(0).start, sample.NOW
        known = {"classes": ("no", "yes"), "positive_class": "yes", "sensitive": ("sex", "race"), "columns": columns}
        return (
            ModelInfo(sample.EMPLOYMENT, "binary_classification", framework="scikit-learn", first_seen=first,
                      last_seen=last, rows=480_000, labelled=401_234, **known),  # type: ignore[arg-type]
            ModelInfo(sample.HOSTILE, "binary_classification", first_seen=first, last_seen=last, rows=9, labelled=0),
            ModelInfo(sample.HOUSES, "regression", first_seen=first, last_seen=last, rows=12, labelled=0),
        )  # fmt: skip

    def reference(self, model: ModelKey) -> StoredReference | None:
        if model.name == sample.HOUSES.name:
            return None
        return StoredReference("{}", b"", b"", origin="file", rows=20_000, created_at=sample.day(0).start)

    def observations(self, query: ObservationQuery) -> tuple[list[Observation], str]:
        found = [o for o in self.all if _fits(o, query)]
        start = int(query.cursor or 0)
        more = len(found) > start + query.limit
        return found[start : start + query.limit], str(start + query.limit) if more else ""

    def prediction(self, prediction_id: str) -> dict[str, Any] | None:
        known = {"prediction_id": prediction_id, "model": "employment", "value": "yes", "ground_truth": None,
                 "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
                 "features": {"age": 411.0, "education": "<script>alert(3)</script>"}}  # fmt: skip
        return known if prediction_id in {*sample.alerts()[0].examples, "order-7/0"} else None

    def examples(self, model: ModelKey, **_: object) -> list[str]:
        return list(sample.alerts()[0].examples)

    def alerts(self) -> tuple[Alert, ...]:
        return sample.alerts()

    def ready(self) -> str:
        return self.not_ready


@cache
def _whole_history() -> tuple[Observation, ...]:
    return _newest_first((*sample.history(), *sample.history(sample.HOSTILE)))


def _newest_first(observations: tuple[Observation, ...]) -> tuple[Observation, ...]:
    return tuple(sorted(observations, key=lambda o: (-o.window.start, o.identity)))


def _fits(o: Observation, q: ObservationQuery) -> bool:
    pairs = ((q.model, o.model.name), (q.version, o.model.version), (q.metric, o.metric), (q.column, o.column),
             (q.segment, o.segment), (q.window, o.window.label))  # fmt: skip
    return (
        all(wanted in {"", found} for wanted, found in pairs)
        and o.window.end > q.start
        and (q.end == 0 or o.window.start < q.end)
    )


def sample_telemetry() -> tuple[Metric, ...]:
    """Counters of a collector that has received, refused and deduplicated."""
    counts = {"received": 1000.0, "stored": 950.0, "refused": 30.0, "deduplicated": 20.0}
    return tuple(
        Metric(f"miops.collector.rows.{name}", "counter", "{row}", f"Rows {name}.",
               (Point(value - 10, {"miops.transport": "grpc"}), Point(10.0, {"miops.transport": "http"})))
        for name, value in counts.items()
    )  # fmt: skip


@dataclass
class Submitted:
    """What the two functions were given, and what they raise instead."""

    truths: list[Records] = field(default_factory=list)
    references: list[Records] = field(default_factory=list)
    error: Exception | None = None

    async def truth(self, records: Records) -> None:
        if self.error:
            raise self.error
        self.truths.append(records)

    def reference(self, records: Records) -> None:
        if self.error:
            raise self.error
        self.references.append(records)


def sample_backend(
    *, report: Report | None = None, store: SampleStore | None = None, submitted: Submitted | None = None, **more: Any
) -> Backend:
    newest = report or sample.report()
    taken = submitted or Submitted()
    prometheus = PrometheusExporter(telemetry=sample_telemetry)
    prometheus.export(newest)
    return Backend(
        store=store or SampleStore(),  # type: ignore[arg-type]
        report=lambda: newest, scrape=prometheus.scrape, telemetry=sample_telemetry,
        submit_ground_truth=taken.truth, submit_reference=taken.reference,
        info={"version": "0.1.0", "started_at": "2026-01-01T00:00:00Z"}, now=lambda: sample.NOW, **more,
    )  # fmt: skip
