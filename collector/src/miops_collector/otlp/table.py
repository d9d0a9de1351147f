"""The last step of rows: event times that nobody means are refused, and what is left becomes a table."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pyarrow as pa

from miops import semconv
from miops_collector.otlp.column import Array, fixed
from miops_collector.otlp.frame import Frame
from miops_collector.otlp.settings import DecodeSettings
from miops_collector.otlp.times import nanoseconds
from miops_collector.otlp.verdict import Tally, Verdict
from miops_collector.schema import Records

__all__ = ["event_time", "finish"]


def event_time(frame: Frame, verdict: Verdict, settings: DecodeSettings, now: int) -> Array:
    column = frame.columns.get(semconv.COLUMN_TIME)
    bad = np.zeros(len(frame), np.bool_)
    times = frame.time if column is None else nanoseconds(column, frame.time, bad)
    verdict.refuse("event_time", bad | (times < settings.earliest) | (times > now + settings.max_future))
    return fixed(pa.int64(), times)


def finish(
    schema: pa.Schema, columns: Mapping[str, Array | None], dynamic: Mapping[str, Array], verdict: Verdict,
    frame: Frame, tally: Tally, records: Callable[[pa.Table], Records],
) -> Records | None:  # fmt: skip
    n = len(frame)
    tally.add(verdict, frame.owner)
    if not verdict.kept.any():
        return None
    found = {f.name: columns.get(f.name) for f in schema}
    arrays = [pa.nulls(n, f.type) if found[f.name] is None else found[f.name] for f in schema]
    names = sorted(dynamic)
    fields = [*schema, *(pa.field(name, dynamic[name].type) for name in names)]
    table = pa.Table.from_arrays([*arrays, *(dynamic[name] for name in names)], schema=pa.schema(fields))
    return records(table if verdict.kept.all() else table.filter(pa.array(verdict.kept)))
