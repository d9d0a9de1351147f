"""Rows of one model version before they are judged, the same whether they came as spans, events or a batch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from miops.semconv import UNVERSIONED
from miops_collector.otlp.column import Array, Column
from miops_collector.otlp.types import Bytes, Longs
from miops_collector.schema import Kind, Records

__all__ = ["Frame", "Model"]


@dataclass(frozen=True, slots=True)
class Model:
    """What a sender said of its model; as in :class:`~miops_collector.schema.Records`."""

    name: str
    version: str = UNVERSIONED
    task: str = ""
    classes: tuple[str, ...] = ()
    positive_class: str = ""
    sensitive: tuple[str, ...] = ()
    framework: str = ""
    reference_id: str = ""
    reference_last: bool = False
    attributes: tuple[tuple[str, str], ...] = ()

    def records(self, kind: Kind, table: Array) -> Records:
        return Records(
            kind=kind, model=self.name, table=table, version=self.version, task=self.task, classes=self.classes,
            positive_class=self.positive_class, sensitive=self.sensitive, framework=self.framework,
            reference_id=self.reference_id, reference_last=self.reference_last, attributes=dict(self.attributes),
        )  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """``n`` rows.

    Attributes
    ----------
    columns
        By the names of a batch body; those below are not among them.
    time
        ``(n,)`` event time where no column says otherwise.
    seeds, numbers
        ``(n, w)`` bytes and ``(n,)``: what the key of a row without an id is made of.
    duration, trace_id, span_id, row
        Arrow arrays, or ``None``.
    weight
        How many rows a row stands for by the sampling of its trace; a column of that name comes before it.
    owner
        ``(n,)`` the item each row came from, ``None`` when each row is an item.
    class_scores
        Scores by class, where they came as one array per row.
    """

    columns: Mapping[str, Column]
    time: Longs
    seeds: Bytes
    numbers: Longs
    duration: Array | None = None
    trace_id: Array | None = None
    span_id: Array | None = None
    row: Array | None = None
    weight: Array | None = None
    owner: Longs | None = None
    class_scores: Mapping[str, Array] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.time)
