from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass

import numpy as np
import pytest

from miops_collector.memory_guard import GIVE_BACK_SECONDS, TIDY_SECONDS, MemoryGuard, give_back, resident_bytes

ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="only Linux says what a process takes")


@dataclass
class Process:
    """Takes ``used`` bytes and keeps ``freed``."""

    used: int = 0
    freed: int = 0
    now: float = 0.0
    releases: int = 0

    def guard(self, limit: int) -> MemoryGuard:
        return MemoryGuard(limit, resident=lambda: self.used + self.freed, release=self.release, clock=lambda: self.now)

    def release(self) -> None:
        self.releases += 1
        self.freed = 0


def test_what_is_only_kept_is_given_back_before_anybody_is_refused() -> None:
    process = Process(used=500, freed=100)
    guard = process.guard(1000)
    guard.look()
    process.now, process.freed = GIVE_BACK_SECONDS, 440

    guard.look()

    assert (guard.full, guard.resident, process.releases) == (False, 500, 2)


def test_a_process_near_its_limit_is_full_until_it_takes_less() -> None:
    process = Process(used=910)
    guard = process.guard(1000)

    guard.look()
    assert guard.full
    process.used = 800
    guard.look()

    assert not guard.full


def test_memory_is_given_back_seldom() -> None:
    process = Process(used=100)
    guard = process.guard(1000)
    for second in range(int(TIDY_SECONDS)):
        process.now = second
        guard.look()

    assert process.releases == 1


@ON_LINUX
def test_giving_back_takes_no_data_away() -> None:
    kept = [np.full(1 << 10, i) for i in range(2000)]
    dropped = [np.zeros(1 << 10) for _ in range(20_000)]
    dropped.clear()

    give_back()

    assert all((array == i).all() for i, array in enumerate(kept))
    assert resident_bytes() > sum(array.nbytes for array in kept)


@ON_LINUX
def test_compiled_code_still_runs_after_its_compiler_was_given_back() -> None:
    run = "from miops_collector.otlp.warm import warm; from miops_collector.memory_guard import *; "
    run += "warm(); before = resident_bytes(); give_back(); after = resident_bytes(); warm(); "
    run += "from numba import njit; assert njit(lambda x: x + 1)(1) == 2; print(before - after)"

    done = subprocess.run([sys.executable, "-c", run], capture_output=True, text=True, check=True, timeout=300)

    assert int(done.stdout) > 10 << 20


def test_arrow_does_without_pandas_and_others_still_find_it() -> None:
    pytest.importorskip("pandas")
    run = "from miops_collector.memory_guard import keep_pandas_out; import sys; keep_pandas_out(); "
    run += "import pyarrow as pa; pa.array([1.0, None]), pa.scalar(1); print('pandas' in sys.modules); "
    run += "import pandas; print(pandas.Series([1]).sum())"

    done = subprocess.run([sys.executable, "-c", run], capture_output=True, text=True, check=True, timeout=300)

    assert done.stdout.split() == ["False", "1"]
