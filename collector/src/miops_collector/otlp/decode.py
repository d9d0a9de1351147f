"""OTLP bytes to records: pure, the clock is passed in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import pyarrow as pa

from miops_collector.otlp.canonical import TelemetryKind
from miops_collector.otlp.logs import decode_logs
from miops_collector.otlp.metrics import count_metrics
from miops_collector.otlp.settings import DecodeSettings
from miops_collector.otlp.traces import decode_traces
from miops_collector.otlp.verdict import Tally
from miops_collector.schema import Records

__all__ = ["Decoded", "decode"]


@dataclass(frozen=True, slots=True)
class Decoded:
    """What a payload, or several joined, came to.

    Attributes
    ----------
    records
        What is to be stored.
    items
        Spans, log records or metrics.
    rows
        Rows in them, refused ones included; a batch that cannot be read counts as one.
    refused
        Refused rows by reason.
    rejected
        Items of which at least one row was refused: what ``partial_success`` reports.
    other
        Items that are none of ours; neither refused nor stored.
    recorded
        Spans whose rows travel as events; neither refused nor stored.
    ignored
        Values left out of stored rows, by reason.
    message
        What was refused, in English; empty when nothing was.
    """

    records: tuple[Records, ...] = ()
    items: int = 0
    rows: int = 0
    refused: Mapping[str, int] = field(default_factory=dict)
    rejected: int = 0
    other: int = 0
    recorded: int = 0
    ignored: Mapping[str, int] = field(default_factory=dict)
    message: str = ""


def decode(kind: TelemetryKind, payload: bytes, settings: DecodeSettings, *, now: int) -> Decoded:
    """Records of one OTLP request in protobuf; concatenated requests are one request.

    Raises
    ------
    InputError
        If the payload is no such request.
    """
    tally = Tally()
    found = tuple(_DECODERS[kind](payload, settings, tally, now))
    return Decoded(
        records=_joined(found), items=tally.items, rows=tally.rows, refused=dict(tally.refused),
        rejected=tally.rejected, other=tally.other, recorded=tally.recorded, ignored=dict(+tally.ignored),
        message=tally.message(),
    )  # fmt: skip


def _metrics(payload: bytes, settings: DecodeSettings, tally: Tally, now: int) -> Iterator[Records]:  # noqa: ARG001
    count_metrics(payload, tally)
    return iter(())


_DECODERS: Final[Mapping[TelemetryKind, Callable[[bytes, DecodeSettings, Tally, int], Iterable[Records]]]] = {
    "traces": lambda payload, settings, tally, now: decode_traces(payload, settings, tally, now=now),
    "logs": lambda payload, settings, tally, now: decode_logs(payload, settings, tally, now=now),
    "metrics": _metrics,
}


def _joined(records: tuple[Records, ...]) -> tuple[Records, ...]:
    """Tables that differ in nothing but their rows, one after another without a copy."""
    if len(records) < 2:
        return records
    parts: dict[object, list[Records]] = {}
    for part in records:
        same = replace(part, table=None)
        parts.setdefault((repr(same), part.table.schema), []).append(part)
    return tuple(replace(some[0], table=pa.concat_tables([r.table for r in some])) for some in parts.values())
