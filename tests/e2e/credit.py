"""A small made-up classifier's life, the same every time: applications, scores, decisions, and what became true."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet

from tests.e2e.collector_process import CollectorProcess

MODEL, VERSION = "credit", "7"
FEATURES = ("age", "income", "job", "owner")
HOUR = 3_600_000_000_000
START = 1_741_000_000_000_000_000 // HOUR * HOUR
"""An hour of 3 March 2025: long past, so that nothing becomes complete by waiting."""
ARROW = "application/vnd.apache.arrow.stream"


@dataclass(frozen=True)
class Applications:
    """``rows`` has the features, ``score``, ``prediction`` and ``truth``; ``ids`` and ``times`` are of each row."""

    rows: pd.DataFrame
    ids: list[str]
    times: np.ndarray

    def __len__(self) -> int:
        return len(self.rows)


def applications(count: int, *, seed: int, hours: float = 3.0, prefix: str = "a") -> Applications:
    """Numbers, texts and booleans, some of them missing, in rising order of event time from :data:`START`."""
    random = np.random.default_rng(seed)
    age = random.integers(18, 90, count).astype(float)
    income = np.round(random.lognormal(10, 0.5, count), 2)
    job = random.choice(["nurse", "clerk", "driver", "none"], count, p=[0.3, 0.4, 0.2, 0.1]).astype(object)
    owner = random.random(count) < 0.4
    logit = 0.05 * (age - 50) + 0.8 * (np.log(income) - 10) + np.where(owner, 0.7, -0.4)
    score = 1 / (1 + np.exp(-logit))
    income[random.random(count) < 0.05] = np.nan
    job[random.random(count) < 0.05] = None
    rows = pd.DataFrame({"age": age, "income": income, "job": job, "owner": owner})
    rows["score"] = score
    rows["prediction"] = np.where(score > 0.5, "good", "bad")
    rows["truth"] = np.where(random.random(count) < score, "good", "bad")
    times = START + np.sort(random.integers(0, int(hours * HOUR), count))
    return Applications(rows, [f"{prefix}-{i}" for i in range(count)], times)


def arrow_stream(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def give_reference(
    collector: CollectorProcess, count: int = 3000, *, model: str = MODEL, version: str = VERSION
) -> None:
    """Post a reference and wait until the collector compares with it, if it has rows of the model."""
    form = {
        "model": model, "version": version, "truth": "truth", "prediction": "prediction", "score": "score",
        "sensitive": "owner", "positive_class": "good", "task": "binary_classification",
    }  # fmt: skip
    table = pa.Table.from_pandas(applications(count, seed=1).rows, preserve_index=False)
    answer = collector.post(f"/api/v1/reference?{urlencode(form)}", arrow_stream(table), ARROW)
    assert answer == {"accepted": count}


def write_parquet(table: dict[str, object], path: Path) -> Path:
    pa.parquet.write_table(pa.table(table), path)
    return path
