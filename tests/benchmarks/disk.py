"""Bytes on disk of 500,000 rows with 10 numbers and 10 texts, beside Parquet with zstd of the same rows."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from miops_collector.schema import Records
from miops_collector.stores._settings import StoreSettings
from miops_collector.stores.duckdb import DuckDBStore
from tests.benchmarks.harness.payloads import Shape
from tests.benchmarks.harness.result import Result, Run, result
from tests.benchmarks.harness.rows import records

__all__ = ["measure"]

ROWS, BATCH = 491_520, 16_384


def measure(run: Run) -> Iterator[Result]:
    batches = list(records(run.rows(ROWS), BATCH, Shape(), start=time.time_ns() - 10**12))
    rows = sum(r.table.num_rows for r in batches)
    parquet = run.folder / "rows.parquet"
    pq.write_table(pa.concat_tables([r.table for r in batches]), parquet, compression="zstd")
    yield result(
        "disk.bytes_per_row", _stored(run.folder / "store", batches) / rows, "By/{row}",
        "size of the store's files after closing; keys and numbers are random and do not compress",
        peers={"Parquet, zstd": parquet.stat().st_size / rows},
    )  # fmt: skip


def _stored(folder: Path, batches: list[Records]) -> int:
    store = DuckDBStore(folder, StoreSettings())
    for one in batches:
        store.append([one])
    store.close()
    return sum(f.stat().st_size for f in folder.rglob("*") if f.is_file())
