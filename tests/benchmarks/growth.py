"""Whether anything falls off a cliff: rows already stored, models, features."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from miops_collector.config import Config
from miops_collector.engine import Engine
from miops_collector.stores._settings import StoreSettings
from miops_collector.stores.duckdb import DuckDBStore
from tests.benchmarks.harness.payloads import Shape
from tests.benchmarks.harness.result import Result, Run, result
from tests.benchmarks.harness.rows import records

__all__ = ["measure"]

BATCH = 16_384
STORED = (1_000_000, 5_000_000)
MODELS = (1, 10, 100)
FEATURES = (20, 200, 2000)
VALUES = 20_000_000
PROBES = 12


def measure(run: Run) -> Iterator[Result]:
    yield from _stored(run)
    for models in MODELS:
        shapes = [Shape(model=f"model-{i}") for i in range(models)]
        each = BATCH // models
        seconds = _probed(run.folder / f"models-{models}", shapes, each, run.rows(50 * PROBES) // 50 or 1)
        yield result(
            f"growth.rows_per_cpu_second.models_{models}", [each * models / s for s in seconds], "{row}/s",
            f"rows committed and put into panes for each second of CPU time, {BATCH:,} a commit over {models} models",
        )  # fmt: skip
    for features in FEATURES:
        rows = max(min(BATCH, run.rows(VALUES) // features // 4), 16)
        shapes = [Shape(numbers=features // 2, texts=features // 2)]
        seconds = _probed(run.folder / f"features-{features}", shapes, rows, 4)
        yield result(
            f"growth.values_per_cpu_second.features_{features}", [rows * features / s for s in seconds], "{value}/s",
            f"values of features committed and put into panes, {features} a row, {rows:,} rows a commit",
        )  # fmt: skip


def _stored(run: Run) -> Iterator[Result]:
    """One store that grows; what the next commits and a tick cost at several sizes."""
    store = DuckDBStore(run.folder / "rows", StoreSettings())
    engine, shape, held = Engine(store, Config()), Shape(), 0
    for full in STORED:
        target = run.rows(full)
        while held < target:
            held += _commit(engine, shape, BATCH, held)[0]
        commits = [_commit(engine, shape, BATCH, held + i)[1] for i in range(PROBES)]
        engine.tick()
        ticks = [_tick(engine, shape, held + PROBES + i) for i in range(5)]
        yield result(
            f"growth.rows_per_cpu_second.stored_{full}", [BATCH / s for s in commits], "{row}/s",
            f"rows committed and put into panes for each second of CPU time, {full:,} rows stored",
        )  # fmt: skip
        yield result(
            f"growth.tick_seconds.stored_{full}", ticks, "s", f"CPU time of a tick after new rows, {full:,} stored"
        )
    engine.close()
    store.close()


def _commit(engine: Engine, shape: Shape, rows: int, seed: int) -> tuple[int, float]:
    start = time.time_ns() - rows * 100_000
    batches = list(records(rows, rows, shape, start=start, seed=seed))
    began = time.process_time()
    engine.append(batches)
    return rows, time.process_time() - began


def _tick(engine: Engine, shape: Shape, seed: int) -> float:
    _commit(engine, shape, 1000, seed)
    began = time.process_time()
    engine.tick()
    return time.process_time() - began


def _probed(folder: Path, shapes: Sequence[Shape], each: int, probes: int) -> list[float]:
    """CPU seconds of commits of so many rows of each model, after all have their layouts."""
    store = DuckDBStore(folder, StoreSettings())
    engine, seconds = Engine(store, Config()), []
    for probe in range(probes + 2):
        start = time.time_ns() - each * 100_000
        batches = [
            one
            for i, shape in enumerate(shapes)
            for one in records(each, each, shape, start=start, seed=probe * 1000 + i)
        ]
        began = time.process_time()
        engine.append(batches)
        spent = time.process_time() - began
        if probe < 2:
            engine.tick()
        else:
            seconds.append(spent)
    engine.close()
    store.close()
    return seconds
