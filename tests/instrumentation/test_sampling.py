"""Fewer rows, and the same numbers on average: in the rows that are sent, and in what the collector makes of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import miops
from miops import runtime
from miops.columns import Column, doubles, utf8
from miops.config import Config, read_config
from miops.models import Model
from miops.rows import Rows
from miops.sampling import Sampling
from miops.testing import Harness
from miops_collector.config import Config as CollectorConfig
from miops_collector.engine import Engine
from miops_collector.otlp.decode import decode
from miops_collector.otlp.settings import DecodeSettings
from miops_collector.stores._settings import StoreSettings
from miops_collector.stores.duckdb import DuckDBStore
from tests.collector.little_model import HOUR, START, Clock

CLASSIFIER = Model(name="m", version="1", task="binary_classification", classes=("no", "yes"))


def _rows(n: int = 500, *, traces: Any = None, weight: Any = None, seed: int = 1) -> Rows:
    rng = np.random.default_rng(seed)
    confidence = rng.uniform(0.5, 1.0, n)
    columns = {
        "row": Column("int32", np.zeros(n, np.int32) if traces is None else np.arange(n, dtype=np.int32)),
        "feature.x": doubles(confidence * 10 + rng.normal(size=n)),
        "feature.t": utf8([f"t{i}" for i in range(n)]),
    }
    if traces is not None:
        columns["trace_id"] = Column("binary16", traces)
    if weight is not None:
        columns["weight"] = doubles(weight)
    return Rows(CLASSIFIER, columns, n, np.ones(n, np.int64), confidence, ("x", "t"))


def _totals(rows: Rows) -> tuple[float, float]:
    """Weighted count and sum of ``x``."""
    weight = rows.columns["weight"].data
    return float(weight.sum()), float((weight * rows.columns["feature.x"].data).sum())


@pytest.mark.parametrize("keep_below", [0.0, 0.7])
@pytest.mark.parametrize("ratio", [0.05, 0.3])
def test_weighted_counts_and_sums_are_right_on_average(ratio: float, keep_below: float) -> None:
    rows, seeds = _rows(), range(800)
    drawn = [_totals(Sampling(ratio, keep_below, np.random.default_rng(seed)).sample(rows)) for seed in seeds]
    counts, sums = np.array(drawn).T

    for found, true in ((counts, rows.rows), (sums, rows.columns["feature.x"].data.sum())):
        error = found.std(ddof=1) / np.sqrt(len(seeds))
        assert abs(found.mean() - true) < 4 * error


def test_rows_of_low_confidence_are_always_kept_and_stand_for_themselves() -> None:
    rows = _rows()
    kept = Sampling(0.1, 0.7, np.random.default_rng(0)).sample(rows)

    unsure = {f"t{i}" for i in np.flatnonzero(rows.confidence < 0.7)}  # type: ignore[operator]
    weights = dict(zip(kept.columns["feature.t"].data, kept.columns["weight"].data.tolist(), strict=True))
    assert unsure <= weights.keys()
    assert {weights[name] for name in unsure} == {1.0}
    assert {weight for name, weight in weights.items() if name not in unsure} == {10.0}
    assert len(weights) < len(unsure) + 0.2 * rows.rows


def test_weights_that_the_user_gave_are_multiplied() -> None:
    kept = Sampling(0.5, 0.0, np.random.default_rng(0)).sample(_rows(4000, weight=np.full(4000, 3.0)))

    assert set(kept.columns["weight"].data.tolist()) == {6.0}


def test_rows_of_one_trace_share_their_luck_and_rows_of_one_call_do_not() -> None:
    traces = np.random.default_rng(2).integers(0, 256, (2000, 16)).astype(np.uint8)
    one, other = (Sampling(0.2, 0.0, np.random.default_rng(s)).sample(_rows(2000, traces=traces)) for s in (1, 2))
    call = Sampling(0.2).sample(_rows(2000, traces=np.repeat(traces[:1], 2000, axis=0)))

    assert one.columns["feature.t"].data == other.columns["feature.t"].data
    assert 340 < one.rows < 460
    assert 395 <= call.rows <= 405


def test_all_rows_are_sent_without_a_weight_unless_that_is_asked() -> None:
    rows = _rows()

    assert Sampling().sample(rows) is rows


@pytest.mark.parametrize("wrong", ["0", "1.5", "-1", "nan", "half"])
def test_ratios_that_make_no_sense_are_ignored(wrong: str, caplog: pytest.LogCaptureFixture) -> None:
    assert read_config({"MIOPS_SAMPLE_RATIO": wrong}).sample_ratio == 1.0
    assert "MIOPS_SAMPLE_RATIO" in caplog.text


def test_what_is_left_out_is_accounted_for_and_no_loss() -> None:
    with miops.testing.record(Config(sample_ratio=0.25)) as harness:
        miops.record_prediction("m", value=np.zeros(1000), features={"a": np.arange(1000.0)})

        sent = len(harness.rows())
        ledger = runtime.recorder.ledger  # type: ignore[union-attr]
        assert 150 < sent < 350
        assert (ledger.exported, ledger.left_out, ledger.rows, harness.dropped) == (sent, 1000 - sent, 0, {})


def _observed(harness: Harness) -> dict[tuple[str, str], float]:
    """What a collector says of all that was sent."""
    store, clock = DuckDBStore(None, StoreSettings(minimum_free_mib=1)), Clock(START + HOUR)
    engine = Engine(store, CollectorConfig(reference="explicit", bins=10, minimum_rows=10), clock=clock)
    try:
        harness.flush()
        for body in harness._bodies:
            engine.append(list(decode("logs", body, DecodeSettings(), now=clock.now).records))
        for _ in range(100):
            engine.tick()
            if engine.idle():
                break
        found = [o for o in engine.report.observations if o.window.label == "1h"]
        return {(o.metric, o.column): o.value for o in found}
    finally:
        store.close()


def _record(config: Config) -> dict[tuple[str, str], float]:
    rng = np.random.default_rng(4)
    score = rng.uniform(size=6000)
    x = np.where(rng.uniform(size=6000) < 0.2, np.nan, score * 10 + rng.normal(size=6000))
    with miops.testing.record(config) as harness:
        sender = runtime.recorder.sender  # type: ignore[union-attr]
        sender._sampling.random = np.random.default_rng(9)
        past = [START - HOUR * 30] * 3000
        miops.record_reference({"x": x[:3000]}, model=CLASSIFIER, score=score[:3000], time=past[0])
        times = (START + np.arange(6000) * 10**6).tolist()
        miops.record_prediction(CLASSIFIER, features={"x": x}, score=score, time=times)
        return _observed(harness)


def test_the_collector_weighs_what_it_got() -> None:
    everything = _record(Config())
    sampled = _record(Config(sample_ratio=0.2, keep_below=0.7))

    for metric, column, within in (
        ("miops.confidence.mean", "", 0.01),
        ("miops.quality.missing_share", "x", 0.03),
        ("miops.confidence.low_confidence_share", "", 0.02),
        ("miops.drift.psi", "x", 0.02),
    ):
        assert sampled[metric, column] == pytest.approx(everything[metric, column], abs=within)
    unweighted = 0.4 * 0.6 / (0.4 + 0.2 * 0.6) + 0.2 * 0.6 * 0.85 / (0.4 + 0.2 * 0.6)
    assert everything["miops.confidence.mean", ""] - unweighted > 0.05
