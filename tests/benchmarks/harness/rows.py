"""Rows as decoding gives them, made without a detour over bytes: for everything that comes after the wire."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from miops.semconv import BINARY, COLUMN_FEATURE_PREFIX
from miops_collector.schema import Records
from tests.benchmarks.harness.payloads import LEVELS, Shape

__all__ = ["records"]

STEP = 100_000
"""Nanoseconds of event time from row to row: 10,000 rows a second."""


def records(rows: int, batch: int, shape: Shape, *, start: int, seed: int = 0, step: int = STEP) -> Iterator[Records]:
    """Predictions of one binary classifier, every value drawn anew, in batches."""
    rng = np.random.default_rng(seed)
    for first in range(0, rows, batch):
        n = min(batch, rows - first)
        times = start + (first + np.arange(n)) * step
        yield Records("predictions", shape.model, _table(n, times, shape, rng), version="1", task=BINARY)


def _table(n: int, times: np.ndarray, shape: Shape, rng: np.random.Generator) -> pa.Table:
    score = rng.random(n)
    columns = {
        "key": _binary(n, 16, rng),
        "time": times,
        "duration": rng.integers(1e6, 9e6, n),
        "trace_id": _binary(n, 16, rng),
        "span_id": _binary(n, 8, rng),
        "value_number": (score > 0.5).astype(np.float64),
        "score": score,
    }
    columns |= {f"{COLUMN_FEATURE_PREFIX}number_{j}": rng.normal(size=n) for j in range(shape.numbers)}
    levels = pa.array([f"level_{i}".ljust(shape.text, "x") for i in range(LEVELS)])
    for j in range(shape.texts):
        codes = pa.array(rng.integers(0, LEVELS, n, dtype=np.int32))
        columns[f"{COLUMN_FEATURE_PREFIX}text_{j}"] = pa.DictionaryArray.from_arrays(codes, levels)
    return pa.table(columns)


def _binary(n: int, width: int, rng: np.random.Generator) -> pa.Array:
    return pa.FixedSizeBinaryArray.from_buffers(pa.binary(width), n, [None, pa.py_buffer(rng.bytes(width * n))])
