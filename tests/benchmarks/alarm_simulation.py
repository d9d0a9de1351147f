"""False alarms and delays of the default drift alarm, by simulation: ``python -m tests.benchmarks.alarm_simulation``.

Same cells as the main tables of the recipe the alarm follows: one false alarm a month at hourly windows, all of the
budget for drift (level 1/720 per tick), 20 columns, reference of 10,000 rows unless said.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import chdtri

from miops_collector.layout import Layout
from miops_collector.statistics.scan import Scan, ScanSettings
from tests.collector.statistics.scan.simulate import DEPTH, Numbers, alarmed, counts_of, normal, tick

PER_MODEL = 20
SETTINGS = ScanSettings(share=1.0)
EXACT = ScanSettings(
    share=1.0, tolerance=0.0, minimum_effect=0.0, shape_tolerance=0.0, shape_minimum=0.0, rate_tolerance=0.0
)


@dataclass(frozen=True)
class Stream:
    """What the drifting columns do, ``t`` windows after the onset (1 = the first drifted window)."""

    name: str
    shift: float = 0.0
    scale: float = 1.0
    ramp: int = 0
    missing: tuple[float, float] = (0.0, 0.0)

    def chances(self, world: Numbers, layout: Layout, t: int) -> np.ndarray:
        part = min(t / self.ramp, 1.0) if self.ramp else 1.0
        cdf = normal(self.shift * part, self.scale)
        return np.stack([world.chances(c, cdf, self.missing[1]) for c in layout.columns])


STREAMS = (
    Stream("mean +0.1 σ", shift=0.1),
    Stream("mean +0.2 σ", shift=0.2),
    Stream("mean +0.5 σ", shift=0.5),
    Stream("variance × 1.3", scale=1.3**0.5),
    Stream("gradual 0 → 0.5 σ over 50", shift=0.5, ramp=50),
    Stream("missing 1 % → 5 %", missing=(0.01, 0.05)),
)


def false_alarms(
    rows: int, reference_rows: int, models: int, ticks: int, settings: ScanSettings, rng: np.random.Generator
) -> tuple[int, int, int]:
    """Alarmed windows, windows, and raised alarms (after 24 quiet windows an alarm is a new one)."""
    world = Numbers(models * PER_MODEL, reference_rows)
    layout, reference = world.draw(rng)
    scan = Scan.of(layout, reference, settings)
    chances = np.stack([world.chances(c, normal()) for c in layout.columns])
    windows = [counts_of(layout, chances, rows, rng) for _ in range(DEPTH)]
    fired = np.zeros((ticks, models), dtype=bool)
    for i in range(ticks):
        windows = [*windows[1:], counts_of(layout, chances, rows, rng)]
        fired[i] = alarmed(tick(scan, windows), PER_MODEL, settings.alpha)
    quiet = np.stack([~fired[max(i - DEPTH, 0) : i].any(axis=0) for i in range(ticks)])
    return int(fired.sum()), fired.size, int((fired & quiet).sum())


def delays(
    stream: Stream, rows: int, reference_rows: int, columns: int, horizon: int, rng: np.random.Generator
) -> np.ndarray:
    """Windows from onset to the first alarm of each drifting column, one of twenty; infinite if not found."""
    world = Numbers(columns, reference_rows, stream.missing[0])
    layout, reference = world.draw(rng)
    scan = Scan.of(layout, reference, SETTINGS)
    before = np.stack([world.chances(c, normal()) for c in layout.columns])
    windows = [counts_of(layout, before, rows, rng) for _ in range(DEPTH)]
    found = np.full(columns, np.inf)
    for t in range(1, horizon + 1):
        windows = [*windows[1:], counts_of(layout, stream.chances(world, layout, t), rows, rng)]
        hit = tick(scan, windows) <= np.log(SETTINGS.alpha / PER_MODEL)
        found = np.where(hit & np.isinf(found), t, found)
        if np.isfinite(found).all():
            break
    return found


def interval(count: int, total: int) -> str:
    """Count per 1,000 with its exact 95 % Poisson interval."""
    low = chdtri(2 * count, 0.975) / 2 if count else 0.0
    high = chdtri(2 * count + 2, 0.025) / 2
    return f"{1000 * count / total:.2f} ({1000 * low / total:.2f}–{1000 * high / total:.2f})"


def say_false_alarms(models: int, ticks: int, rng: np.random.Generator) -> None:
    print(f"alarmed windows per 1000, nothing drifts, any of {PER_MODEL} columns (nominal {1000 / 720:.2f})")
    for label, settings in (("defaults", SETTINGS), ("tolerance 0", EXACT)):
        alarms = total = raised = 0
        for rows, reference in ((50, 10_000), (200, 10_000), (1000, 10_000), (5000, 10_000), (200, 1000), (1000, 1000)):
            begin = time.perf_counter()
            a, n, r = false_alarms(rows, reference, models, ticks, settings, rng)
            alarms, total, raised = alarms + a, total + n, raised + r
            spent = time.perf_counter() - begin
            print(f"  {label:12} n={rows:<5} reference={reference:<6} {interval(a, n):22} of {n} ({spent:.0f} s)")
        print(
            f"  {label:12} pooled                 {interval(alarms, total)}; raised {interval(raised, total)}",
            flush=True,
        )


def say_delays(columns: int, sizes: Sequence[int], rng: np.random.Generator) -> None:
    print(f"median windows to the alarm, one of {PER_MODEL} columns drifts (found within 72 windows)")
    for stream in STREAMS:
        for rows in sizes:
            found = delays(stream, rows, 10_000, columns, 72, rng)
            share = np.isfinite(found).mean()
            print(f"  {stream.name:26} n={rows:<5} {np.median(found):5.1f} ({share:.0%})", flush=True)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, default=60, help="simulated models per cell")
    parser.add_argument("--ticks", type=int, default=100, help="windows per model")
    parser.add_argument("--columns", type=int, default=150, help="drifting columns per delay cell")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(arguments)
    rng = np.random.default_rng(given.seed)
    say_false_alarms(given.models, given.ticks, rng)
    say_delays(given.columns, (50, 200, 1000, 5000), rng)


if __name__ == "__main__":
    main()
