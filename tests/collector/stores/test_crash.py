"""kill -9 of a writing process at random moments: what it acknowledged is there once, and joins stay exact."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from miops_collector.stores._settings import StoreSettings
from miops_collector.stores._store import Marks
from miops_collector.stores.duckdb import DuckDBStore, duckdb
from tests.collector.stores.rows import MODEL

SETTINGS = StoreSettings(minimum_free_mib=1, log_mib=1)
KILLS = 5
WRITER = """
import random, sys
from pathlib import Path
from miops_collector.stores.duckdb import duckdb
from miops_collector.stores._settings import StoreSettings
from tests.collector.stores.rows import predictions, truth

store = duckdb(Path(sys.argv[1]), StoreSettings(minimum_free_mib=1, log_mib=1))
rng, life = random.Random(int(sys.argv[2])), sys.argv[2]
for commit in range(10_000):
    ids = [f"{life}-{commit}-{i}" for i in range(200)] + [f"{life}-{commit - 1}-{i}" for i in range(20)]
    about = [f"{life}-{commit + rng.randint(-3, 2)}-{i}" for i in range(0, 200, 7)]
    values = [float(rng.randint(0, 1)) for _ in about]
    columns = {f"feature__f{commit % 7}": [1.0] * len(ids)}
    told = [f"{a}={v}" for a, v in zip(about, values)]
    print("tried", commit, *told, flush=True)
    store.append([predictions(ids, **columns), truth(about, values, time=[commit] * len(about))])
    print("acked", commit, *told, flush=True)
"""


def _live_and_die(folder: Path, life: int, seconds: float) -> list[list[str]]:
    """Run a writer, kill it some time after its first commit; the lines it acknowledged."""
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder), str(life)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    lines = [process.stdout.readline(), process.stdout.readline()]
    time.sleep(seconds)
    process.kill()
    lines += process.stdout.read().splitlines(keepends=True)
    process.wait()
    process.stdout.close()
    return [line.split() for line in lines if line.endswith("\n")]


def _labelled(store: DuckDBStore, after: int) -> Counter[tuple[str, float]]:
    """Net changes of (id, truth) since a commit."""
    found: Counter[tuple[str, float]] = Counter()
    for table in store.truth_changes(MODEL, after=after, upto=store.newest()):
        ids, values = table.column("id_text").to_pylist(), table.column("truth_number").to_pylist()
        for i, value, sign in zip(ids, values, table.column("sign").to_pylist(), strict=True):
            found[i, value] += int(sign)
    return found


def test_a_killed_store_has_every_acknowledged_row_once_and_exact_joins(tmp_path: Path) -> None:
    rng = random.Random(7)
    acknowledged: set[str] = set()
    latest: dict[str, float] = {}
    perhaps: dict[str, float] = {}
    carried: Counter[tuple[str, float]] = Counter()
    mark = 0
    for life in range(KILLS):
        for state, commit, *told in _live_and_die(tmp_path, life, rng.uniform(0.1, 0.8)):
            values = {name: float(value) for name, value in (t.split("=") for t in told)}
            if state == "acked":
                acknowledged |= {f"{life}-{commit}-{i}" for i in range(200)}
                latest |= values
            else:
                tried = values
        perhaps |= tried
        store = duckdb(tmp_path, SETTINGS)
        carried.update(_labelled(store, mark))
        mark = store.newest()
        store.put_panes(MODEL, "layout", Marks(mark, mark), {}, [])

        ids = Counter(i for t in store.rows(MODEL, after=0, upto=mark) for i in t.column("id_text").to_pylist())
        assert set(ids.values()) == {1}
        assert acknowledged <= set(ids)
        whole = {pair: n for pair, n in _labelled(store, 0).items() if n}
        assert whole == {pair: n for pair, n in carried.items() if n}
        assert set(whole.values()) == {1}
        told_about = acknowledged & set(latest)
        wrong = [i for i in told_about if (i, latest[i]) not in whole and (i, perhaps.get(i)) not in whole]
        assert wrong == []
        store.close()
    assert len(acknowledged) >= 200 * KILLS
