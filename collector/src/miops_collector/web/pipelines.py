"""``/debug/pipelines``: the way of a request through the collector, and what each stage counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from miops.semconv import COLLECTOR_PREFIX
from miops_collector.metric import Metric, Point
from miops_collector.web.counters import attributes_text, point_text

__all__ = ["Line", "Stage", "stages"]

_STAGES: Final = (
    ("Receivers", "OTLP over gRPC and HTTP, and the API", ("requests", "items.accepted", "items.refused", "waited")),
    ("Queue", "requests that wait for their commit", ("queue.",)),
    ("Decoder", "bytes to columns", ("items.failed", "items.other", "items.recorded", "values.", "rows.refused")),
    ("Writer", "columns to the store", ("commit", "rows.received", "rows.stored", "rows.deduplicated", "retention.")),
    ("Forwarder", "other telemetry, unchanged", ("forward.",)),
    ("Evaluation", "panes to statistics and alarms", ("ticks",)),
    ("Exporters", "statistics as OpenTelemetry metrics", ("export.",)),
    ("Process", "all of them together", ("memory.",)),
)
"""Name, what it does, and how the names of its metrics begin; each metric belongs to the first that fits."""
_REST: Final = ("Other", "what belongs to no stage", ("",))


@dataclass(frozen=True, slots=True)
class Line:
    """One series: ``of`` has the values of its attributes, ``value`` its number with its unit."""

    name: str
    of: str
    value: str


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage and its series, those that never counted anything left out."""

    name: str
    does: str
    lines: tuple[Line, ...]


def stages(metrics: Sequence[Metric]) -> list[Stage]:
    """Every stage, in the order a request takes."""
    left = {m.name.removeprefix(COLLECTOR_PREFIX): m for m in metrics}
    return [stage for name, does, begins in (*_STAGES, _REST) if (stage := _stage(name, does, begins, left)).lines]


def _stage(name: str, does: str, begins: tuple[str, ...], left: dict[str, Metric]) -> Stage:
    own: Mapping[str, Metric] = {key: left.pop(key) for key in list(left) if key.startswith(begins)}
    return Stage(name, does, tuple(_line(key, m, p) for key, m in own.items() for p in m.points if p.value))


def _line(name: str, metric: Metric, point: Point) -> Line:
    return Line(name, attributes_text(point.attributes), point_text(metric, point))
