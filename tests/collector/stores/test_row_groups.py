"""Row groups go into the file as they are; what is no whole one waits, and the log is folded before it is full."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from miops_collector.errors import StoreError
from miops_collector.schema import Records
from miops_collector.stores._commit import FOLDED_SHARE
from miops_collector.stores._database import ROW_GROUP, Database
from miops_collector.stores._journal import ENOUGH
from miops_collector.stores.duckdb import DuckDBStore
from tests.collector.stores.rows import NOON

ROWS = ROW_GROUP + 500
"""Of each commit: a row group and a small rest."""


def batch(number: int) -> Records:
    """Rows whose ids and times are theirs alone."""
    places = number * ROWS + np.arange(ROWS)
    keys = np.zeros((ROWS, 2), np.int64)
    keys[:, 0] = places
    array = pa.FixedSizeBinaryArray.from_buffers(pa.binary(16), ROWS, [None, pa.py_buffer(keys.tobytes())])
    table = pa.table({"key": array, "time": NOON + places, "feature.a": places.astype(np.float64)})
    return Records("predictions", "m", table, version="1")


def row_groups(store: DuckDBStore) -> int:
    counted = "SELECT count(DISTINCT row_group_id) FROM pragma_storage_info('data.main.p1_1')"
    return int(store._database.fetch(counted)[0][0])


def test_large_commits_write_whole_row_groups_alone(tmp_path: Path) -> None:
    store = DuckDBStore(tmp_path)
    for i in range(5):
        store.append([batch(i)])
        store.tidy()
    before = row_groups(store)
    held = store.models()[0].rows
    store.close()

    assert before == 5
    assert held == 5 * ROWS


def test_a_commit_stands_although_the_folding_after_it_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        msg = "no checkpoint now"
        raise StoreError(msg)

    monkeypatch.setattr(Database, "checkpoint", fails)
    store = DuckDBStore(tmp_path)
    commits = ENOUGH // (ROWS - ROW_GROUP) + 1
    for i in range(commits):
        store.append([batch(i)])
        store.tidy()
    held = store.models()[0].rows
    store.close()

    assert held == commits * ROWS


def test_a_log_that_is_nearly_full_is_folded_between_commits(tmp_path: Path) -> None:
    store = DuckDBStore(tmp_path)
    log = tmp_path / "predictions.duckdb.wal"
    store.append([replace(batch(0), table=batch(0).table.slice(0, 2000))])
    store.tidy()
    short = log.stat().st_size
    commits = 1
    while store._database.log_share("data") < FOLDED_SHARE:
        store.append([replace(batch(commits), table=batch(commits).table.slice(0, 2000))])
        commits += 1
    long = log.stat().st_size
    store.tidy()
    share = store._database.log_share("data")
    store.close()
    again = DuckDBStore(tmp_path)
    held = again.models()[0].rows
    again.close()

    assert 0 < short < long
    assert share < 0.1
    assert held == 2000 * commits


def test_a_store_without_files_has_no_log_to_fold() -> None:
    store = DuckDBStore(None)
    store.append([replace(batch(0), table=batch(0).table.slice(0, 10))])
    store.tidy()
    held = store.models()[0].rows
    store.close()

    assert held == 10
