"""Looking for repeats: the table of fingerprints in memory, and making it again when a store is opened."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa

from miops_collector.schema import Records
from miops_collector.stores._dedupe import Dedupe
from miops_collector.stores._fingerprints import fingerprints
from miops_collector.stores._settings import StoreSettings
from miops_collector.stores.duckdb import DuckDBStore
from tests.benchmarks.harness.result import Result, Run, result

__all__ = ["measure"]

IDS = (1_000_000, 10_000_000)
BATCH = 16_384
PIECE = 122_880


def measure(run: Run) -> Iterator[Result]:
    for ids in IDS:
        seconds, size = _lookups(run.rows(ids), run.rounds)
        yield result(
            f"dedupe.seconds_per_row.{ids}", seconds, "s",
            f"CPU time to hash an id and look it up, {ids:,} ids known, {BATCH:,} at once",
        )  # fmt: skip
        yield result(f"dedupe.bytes.{ids}", size, "By", f"memory of the fingerprints of {ids:,} ids")
    for ids in IDS:
        opened = _reopened(run, run.rows(ids))
        yield result(
            f"dedupe.open_seconds.{ids}", opened, "s", f"opening a store of {ids:,} rows, fingerprints made again"
        )


def _lookups(ids: int, rounds: int) -> tuple[list[float], int]:
    """Seconds a row in each of several rounds of new ids, each of 60 batches; and the memory."""
    rng, seconds = np.random.default_rng(1), []
    known = Dedupe(2 * ids + 4 * rounds * 60 * BATCH)
    for start in range(0, ids, 1 << 20):
        known.fill(fingerprints(_words(min(1 << 20, ids - start), rng), 1))
    size = known.nbytes
    for _ in range(rounds):
        batches = [_words(BATCH, rng) for _ in range(60)]
        began = time.process_time()
        for words in batches:
            known.suspects(fingerprints(words, 1))
        seconds.append((time.process_time() - began) / (60 * BATCH))
    return seconds, size


def _words(n: int, rng: np.random.Generator) -> np.ndarray:
    return rng.integers(0, 2**64, (n, 2), dtype=np.uint64)


def _reopened(run: Run, ids: int) -> list[float]:
    folder, settings = run.folder / f"store-{ids}", StoreSettings()
    _fill(folder, settings, ids)
    seconds = []
    for _ in range(run.rounds):
        began = time.perf_counter()
        store = DuckDBStore(folder, settings)
        seconds.append(time.perf_counter() - began)
        store.close()
    return seconds


def _fill(folder: Path, settings: StoreSettings, ids: int) -> None:
    rng, store, first = np.random.default_rng(2), DuckDBStore(folder, settings), 1_790_000_000_000_000_000
    for start in range(0, ids, PIECE):
        n = min(PIECE, ids - start)
        keys = pa.FixedSizeBinaryArray.from_buffers(pa.binary(16), n, [None, pa.py_buffer(rng.bytes(16 * n))])
        times = first + (start + np.arange(n)) * 100_000
        columns = {"key": keys, "time": times, "score": rng.random(n), "feature.a": rng.random(n)}
        store.append([Records("predictions", "m", pa.table(columns), version="1")])
    store.close()
