"""Samples of rows: one kept with each reference, one taken of each complete window, and what was last said of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from miops_collector.columns import Column
from miops_collector.compared_with import Reference
from miops_collector.config import Config
from miops_collector.layout import Layout
from miops_collector.report import ModelKey, Observation
from miops_collector.signals import Sampled
from miops_collector.signals.multivariate import METRICS
from miops_collector.statistics.multivariate import Baseline, baseline_of
from miops_collector.stores._store import ObservationQuery, Store
from miops_collector.summarise import columns_of
from miops_collector.window import Window, format_length

__all__ = ["Sampling", "reference_sample"]

MOST_REMEMBERED = 2000
"""Windows of which it is known how many rows they had when they were sampled."""


def reference_sample(table: pa.Table, layout: Layout, config: Config) -> bytes:
    """Some rows of a reference, the features alone, as an Arrow stream; empty where none are wanted."""
    wanted = config.multivariate
    sources = [source for source in _features(layout, wanted.columns).values() if source in table.column_names]
    if not wanted.rows or not sources or not table.num_rows:
        return b""
    chosen = np.sort(np.random.default_rng(table.num_rows).permutation(table.num_rows)[: wanted.rows])
    rows = table.select(sources).take(pa.array(chosen))
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema) as writer:
        writer.write_table(rows)
    return bytes(sink.getvalue())


@dataclass(eq=False)
class Sampling:
    """Of one model version. Only the ticking thread uses it."""

    key: ModelKey
    config: Config
    store: Store
    _reference: Reference | None = None
    _baseline: Baseline | None = None
    _sampled: dict[Window, float] = field(default_factory=dict)
    _taken: dict[Window, float] = field(default_factory=dict)
    _newest: tuple[Observation, ...] = ()
    _has_read: bool = False

    def of(self, window: Window, reference: Reference | None, rows: float, *, complete: bool) -> Sampled | None:
        """Rows of a window that is to be looked at: complete, of the length that is sampled, and with other rows.

        A window that is due again only because truth came, with as many rows as before, is not sampled again.
        """
        wanted = self.config.multivariate
        if not (wanted.rows and complete and reference and window.length == self.config.sampled_nanos):
            return None
        self._compare_with(reference)
        if self._sampled.get(window) == rows:
            return None
        self._taken[window] = rows
        names = _features(reference.layout, wanted.columns)
        table = self.store.sample(
            self.key, start=window.start, end=window.end, columns=names.values(), rows=wanted.rows
        )
        return None if table is None else Sampled(_named(table, names), table.num_rows, self._baseline)

    def keep(self, judged: Sequence[Observation]) -> None:
        """What was computed is settled: remember which windows were sampled, and what was said of the newest."""
        self._sampled |= self._taken
        self._taken = {}
        for window in sorted(self._sampled)[:-MOST_REMEMBERED]:
            del self._sampled[window]
        found = [o for o in judged if o.metric in METRICS]
        newest = max((o.window for o in found), default=None)
        if newest is not None and (not self._newest or newest >= self._newest[0].window):
            self._newest = tuple(o for o in found if o.window == newest)

    def shown(self, trailing: Sequence[Window]) -> tuple[Observation, ...]:
        """What was said of the newest complete window, until the next one is overdue."""
        known = self._newest if self._newest or self._has_read else self._read()
        if not known:
            return ()
        window = known[0].window
        return known if any(t.length == window.length and t.start - window.end < t.length for t in trailing) else ()

    def _read(self) -> tuple[Observation, ...]:
        """After a restart: as it was stored."""
        self._has_read = True
        length = format_length(self.config.sampled_nanos)
        queries = (ObservationQuery(self.key.name, self.key.version, m, window=length, limit=1) for m in METRICS)
        found = [o for query in queries if self.config.multivariate.rows for o in self.store.observations(query)[0]]
        newest = max((o.window for o in found), default=None)
        self._newest = tuple(o for o in found if o.window == newest)
        return self._newest

    def _compare_with(self, reference: Reference) -> None:
        if reference is self._reference:
            return
        if self._reference is not None:
            self._newest = ()
        self._reference, self._baseline, self._sampled, self._taken = reference, None, {}, {}
        if reference.sample:
            table = pa.ipc.open_stream(reference.sample).read_all()
            self._baseline = baseline_of(_named(table, _features(reference.layout, self.config.multivariate.columns)))


def _features(layout: Layout, most: int) -> dict[str, str]:
    """Sources of the first features by their name."""
    features = [c for c in layout.columns if c.role == "feature"]
    return {c.name: c.source for c in features[:most]}


def _named(table: pa.Table, names: Mapping[str, str]) -> dict[str, Column]:
    found = columns_of(table)
    return {name: found[source] for name, source in names.items() if source in found}
