"""Whether anything falls off a cliff: with rows already stored, with models, with features."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from math import isnan, nan
from pathlib import Path

from miops_collector.config import Config
from miops_collector.engine import Engine
from miops_collector.errors import StoreError
from miops_collector.schema import Records
from miops_collector.stores._settings import StoreSettings
from miops_collector.stores.duckdb import DuckDBStore
from tests.benchmarks.harness.book import Entry
from tests.benchmarks.harness.chart import Panel, svg
from tests.benchmarks.harness.page import figure
from tests.benchmarks.harness.payloads import Shape
from tests.benchmarks.harness.result import Result, Run, result
from tests.benchmarks.harness.rows import records

__all__ = ["chart", "measure"]

BATCH = 16_384
STORED = (1_000_000, 10_000_000)
STORED_LONG = 100_000_000
MODELS = (1, 100, 1000)
FEATURES = (20, 200, 2000)
VALUES = 20_000_000
PROBES, TICKS = 12, 5
FILLED_SECONDS = 420.0
"""A slow machine is filled for so long and no longer."""
SETTLED_SECONDS = 180.0
FIRST, STEP = time.time_ns() - 3 * 3_600_000_000_000, 100_000
"""Event times of the stored rows: ten thousand a second since three hours ago, which is time for a hundred million."""
NARROW = Shape(numbers=4, texts=2)
"""What fills the store: a hundred million rows of it take 10 GB."""
ABOUT = {
    "stored": ("rows stored", "rows/s", "{row}/s"),
    "models": ("models", "rows/s", "{row}/s"),
    "features": ("features", "values/s", "{value}/s"),
}


def measure(run: Run) -> Iterator[Result]:
    yield from _stored(run)
    for models in MODELS:
        many = min(models, 20) if run.quick else models
        shapes = [Shape(model=f"model-{i}") for i in range(many)]
        each = max(BATCH // many, 1)
        probes = run.rows(50 * (PROBES if models < 1000 else 3)) // 50 or 1
        try:
            seconds, ticks = _probed(run.folder / f"models-{models}", shapes, each, probes)
        except StoreError as error:
            about = f"{models:,} models with rows in every commit"
            yield Result(f"growth.rows_per_cpu_second.models_{models}", nan, "{row}/s", about, note=str(error)[:120])
            continue
        yield result(
            f"growth.rows_per_cpu_second.models_{models}", [each * many / s for s in seconds], "{row}/s",
            f"rows committed and binned for each second of CPU time, {each * many:,} a commit of {models:,} models",
        )  # fmt: skip
        yield result(
            f"growth.tick_seconds.models_{models}", ticks, "s",
            f"CPU time of a tick after new rows of one of {models:,} models",
        )  # fmt: skip
    for features in FEATURES:
        rows = max(min(BATCH, run.rows(VALUES) // features // 4), 16)
        shapes = [Shape(numbers=features // 2, texts=features // 2)]
        seconds, ticks = _probed(run.folder / f"features-{features}", shapes, rows, 4)
        yield result(
            f"growth.values_per_cpu_second.features_{features}", [rows * features / s for s in seconds], "{value}/s",
            f"values of features committed and put into panes, {features:,} a row, {rows:,} rows a commit",
        )  # fmt: skip
        yield result(
            f"growth.tick_seconds.features_{features}", ticks, "s",
            f"CPU time of a tick after new rows of a model of {features:,} features",
        )  # fmt: skip


def chart(entries: Mapping[str, Entry]) -> str:
    """What a row and what a tick costs, as each of the three grows."""
    panels = [_panel(entries, kind, of) for kind in ("per_cpu_second", "tick_seconds") for of in ABOUT]
    return svg([panel for panel in panels if panel.points], columns=len(ABOUT))


def _panel(entries: Mapping[str, Entry], kind: str, of: str) -> Panel:
    across, rate, unit = ABOUT[of]
    found = {name.rpartition("_")[2]: e.value for name, e in entries.items() if f"{kind}.{of}_" in name}
    title, unit = ("CPU time of a tick", "s") if kind == "tick_seconds" else (f"{rate} of CPU time", unit)
    points = sorted((float(size), value) for size, value in found.items() if not isnan(value))
    return Panel(title, across, points, lambda y: figure(y, unit).removesuffix(f" {rate}"))


def _stored(run: Run) -> Iterator[Result]:
    """One store that grows; what the next commits and a tick cost at several sizes."""
    store = DuckDBStore(run.folder / "rows", StoreSettings())
    engine, held, began = Engine(store, Config()), 0, time.monotonic()
    for full in (*STORED, STORED_LONG) if run.long else STORED:
        target = run.rows(full)
        while held < target and time.monotonic() - began < FILLED_SECONDS:
            held += _commit(engine, store, NARROW, BATCH, held)[0]
        cut = "" if held >= target else f"; {held:,} after {FILLED_SECONDS:.0f} s, then it was stopped"
        commits = [_commit(engine, store, NARROW, BATCH, held + i)[1] for i in range(PROBES)]
        engine.tick()
        ticks = [_tick(engine, store, NARROW, held + PROBES + i) for i in range(TICKS)]
        yield result(
            f"growth.rows_per_cpu_second.stored_{full}", [BATCH / s for s in commits], "{row}/s",
            f"rows of six features committed and put into panes for each second of CPU time, {full:,} stored{cut}",
        )  # fmt: skip
        yield result(
            f"growth.tick_seconds.stored_{full}", ticks, "s", f"CPU time of a tick after new rows, {full:,} stored{cut}"
        )
    engine.close()
    store.close()


def _commit(engine: Engine, store: DuckDBStore, shape: Shape, rows: int, seed: int) -> tuple[int, float]:
    """Rows that come ten thousand a second by their own times, whatever the clock says: ``seed`` were there before."""
    batches = list(records(rows, rows, shape, start=FIRST + seed * STEP, seed=seed))
    return rows, _committed(engine, store, batches)


def _committed(engine: Engine, store: DuckDBStore, batches: list[Records]) -> float:
    """CPU seconds, with what the writer does between commits."""
    began = time.process_time()
    engine.append(batches)
    store.tidy()
    return time.process_time() - began


def _tick(engine: Engine, store: DuckDBStore, shape: Shape, seed: int) -> float:
    _commit(engine, store, shape, 1000, seed)
    began = time.process_time()
    engine.tick()
    return time.process_time() - began


def _probed(folder: Path, shapes: Sequence[Shape], each: int, probes: int) -> tuple[list[float], list[float]]:
    """Mean CPU seconds of commits of so many rows of each model, after all have their layouts; and of ticks."""
    store = DuckDBStore(folder, StoreSettings())
    engine, seconds = Engine(store, Config()), []
    for probe in range(probes + 2):
        start = time.time_ns() - each * 100_000
        batches = [
            one
            for i, shape in enumerate(shapes)
            for one in records(each, each, shape, start=start, seed=probe * 1000 + i)
        ]
        spent = _committed(engine, store, batches)
        if probe < 2:
            engine.tick()
        else:
            seconds.append(spent)
    _settle(engine)
    ticks = [_tick(engine, store, shapes[0], 1_000_000 + i) for i in range(TICKS)]
    engine.close()
    store.close()
    return [sum(seconds) / len(seconds)], ticks


def _settle(engine: Engine) -> None:
    """Evaluate what the commits have left, so that the next ticks have their own rows only."""
    until = time.monotonic() + SETTLED_SECONDS
    while time.monotonic() < until and not engine.idle():
        engine.tick()
