"""A disk that fills up under load and is given space again: nothing acknowledged is lost, nothing needs a restart."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from miops_collector.errors import StoreError
from miops_collector.report import ModelKey
from miops_collector.schema import Records
from miops_collector.stores._settings import StoreSettings
from miops_collector.stores.duckdb import DuckDBStore, duckdb

MODEL = ModelKey("m", "unversioned")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    if os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root")
    mount = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", str(tmp_path)], capture_output=True)
    if mount.returncode:
        pytest.skip("this machine does not let us mount a small disk")
    yield tmp_path
    subprocess.run(["umount", "-l", str(tmp_path)], check=True)


def _group(number: int, rows: int) -> Records:
    rng = np.random.default_rng(number)
    keys = pa.FixedSizeBinaryArray.from_buffers(pa.binary(16), rows, [None, pa.py_buffer(rng.bytes(16 * rows))])
    columns = {"key": keys, "time": pa.array(np.full(rows, number)), "row": pa.array(np.full(rows, number, np.int32))}
    return Records("predictions", "m", pa.table(columns | {f"feature.{i}": rng.normal(size=rows) for i in range(20)}))


def _numbers(store: DuckDBStore) -> list[int]:
    """How often each group is stored, in rows."""
    rows = np.concatenate([t.column("row").to_numpy() for t in store.rows(MODEL, after=0, upto=store.newest())])
    return [int(n) for n in np.bincount(rows)]


def _fill(store: DuckDBStore, rows: int) -> int:
    """Append groups until one is refused; how many were acknowledged."""
    for number in range(200):
        try:
            store.append([_group(number, rows)])
        except StoreError:
            return number
    pytest.fail("the disk never was full")


@pytest.mark.parametrize("rows", [16_384, 3000])
def test_a_full_disk_refuses_commits_and_works_again_when_there_is_space(small_disk: Path, rows: int) -> None:
    settings = StoreSettings(minimum_free_mib=0, log_mib=1)
    store = duckdb(small_disk / "data", settings)
    acknowledged = _fill(store, rows)
    for _ in range(3):
        with pytest.raises(StoreError):
            store.append([_group(acknowledged, rows)])
    assert acknowledged > 0

    subprocess.run(["mount", "-o", "remount,size=200m", str(small_disk)], check=True)
    appended = [store.append([_group(number, rows)]) for number in range(acknowledged + 2)]

    assert [a.stored[0].duplicates for a in appended] == [rows] * acknowledged + [0, 0]
    assert store.ready() == ""
    assert _numbers(store) == [rows] * (acknowledged + 2)
    store.close()
    store = duckdb(small_disk / "data", settings)
    assert _numbers(store) == [rows] * (acknowledged + 2)
    store.close()
