"""Evaluating: one window of a model, and a tick over many models of which none, one or all have changed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import numpy as np
import pyarrow as pa

from miops_collector.config import Config
from miops_collector.engine import Engine
from miops_collector.report import ModelKey
from miops_collector.schema import Records
from miops_collector.stores._settings import StoreSettings
from miops_collector.stores.duckdb import DuckDBStore
from miops_collector.window import NANOS, Window
from tests.benchmarks.harness.payloads import Shape
from tests.benchmarks.harness.result import Result, Run, result
from tests.benchmarks.harness.rows import records

__all__ = ["measure"]

FEATURES, MODELS = (20, 50), (1, 100)
ROWS, MANY_ROWS = 40_000, 6_000
HOUR = 3600 * NANOS


def measure(run: Run) -> Iterator[Result]:
    for features in FEATURES:
        yield _window(run, features)
    yield _labelled_window(run)
    for models in MODELS:
        yield from _ticks(run, models if not run.quick else min(models, 5), str(models))


def _window(run: Run, features: int) -> Result:
    shape = Shape(numbers=features // 2, texts=features // 2)
    engine, close = _engine(run, f"window-{features}", [shape], ROWS)
    key, now = ModelKey(shape.model, "1"), time.time_ns()
    seconds = [_timed(lambda: engine.observe(key, Window(now - HOUR, now + HOUR))) for _ in range(20)]
    made = len(engine.observe(key, Window(now - HOUR, now + HOUR)))
    close()
    return result(
        f"tick.window_seconds.{features}", seconds, "s",
        f"CPU time to evaluate every statistic of one window of {features} features: {made} observations",
    )  # fmt: skip


def _labelled_window(run: Run) -> Result:
    """Everything at once: groups of three features and all three together, truth, segments."""
    shape, sensitive = Shape(numbers=25, texts=25), [f"text_{i}" for i in range(3)]
    config = Config(models={"credit-risk": {"sensitive": sensitive}})
    start, now = time.time_ns() - 600 * NANOS, time.time_ns()
    batches = list(records(ROWS // 2, ROWS // 2, shape, start=start, seed=1, step=600 * NANOS // ROWS))
    truth = [Records("ground_truth", "", _truth(b.table)) for b in batches]
    key, window = ModelKey(shape.model, "1"), Window(now - HOUR, now + HOUR)
    store = DuckDBStore(run.folder / "labelled", StoreSettings())
    engine = Engine(store, config)
    engine.append([*batches, *truth])
    while not engine.idle():
        engine.tick()
    made = len(engine.observe(key, window))
    seconds = [_timed(lambda: engine.observe(key, window)) for _ in range(20)]
    groups = len({(o.sensitive_feature, o.group) for o in engine.observe(key, window) if o.group})
    engine.close()
    store.close()
    return result(
        "tick.window_seconds.labelled", seconds, "s",
        f"the same of 50 features with truth, segments and {groups} groups of three features: {made} observations",
    )  # fmt: skip


def _truth(rows: pa.Table) -> pa.Table:
    """Of every row; a tenth of the decisions were wrong."""
    wrong = np.random.default_rng(2).random(rows.num_rows) < 0.1
    decided = rows.column("value_number").to_numpy()
    return pa.table(
        {"key": rows.column("key"), "time": rows.column("time"), "truth_number": np.where(wrong, 1 - decided, decided)}
    )


def _ticks(run: Run, models: int, label: str) -> Iterator[Result]:
    shapes = [Shape(model=f"model-{i}") for i in range(models)]
    engine, close = _engine(run, f"models-{models}", shapes, MANY_ROWS)
    idle = [_timed(engine.tick) for _ in range(20)]
    one, every = [], []
    for i in range(run.rounds):
        one.append(_changed(engine, shapes[:1], 100 + i))
        every.append(_changed(engine, shapes, 200 + i))
    close()
    said = "model" if models == 1 else "models"
    yield result(f"tick.unchanged_seconds.{label}", idle, "s", f"CPU time of a tick, {models} {said}, nothing changed")
    yield result(f"tick.one_changed_seconds.{label}", one, "s", f"the same, one of {models} {said} has new rows")
    yield result(
        f"tick.all_changed_seconds.{label}", every, "s", f"until all of {models} {said} with new rows are evaluated"
    )


def _engine(run: Run, name: str, shapes: list[Shape], rows: int) -> tuple[Engine, Callable[[], None]]:
    """An engine whose models have automatic references and rows of the last minutes, all evaluated."""
    store = DuckDBStore(run.folder / name, StoreSettings())
    engine = Engine(store, Config())
    _changed(engine, shapes, 1, rows)

    def close() -> None:
        engine.close()
        store.close()

    return engine, close


def _changed(engine: Engine, shapes: list[Shape], seed: int, rows: int = 200) -> float:
    """Add rows to these models; CPU seconds of the ticks until everything is evaluated."""
    step = 600 * NANOS // rows
    start = time.time_ns() - 600 * NANOS
    for i, shape in enumerate(shapes):
        engine.append(list(records(rows, rows, shape, start=start, seed=1000 * seed + i, step=step)))
    spent = _timed(engine.tick)
    while not engine.idle():
        spent += _timed(engine.tick)
    return spent


def _timed(call: Callable[[], object]) -> float:
    began = time.process_time()
    call()
    return time.process_time() - began
