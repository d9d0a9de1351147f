"""Whatever happens in whatever order, a window is the sum of its rows and their truth."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from miops_collector.config import Config
from miops_collector.engine import Engine
from miops_collector.layout import Summaries
from miops_collector.report import ModelKey
from miops_collector.schema import Records
from miops_collector.stores._settings import StoreSettings
from miops_collector.stores.duckdb import DuckDBStore
from miops_collector.window import Window
from tests.collector.little_model import (
    DAY,
    HOUR,
    MINUTE,
    MODEL,
    START,
    Clock,
    config,
    other_version,
    predictions,
    reference,
    truth,
)

DAYS = 120
REPEATS = 4
SETTINGS = StoreSettings(deduplicate_for=400 * DAY, minimum_free_mib=1)
MODELS = [MODEL, other_version(MODEL, "2")]
OFTEN_MERGED = config(ageing={"1h": "2d", "1d": "5d", "30d": "40d"})
UNMERGED = config(ageing={})
COUNTS = st.integers(1, 30)


class Exactness(RuleBasedStateMachine):
    """One collector through all its troubles, and the list of what it acknowledged."""

    @initialize(automatic=st.booleans())
    def start(self, automatic: bool) -> None:
        self.config = OFTEN_MERGED.model_copy(update={"reference": "auto" if automatic else "explicit"})
        self.config = self.config.model_copy(update={"reference_rows": 100})
        self.clock = Clock(START + DAYS * DAY)
        self.store = DuckDBStore(None, SETTINGS)
        self.engine = Engine(self.store, self.config, clock=self.clock)
        self.accepted: list[Records] = []
        self.count = 0

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self.tick()
            self.hold()
            self.store.close()

    # --- what happens ----------------------------------------------------------------------------------------------

    @rule(
        n=COUNTS, day=st.integers(0, DAYS - 1), hours=st.integers(1, 48), which=st.integers(0, 1), seed=st.integers(0)
    )
    def commit(self, n: int, day: int, hours: int, which: int, seed: int) -> None:
        self._accept(self._fresh(n, day, hours, which, seed))

    @rule(n=COUNTS, day=st.integers(0, DAYS - 1), which=st.integers(0, 1), known=st.booleans())
    def commit_with_a_new_column(self, n: int, day: int, which: int, known: bool) -> None:
        rows = self._fresh(n, day, 1, which, n)
        new = replace(rows, table=rows.table.append_column(f"feature.new{which}", [np.arange(n, dtype=float)]))
        self._accept(replace(new, classes=("0", "1") if known else ()))

    @rule(n=COUNTS, day=st.integers(0, DAYS - 1))
    def crash_between_commit_and_panes(self, n: int, day: int) -> None:
        rows = self._fresh(n, day, 3, 0, day)
        self.store.append([rows])
        self.accepted.append(rows)
        self.crash()

    @precondition(lambda self: any(r.kind == "predictions" for r in self.accepted))
    @rule(which=st.integers(0))
    def send_again(self, which: int) -> None:
        sent = [r for r in self.accepted if r.kind == "predictions"]
        self.engine.append([sent[which % len(sent)]])

    @rule(first=st.integers(0, 300), n=COUNTS, values=st.integers(0))
    def tell_the_truth(self, first: int, n: int, values: int) -> None:
        """About rows that are there, rows that will come, rows whose truth was told otherwise before."""
        bits = [float(values >> i & 1) for i in range(n)]
        self._accept(truth(range(first, first + n), bits, time=self.clock.now))

    @rule(seed=st.integers(0, 3), which=st.sampled_from([*MODELS, other_version(MODEL, "")]))
    def give_a_reference(self, seed: int, which: ModelKey) -> None:
        self._accept(reference(60 + seed, model=which, seed=seed, name=f"r{self.clock.now}"))

    @rule(minutes=st.integers(0, 3 * 24 * 60))
    def pass_time(self, minutes: int) -> None:
        self.clock.now += minutes * MINUTE

    @rule()
    def tick(self) -> None:
        self.clock.now += 20 * 10**9
        self.engine.tick()

    @rule()
    def save(self) -> None:
        self.engine.close()

    @rule()
    def crash(self) -> None:
        self.engine = Engine(self.store, self.config, clock=self.clock)
        self.engine.restore()

    # --- what must hold --------------------------------------------------------------------------------------------

    @precondition(lambda self: self.count > 0)
    @rule()
    def hold(self) -> None:
        """Against an engine that is told everything at once, with the reference that was adopted."""
        while not self.engine.idle():
            self.engine.tick()
        store = DuckDBStore(None, SETTINGS)
        other = Engine(store, UNMERGED, clock=self.clock)
        for records in [r for r in self.accepted if r.kind != "reference"]:
            store.append([records])
        for info in self.store.models():
            adopted = self.store.reference(info.key) or self.store.reference(other_version(MODEL, ""))
            if adopted is not None:
                store.put_reference(info.key, adopted, None)
        other.restore()
        other.tick()
        for info in self.store.models():
            _compare(self.engine, other, info.key)
        store.close()

    def _fresh(self, n: int, day: int, hours: int, which: int, seed: int) -> Records:
        numbers = range(self.count, self.count + n)
        self.count += n
        times = START + day * DAY + np.random.default_rng(seed).integers(0, hours * HOUR, n)
        return predictions(numbers, times, model=MODELS[which])

    def _accept(self, records: Records) -> None:
        self.engine.append([records])
        self.accepted.append(records)


def _compare(engine: Engine, other: Engine, model: ModelKey) -> None:
    mine, fresh = (e._watched[model].model for e in (engine, other))
    assert mine.layout.id == fresh.layout.id
    windows = [Window(0, START + 2 * DAYS * DAY)]
    for length in (HOUR, DAY, 30 * DAY):
        windows += [w for s in fresh.pane_starts() if mine.resolves(w := Window.holding(int(s), length))]
    for window in dict.fromkeys(windows):
        _equal(mine.window(window), fresh.window(window))
    assert mine.window(windows[0]).volume.rows == sum(i.rows for i in engine._store.models() if i.key == model)


def _equal(mine: Summaries, fresh: Summaries) -> None:
    def sums(summaries: Summaries) -> Any:
        vector = summaries.vector.copy()
        vector[summaries.layout.blocks["volume"].start + REPEATS] = 0.0
        return vector

    np.testing.assert_allclose(sums(mine), sums(fresh), rtol=1e-9, atol=1e-9)
    np.testing.assert_array_equal(mine.extremes, fresh.extremes)


TestExactness = Exactness.TestCase
TestExactness.settings = settings(
    deadline=None, max_examples=12, stateful_step_count=18, suppress_health_check=list(HealthCheck)
)


def test_the_machine_knows_a_lost_row_when_it_sees_one() -> None:
    """Rows that the panes skipped must fail the comparison, or the machine proves nothing."""
    store = DuckDBStore(None, SETTINGS)
    clock = Clock(START + DAY)
    engine, other = (Engine(store, c, clock=clock) for c in (OFTEN_MERGED, UNMERGED))
    engine.append([predictions(range(20), START)])
    other.restore()
    store.append([predictions(range(20, 25), START)])
    engine.append([predictions(range(25, 30), START)])
    other.append([predictions(range(30, 31), START)])

    try:
        _compare(engine, other, MODEL)
    except AssertionError:
        pass
    else:
        raise AssertionError("a gap between commits was not noticed")
    finally:
        store.close()


def test_configs_differ_only_in_merging() -> None:
    assert Config.model_validate({**OFTEN_MERGED.model_dump(), "ageing": {}}) == UNMERGED
