"""False alarms and delays of the default drift alarm on rows that depend on one another, as the collector runs it.

``python -m tests.benchmarks.dependent_alarms``: hourly windows, a history of one week or 30 days that is the reference
too and in which dependence is learned, then hours in which nothing changes, or one column of twenty is shifted. One
false alarm a month, all of the budget for drift.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from miops_collector.dependence import Dependence, look_backs_of
from miops_collector.layout import Layout, Summaries
from miops_collector.look_backs import LookBacks
from miops_collector.statistics.scan import Scan, ScanSettings
from miops_collector.statistics.scan.false_discovery import benjamini_hochberg
from miops_collector.window import parse_length
from tests.benchmarks.alarm_simulation import interval
from tests.benchmarks.alarm_streams import STREAMS, Stream
from tests.collector.statistics.scan.streams import layout_of

__all__ = ["Course", "run"]

HOUR = parse_length("1h")
PER_MODEL = 20
JOINED = 24
SETTINGS = ScanSettings(share=1.0)


@dataclass(frozen=True)
class Course:
    """``(hours, models)`` whether a tick alarmed; ``(models,)`` hours to the first alarm of the shifted column."""

    alarmed: np.ndarray
    delay: np.ndarray

    @property
    def raised(self) -> int:
        """Alarms that began after 24 quiet hours."""
        before = [self.alarmed[max(i - JOINED, 0) : i].any(axis=0) for i in range(len(self.alarmed))]
        return int((self.alarmed & ~np.stack(before)).sum())


def run(
    stream: Stream, rng: np.random.Generator, *, rows: int, history: int, hours: int, models: int, shift: float = 0.0,
    per_model: int = PER_MODEL, learn: bool = True,
) -> Course:  # fmt: skip
    """Learn from ``history`` hours, then watch ``hours``, in which the first column of each model is shifted."""
    drawn = stream.draw(rng, (models, rows, per_model))
    learned = [_flat(next(drawn)) for _ in range(history)]
    layout = layout_of({f"c{i}": v for i, v in enumerate(np.concatenate(learned)[:20_000].T)})
    windows = [_counted(layout, values) for values in learned]
    reference = Summaries(layout, np.sum([w.vector for w in windows], axis=0), layout.empty_extremes())
    scan = Scan.of(layout, reference, SETTINGS)
    dependence = Dependence(scan, HOUR)
    for i, window in enumerate(windows):
        dependence.note((i + 1) * HOUR, window, ())
    offset = np.tile(np.r_[shift, np.zeros(per_model - 1)], models)
    rejected = np.stack(list(_watched(scan, dependence if learn else None, windows, drawn, offset, hours, per_model)))
    first = rejected[:, :, 0]
    delay = np.where(first.any(axis=0), first.argmax(axis=0) + 1.0, np.inf)
    return Course(rejected.any(axis=2), delay)


def _watched(
    scan: Scan, dependence: Dependence | None, windows: list[Summaries], drawn: Iterator[np.ndarray],
    offset: np.ndarray, hours: int, per_model: int,
) -> Iterator[np.ndarray]:  # fmt: skip
    """``(models, per_model)`` which columns are rejected, hour after hour."""
    names = np.array([c.name for c in scan.columns])
    sums = LookBacks(lambda w: windows[w.start // HOUR], HOUR)
    for _ in range(hours):
        windows.append(_counted(scan.layout, _flat(next(drawn)) + offset))
        end = len(windows) * HOUR
        counts = [count for count in look_backs_of(HOUR) if count <= len(windows)]
        if dependence is None:
            found = scan.evaluate(list(sums.of(end, counts)))
        else:
            known = dependence.known(counts)
            assert dependence.dispersion is not None
            found = scan.evaluate(list(sums.of(end, known)), dispersion=dependence.dispersion.at(known))
        log_p = np.array([e.log_p_value for e in found]).reshape(-1, per_model)
        rejected = np.stack([benjamini_hochberg(p, scan.settings.alpha).rejected for p in log_p])
        if dependence is not None:
            dependence.note(end, windows[-1], frozenset(names[rejected.ravel()]))
        yield rejected


def _flat(values: np.ndarray) -> np.ndarray:
    """``(rows, models * columns)``."""
    return np.moveaxis(values, 1, 0).reshape(values.shape[1], -1)


def _counted(layout: Layout, values: np.ndarray) -> Summaries:
    """A window of these rows."""
    vector = layout.empty()
    vector[layout.blocks["volume"].start : layout.blocks["volume"].start + 3] = len(values)
    for i, column in enumerate(layout.columns):
        edges = np.array(column.edges)
        cells = np.bincount(np.searchsorted(edges, values[:, i], side="right"), minlength=len(edges) + 1)
        layout.blocks[f"column.{column.name}"].of(vector)[2:] = cells
    return Summaries(layout, vector, layout.empty_extremes())


def say(stream: Stream, rows: int, history: int, given: argparse.Namespace, rng: np.random.Generator) -> None:
    begin = time.perf_counter()
    plain = run(stream, rng, rows=rows, history=history, hours=given.hours // 4, models=given.models, learn=False)
    still = run(stream, rng, rows=rows, history=history, hours=given.hours, models=given.models)
    delays = []
    for shift in (0.2, 0.5):
        moved = run(
            stream, rng, rows=rows, history=history, hours=72, models=2 * given.models, shift=shift, per_model=2
        )
        delays.append(f"{np.median(moved.delay):5.1f} ({np.isfinite(moved.delay).mean():4.0%})")
    print(
        f"{stream.name:32} {rows:5} {history:4}  {1000 * plain.alarmed.mean():6.0f}"
        f"  {1000 * still.alarmed.mean():6.2f}  {interval(still.raised, still.alarmed.size):22} of {still.alarmed.size}"
        f"  {delays[0]}  {delays[1]}  ({time.perf_counter() - begin:.0f} s)",
        flush=True,
    )


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, default=4)
    parser.add_argument("--hours", type=int, default=672)
    parser.add_argument("--rows", type=int, nargs="+", default=[200, 1000])
    parser.add_argument("--history", type=int, nargs="+", default=[168, 720])
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(arguments)
    rng = np.random.default_rng(given.seed)
    print("stream, rows an hour, hours of history; per 1000 windows: alarmed without learning, alarmed, raised;")
    print("hours to the alarm at 0.2 and 0.5 σ in one column of two (found within 72)")
    for stream in STREAMS.values():
        for history in given.history:
            for rows in given.rows:
                say(stream, rows, history, given, rng)


if __name__ == "__main__":
    main()
