"""Models as the engine knows them, with a reference, without a store."""

from __future__ import annotations

from functools import cache

from miops.semconv import BINARY
from miops_collector.adoption import Said, given_reference
from miops_collector.compared_with import Reference
from miops_collector.config import Config
from miops_collector.monitored import Monitored
from miops_collector.report import ModelKey
from miops_collector.settings import Settings
from miops_collector.stores._store import ModelInfo
from tests.benchmarks.harness.payloads import Shape
from tests.benchmarks.harness.rows import records

__all__ = ["reference_of", "watched_model"]

REFERENCE_ROWS = 10_000


@cache
def reference_of(shape: Shape) -> Reference:
    """Ten thousand rows of this shape."""
    (one,) = records(REFERENCE_ROWS, REFERENCE_ROWS, shape, start=0, seed=99)
    key = ModelKey(shape.model, "1")
    return given_reference(one.table, key, Said(task=BINARY), Config(), origin="file", created_at=0)


def watched_model(key: ModelKey, settings: Settings, reference: Reference) -> tuple[Monitored, ModelInfo]:
    """A model version without rows yet."""
    return Monitored(key, settings, reference.layout, reference), ModelInfo(key, task=BINARY)
