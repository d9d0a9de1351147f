"""Retries are recognised at any age, after any restart, with as little memory as one likes."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest

from miops_collector.stores import _dedupe
from miops_collector.stores._dedupe import SLICE, Dedupe
from miops_collector.stores._fingerprints import HashSet, fingerprints
from miops_collector.stores._settings import StoreSettings
from miops_collector.stores.duckdb import duckdb
from miops_collector.stores.memory import memory
from tests.collector.stores.rows import DAY, NOON, SECOND, ids_of, predictions

TINY = StoreSettings(minimum_free_mib=1, fingerprints=30)


def _group(number: int) -> list[str]:
    return [f"{number}-{i}" for i in range(20)]


@pytest.mark.parametrize("apart", [0, SECOND, SLICE, 30 * DAY])
def test_every_retry_is_recognised_with_memory_for_a_tenth_of_the_ids(tmp_path: Path, apart: int) -> None:
    groups = [predictions(_group(n), time=[NOON + n * apart + i for i in range(20)]) for n in range(15)]
    order = random.Random(3).sample(range(15), 15)
    store = duckdb(tmp_path, TINY)
    assert sum(store.append([g]).stored[0].duplicates for g in groups) == 0

    assert [store.append([groups[n]]).stored[0].duplicates for n in order] == [20] * 15
    store.close()
    store = duckdb(tmp_path, TINY)
    assert [store.append([groups[n]]).stored[0].duplicates for n in order] == [20] * 15
    store.close()


def test_fingerprints_stay_within_their_capacity() -> None:
    store = memory(settings=TINY)
    for n in range(40):
        store.append([predictions(_group(n))])

    assert len(store._writer._repeats.dedupe) <= TINY.fingerprints + 20
    store.close()


def test_rows_of_random_times_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_dedupe, "MOST_SLICES", 100)
    dedupe = Dedupe(1_000_000)
    rng = np.random.default_rng(0)
    for _ in range(50):
        times = rng.integers(0, 2**62, 10)
        dedupe.make_room()
        dedupe.loaded(1, dedupe.missing(1, times))
        dedupe.suspects(rng.integers(1, 2**63, 10).astype(np.uint64))

    assert dedupe._new.slice_count + dedupe._old.slice_count <= 2 * 100 + 60


def test_a_whole_table_in_memory_needs_no_slices() -> None:
    dedupe = Dedupe(100)
    dedupe.start(1)

    assert dedupe.missing(1, np.array([NOON])).tolist() == []
    assert dedupe.missing(2, np.array([0])).tolist() == [-1, 0, 1]


def test_a_failed_commit_leaves_nothing_that_hides_its_retry() -> None:
    store = memory()
    store._writer._repeats.fresh(store._database._writers["data"], [], store._writer.settle)
    hashes = store._writer._repeats.dedupe
    rows = predictions(["a", "b"])
    words = np.frombuffer(b"".join(rows.table.column("key").to_pylist()), np.uint64).reshape(-1, 2)
    hashes.fill(fingerprints(words, 1))

    assert ids_of([store.append([rows]).stored[0].table]) == ["a", "b"]
    store.close()


def test_a_set_of_hashes_agrees_with_a_set() -> None:
    rng = np.random.default_rng(1)
    ours, theirs = HashSet(), set[int]()
    for _ in range(20):
        hashes = rng.integers(1, 5000, 700).astype(np.uint64)
        expected = []
        for h in hashes.tolist():
            expected.append(h in theirs)
            theirs.add(h)
        assert ours.add(hashes).tolist() == expected
        asked = rng.integers(1, 6000, 500).astype(np.uint64)
        seen = np.zeros(500, np.bool_)
        ours.mark(asked, seen)
        assert seen.tolist() == [h in theirs for h in asked.tolist()]
    assert len(ours) == len(theirs)


def test_fingerprints_depend_on_every_bit_of_the_key_and_on_the_salt() -> None:
    bits = [np.uint64(1) << np.uint64(b) for b in range(64)]
    words = np.array([(b, 0) for b in bits] + [(0, b) for b in bits] + [(0, 0)], dtype=np.uint64)

    found = {*fingerprints(words, 1).tolist(), *fingerprints(words, 2).tolist()}

    assert len(found) == 2 * len(words)
    assert 0 not in found
