"""A small binary classifier for the engine's tests: rows, truth and references by formula, and a clock that stands."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from miops_collector.config import Config
from miops_collector.report import ModelKey
from miops_collector.schema import Records
from miops_collector.window import NANOS

MINUTE, HOUR, DAY = 60 * NANOS, 3600 * NANOS, 86_400 * NANOS
START = 20_000 * DAY
MODEL = ModelKey("credit", "1")
CONFIG = Config(reference="explicit", bins=10, minimum_rows=10, minimum_group_rows=5)
SAID = {"task": "binary_classification", "classes": ("0", "1"), "positive_class": "1"}


@dataclass(slots=True)
class Clock:
    """Stands until it is moved."""

    now: int = START

    def __call__(self) -> int:
        return self.now


def config(**changes: Any) -> Config:
    return CONFIG.model_copy(update=changes)


def key(number: int) -> bytes:
    return int(number).to_bytes(16, "big")


def predictions(
    numbers: Sequence[int], times: Sequence[int] | int, *, model: ModelKey = MODEL, shift: float = 0.0, **columns: Any
) -> Records:
    """Rows whose values follow from their numbers; ``shift`` is added to the feature ``x``."""
    table = _rows(numbers, times, shift)
    for name, values in columns.items():
        table = table.append_column(f"feature.{name}", pa.array(values))
    return Records("predictions", model.name, table, version=model.version, **SAID)  # type: ignore[arg-type]


def truth(numbers: Sequence[int], values: Sequence[float], *, time: int = START) -> Records:
    columns = {
        "key": pa.array([key(n) for n in numbers], pa.binary(16)),
        "truth_number": pa.array([float(v) for v in values]),
        "time": pa.array(np.full(len(numbers), time, np.int64)),
    }
    return Records("ground_truth", "", pa.table(columns))


def reference(
    rows: int = 400, *, model: ModelKey = MODEL, seed: int = 0, name: str = "r", last: bool = True, **said: Any
) -> Records:
    numbers = np.arange(rows) + 10**9 + seed * 10**6
    table = _rows(numbers, START - DAY, 0.0).append_column("truth_number", pa.array(_truths(numbers)))
    described = SAID | {"sensitive": ("g",)} | said
    return Records(
        "reference", model.name, table, version=model.version, reference_id=name, reference_last=last,
        **described,  # type: ignore[arg-type]
    )  # fmt: skip


def spread(count: int, start: int, length: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Times that lie evenly in ``[start, start + length)``."""
    return start + np.arange(count, dtype=np.int64) * (length // count)


def other_version(model: ModelKey, version: str) -> ModelKey:
    return replace(model, version=version)


def _rows(numbers: Iterable[int], times: Any, shift: float) -> pa.Table:
    n = np.asarray(list(numbers), np.int64)
    score = _mixed(n, 1)
    return pa.table(
        {
            "key": pa.array([key(i) for i in n.tolist()], pa.binary(16)),
            "time": pa.array(np.broadcast_to(np.asarray(times, np.int64), n.shape)),
            "duration": pa.array((1e6 * (1 + 9 * _mixed(n, 2))).astype(np.int64)),
            "value_number": pa.array((score > 0.5).astype(float)),
            "score": pa.array(score),
            "feature.x": pa.array(np.round(_mixed(n, 3) * 100 + shift, 1), mask=_mixed(n, 4) < 0.05),
            "feature.c": pa.array(np.array(["a", "b", "c"])[(_mixed(n, 5) * 3).astype(int)]),
            "context.g": pa.array(np.array(["f", "m"])[(_mixed(n, 6) * 2).astype(int)]),
        }
    )


def _truths(numbers: Any) -> np.ndarray[Any, np.dtype[np.float64]]:
    return (_mixed(np.asarray(numbers), 7) < _mixed(np.asarray(numbers), 1)).astype(float)


def _mixed(numbers: Any, salt: int) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Evenly distributed in [0, 1), the same for the same number."""
    x = numbers.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(salt * 0x632BE59BD9B4E019 % 2**64)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        x = (x ^ (x >> np.uint64(shift))) * np.uint64(factor)
    return ((x ^ (x >> np.uint64(31))) >> np.uint64(11)).astype(np.float64) / 2**53
