"""Resident memory of the collector: filled with an hour at 10,000 rows a second, and sent twice what it can take."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tests.benchmarks.harness.book import Entry
from tests.benchmarks.harness.budgets import budgets
from tests.benchmarks.harness.chart import Panel, svg
from tests.benchmarks.harness.ingesting import collector_target, saturate, steady
from tests.benchmarks.harness.load import Load, Sent, send
from tests.benchmarks.harness.page import figure
from tests.benchmarks.harness.payloads import spans_template
from tests.benchmarks.harness.process import Memory, memory_watched, resident_bytes
from tests.benchmarks.harness.result import Result, Run, result
from tests.e2e.collector_process import running_collector

__all__ = ["chart", "measure"]

ROWS, SIZE = 36_000_000, 512
PROBED_ROWS = 400_000
HOUR_NANOS = 3_600_000_000_000
FILLED_SECONDS, OVERLOAD_SECONDS = 270.0, 30.0
"""A machine that cannot take the hour in so long gets as much of it as it can take."""
POINTS = 200
"""Samples that are kept for the picture."""


def measure(run: Run) -> Iterator[Result]:
    path = spans_template(SIZE).save(run.folder / "spans.npz")
    with running_collector(run.folder / "collector") as collector:
        target = collector_target(collector)
        yield result("memory.bytes.started", resident_bytes(target.pid), "By", "started, nothing received yet")
        capacity = saturate(target, [path], run.rows(PROBED_ROWS), 96).rate
        rows = run.rows(ROWS)
        step = HOUR_NANOS // rows
        with memory_watched(target.pid) as filled:
            sent = send(
                Load(
                    target.address, [str(path)], rows, target.pid,
                    in_flight=96, step_nanos=step, seconds=run.seconds(FILLED_SECONDS),
                )
            )  # fmt: skip
        taken = sent.rows
        told = f"{taken:,} spans of {taken * step / HOUR_NANOS:.0%} of an hour of event time, as fast as they are taken"
        yield _peak("memory.peak_bytes.steady", filled, f"peak, {told}", sent)
        yield result("memory.bytes.after", filled.last, "By", "after them")
        seconds, rate = run.seconds(OVERLOAD_SECONDS), 2 * capacity
        with memory_watched(target.pid) as flooded:
            sent = steady(target, [path], int(rate * seconds), rate)
        about = (
            f"peak, {rate:,.0f} spans a second offered for {seconds:.0f} s whatever is answered, twice what it takes"
        )
        yield _peak("memory.peak_bytes.overload", flooded, about, sent)


def chart(entries: Mapping[str, Entry]) -> str:
    """Over the time of either load; the line across is what is promised."""
    titles = {"steady": "an hour of 10,000 rows/s, run fast", "overload": "twice what it can take"}
    panels = []
    for name, title in titles.items():
        entry = entries[f"memory.peak_bytes.{name}"]
        points = [(100 * i / max(len(entry.runs) - 1, 1), size) for i, size in enumerate(entry.runs)]
        limit = budgets()[entry.name].limit
        panels.append(Panel(title, "% of the run", points, lambda y: figure(y, "By"), logarithmic=False, limit=limit))
    return svg(panels, columns=2)


def _peak(name: str, memory: Memory, about: str, sent: Sent) -> Result:
    """The largest sample, and enough of the others to draw them."""
    sizes = [float(size) for _, size in memory.samples]
    each = -(-len(sizes) // POINTS)
    note = f"{sent.refused / (sent.rows + sent.refused):.0%} were told to come again later"
    runs = tuple(max(sizes[i : i + each]) for i in range(0, len(sizes), each))
    return Result(name, max(sizes), "By", about, runs=runs, note=note)
