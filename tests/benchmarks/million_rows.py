"""A million rows of 20 columns summarised and evaluated against a reference, beside the tools people use for it.

Everybody gets the same Parquet files: 10 numbers, 10 texts of ten levels. Reading files and making the reference are
not counted. We compute seven drift statistics with p-values a column, quality, moments and panes; the peers what their
usual call computes.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from miops_collector.config import Config
from miops_collector.report import ModelKey
from miops_collector.schema import Records
from miops_collector.settings import settings_of
from miops_collector.signals import Context, evaluate_all
from miops_collector.window import Window
from tests.benchmarks.harness.payloads import Shape
from tests.benchmarks.harness.peers import Absent, installed
from tests.benchmarks.harness.result import Result, Run, result
from tests.benchmarks.harness.rows import records
from tests.benchmarks.harness.watching import reference_of, watched_model

__all__ = ["measure"]

ROWS, REFERENCE, BATCH = 1_000_000, 10_000, 16_384
SHAPE = Shape()
PROGRAMS = Path(__file__).parent / "peers"
PEERS = {
    "evidently": "data drift preset",
    "nannyml": "univariate drift: Jensen–Shannon, Kolmogorov–Smirnov, chi-square, one chunk",
    "whylogs": "profile only, nothing evaluated",
}
PEER_SECONDS = 300


def measure(run: Run) -> Iterator[Result]:
    batches = list(records(run.rows(ROWS), BATCH, SHAPE, start=time.time_ns() - 10**12))
    runs = [_evaluated(batches) for _ in range(run.rounds)]
    peers, notes = _peers(run, batches)
    yield result(
        "million_rows.seconds", runs, "s", "by the clock, one thread, from Arrow tables in memory to observations",
        peers=peers, note="; ".join(notes),
    )  # fmt: skip


def _evaluated(batches: list[Records]) -> float:
    reference = reference_of(SHAPE)
    key, settings = ModelKey(SHAPE.model, "1"), settings_of(Config())
    model, info = watched_model(key, settings, reference)
    none = np.empty(0, np.int64)
    now = batches[-1].table.column("time")[-1].as_py()
    began = time.perf_counter()
    for i, batch in enumerate(batches):
        model.add(1 + i, [(batch.table, info)], none, now)
    window = Window(0, 2 * now)
    context = Context(model=key, window=window, computed_at=now, complete=True)
    made = evaluate_all(context, reference.summaries, model.window(window))
    seconds = time.perf_counter() - began
    assert len(made) > 20 * 7
    return seconds


def _peers(run: Run, batches: list[Records]) -> tuple[dict[str, float | list[float]], list[str]]:
    """Seconds of every peer that can be had, and what is to be said of each."""
    current, reference = run.folder / "current.parquet", run.folder / "reference.parquet"
    (first,) = records(REFERENCE, REFERENCE, SHAPE, start=0, seed=99)
    _write([first], reference)
    _write(batches, current)
    seconds: dict[str, float | list[float]] = {}
    notes = []
    for name, what in PEERS.items():
        try:
            peer = installed(run, name)
            said = peer.run([str(PROGRAMS / f"{name}.py"), str(reference), str(current)], PEER_SECONDS)
        except Absent as why:
            notes.append(f"{name} skipped: {why}")
            continue
        seconds[f"{name} {peer.version}"] = float(json.loads(said.strip().splitlines()[-1])["seconds"])
        notes.append(f"{name}: {what}")
    return seconds, notes


def _write(batches: list[Records], file: Path) -> None:
    """The twenty features under plain names, texts as plain strings, as data frames have them."""
    table = pa.concat_tables([b.table for b in batches])
    names = [name for name in table.column_names if name.startswith("feature.")]
    columns = {name.partition(".")[2]: table.column(name) for name in names}
    plain = {n: c.cast(pa.string()) if pa.types.is_dictionary(c.type) else c for n, c in columns.items()}
    pq.write_table(pa.table(plain), file)
