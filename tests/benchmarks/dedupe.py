"""Looking for repeats: the table of fingerprints in memory, and making it again when a store is opened."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from dataclasses import replace
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

IDS = (1_000_000, 10_000_000, 100_000_000)
BATCH = 16_384
PIECE = 122_880
FIRST, STEP = 1_790_000_000_000_000_000, 100_000
"""Event times: ten thousand rows a second."""


def measure(run: Run) -> Iterator[Result]:
    for ids in IDS:
        seconds, size = _lookups(run.rows(ids), run.rounds)
        yield result(
            f"dedupe.seconds_per_row.{ids}", seconds, "s",
            f"CPU time to hash an id and look it up, {ids:,} ids known, {BATCH:,} at once",
        )  # fmt: skip
        yield result(f"dedupe.bytes.{ids}", size, "By", f"memory of the fingerprints of {ids:,} ids")
    for ids in IDS:
        opened, resent, whole = _reopened(run, run.rows(ids))
        yield result(
            f"dedupe.open_seconds.{ids}", opened, "s",
            f"opening a store of {ids:,} rows; up to half of the {StoreSettings().fingerprints:,} fingerprints that are"
            " kept are made again at once, those of more when rows of their time come",
        )  # fmt: skip
        yield result(
            f"dedupe.resent_seconds.{ids}", resent, "s",
            f"the first commit after that, by the clock: the newest {BATCH:,} of {ids:,} rows again, each recognised",
        )  # fmt: skip
        yield result(
            f"dedupe.open_whole_seconds.{ids}", whole, "s", f"opening it with room for the fingerprints of all {ids:,}"
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


def _reopened(run: Run, ids: int) -> tuple[list[float], list[float], float]:
    """Seconds to open a store again, to find that the newest rows are stored already, and to open it with all ids."""
    folder, settings = run.folder / f"store-{ids}", StoreSettings()
    newest = _fill(folder, settings, ids)
    opened, resent = [], []
    for _ in range(run.rounds):
        store, seconds = _opened(folder, settings)
        opened.append(seconds)
        began = time.perf_counter()
        (found,) = store.append([newest]).stored
        resent.append(time.perf_counter() - began)
        store.close()
        assert found.duplicates == newest.table.num_rows
    store, whole = _opened(folder, StoreSettings(fingerprints=2 * ids + BATCH))
    store.close()
    shutil.rmtree(folder)
    return opened, resent, whole


def _opened(folder: Path, settings: StoreSettings) -> tuple[DuckDBStore, float]:
    began = time.perf_counter()
    return DuckDBStore(folder, settings), time.perf_counter() - began


def _fill(folder: Path, settings: StoreSettings, ids: int) -> Records:
    """The newest rows."""
    rng, store = np.random.default_rng(2), DuckDBStore(folder, settings)
    for start in range(0, ids, PIECE):
        rows = _rows(start, min(PIECE, ids - start), rng)
        store.append([rows])
    store.close()
    return replace(rows, table=rows.table.slice(max(rows.table.num_rows - BATCH, 0)))


def _rows(start: int, n: int, rng: np.random.Generator) -> Records:
    keys = pa.FixedSizeBinaryArray.from_buffers(pa.binary(16), n, [None, pa.py_buffer(rng.bytes(16 * n))])
    times = FIRST + (start + np.arange(n)) * STEP
    columns = {"key": keys, "time": times, "score": rng.random(n), "feature.a": rng.random(n)}
    return Records("predictions", "m", pa.table(columns), version="1")
