"""Rows into panes with every default summary, as the writer does it after each commit: 16,384 rows at once."""

from __future__ import annotations

import time
from collections.abc import Iterator

import numpy as np

from miops_collector.config import Config
from miops_collector.report import ModelKey
from miops_collector.schema import Records
from miops_collector.settings import settings_of
from tests.benchmarks.harness.payloads import Shape
from tests.benchmarks.harness.result import Result, Run, result
from tests.benchmarks.harness.rows import records
from tests.benchmarks.harness.watching import reference_of, watched_model

__all__ = ["measure"]

BATCH, ROWS = 16_384, 655_360
_NONE = np.empty(0, np.int64)
SHAPES = {"numbers": Shape(numbers=20, texts=0), "mixed": Shape(numbers=10, texts=10)}
ABOUT = {"numbers": "20 numeric features of 128 bins", "mixed": "10 numeric features of 128 bins and 10 of texts"}


def measure(run: Run) -> Iterator[Result]:
    for name, shape in SHAPES.items():
        start = time.time_ns() - 10**12
        batches = list(records(run.rows(ROWS), BATCH, shape, start=start))
        seconds = [_added(shape, batches) for _ in range(run.rounds)]
        values = sum(b.table.num_rows for b in batches) * (shape.numbers + shape.texts)
        yield result(
            f"summarise.values_per_cpu_second.{name}", [values / s for s in seconds], "{value}/s",
            f"{ABOUT[name]}; prediction, score, confidence and latency are summarised as well but not counted",
        )  # fmt: skip


def _added(shape: Shape, batches: list[Records]) -> float:
    """CPU seconds from Arrow tables to sums in panes."""
    model, info = watched_model(ModelKey(shape.model, "1"), settings_of(Config()), reference_of(shape))
    model.add(1, [(batches[0].table, info)], _NONE, 0)
    began = time.process_time()
    for i, batch in enumerate(batches):
        model.add(2 + i, [(batch.table, info)], _NONE, batch.table.column("time")[0].as_py())
    return time.process_time() - began
