"""A reference by command (Parquet, CSV), by OTLP event and by itself: marked as such, and worth the same."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from miops import semconv
from tests.collector.otlp.payloads import batch
from tests.e2e import reference_program
from tests.e2e.asking import ask
from tests.e2e.collector_process import COMMAND, CollectorProcess, running_collector
from tests.e2e.credit import FEATURES, HOUR, START, VERSION, Applications, applications
from tests.e2e.instrumented import environment

REFERENCE_ROWS, ROWS = 2000, 1200
TWO_DAYS = 48 * HOUR
DRIFT = "miops.drift."
OF_REFERENCE = ("miops.performance.", "miops.calibration.", "miops.confidence.")


def add(file: Path, collector: CollectorProcess, model: str, *more: str) -> subprocess.CompletedProcess[str]:
    columns = ["--truth", "truth", "--prediction", "prediction", "--score", "score", "--sensitive", "owner"]
    said = ["--positive-class", "good", "--version", VERSION, *columns, *more, "--web", collector.web]
    command = [COMMAND, "reference", "add", "--model", model, *said, str(file)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def by_parquet(collector: CollectorProcess, model: str, rows: pd.DataFrame, folder: Path) -> None:
    rows.assign(branch="north").to_parquet(folder / "reference.parquet")
    done = add(folder / "reference.parquet", collector, model, "--ignore", "branch")
    said = f"{len(rows)} rows are the reference of {model} {VERSION}\n"
    assert (done.returncode, done.stdout) == (0, said), done.stderr


def by_csv(collector: CollectorProcess, model: str, rows: pd.DataFrame, folder: Path) -> None:
    rows.to_csv(folder / "reference.csv", index=False)
    done = add(folder / "reference.csv", collector, model)
    assert done.returncode == 0, done.stderr


def by_event(collector: CollectorProcess, model: str, rows: pd.DataFrame, folder: Path) -> None:
    """``miops.record_reference`` in a program of its own."""
    rows.to_parquet(folder / "reference.parquet")
    command = [sys.executable, reference_program.__file__, str(folder / "reference.parquet"), model]
    done = subprocess.run(
        command, env=environment(collector.grpc), capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


WAYS: dict[str, Callable[[CollectorProcess, str, pd.DataFrame, Path], None]] = {
    "parquet": by_parquet,
    "csv": by_csv,
    "event": by_event,
}


def send(collector: CollectorProcess, model: str, sent: Applications, *, first: int = 0) -> None:
    """Rows as one batch event; ids are the model's own."""
    features = pa.Table.from_pandas(sent.rows[[*FEATURES]], preserve_index=False)
    columns = {
        "prediction_id": [f"{model}-{first + i}" for i in range(len(sent))],
        "time_unix_nano": sent.times,
        "value": sent.rows["prediction"].tolist(),
        "score": sent.rows["score"].to_numpy(),
        **{f"{semconv.COLUMN_FEATURE_PREFIX}{name}": features[name] for name in FEATURES},
    }
    said = {semconv.MODEL_NAME: model, semconv.MODEL_VERSION: VERSION, semconv.MODEL_TASK: semconv.BINARY,
            semconv.MODEL_CLASSES: ["bad", "good"], semconv.MODEL_POSITIVE_CLASS: "good"}  # fmt: skip
    body = batch(semconv.EVENT_PREDICTION_BATCH, columns, said, time_unix_nano=START)
    answer = ask(f"http://{collector.http}/v1/logs", body, kind="application/x-protobuf")
    assert (answer.status, answer.body) == (200, b"")


def values(collector: CollectorProcess, model: str, *prefixes: str, of: str = "value") -> dict[tuple[Any, ...], Any]:
    names = ("metric", "column", "window", "window_start")
    found = collector.observations(f"model={model}")
    wanted = (o for o in found if o["metric"].startswith(prefixes) and o[of] is not None)
    return {tuple(o[n] for n in names): o[of] for o in wanted}


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CollectorProcess]:
    """Every way has a model of its own, which sees the same predictions."""
    settings = {"reference_rows": REFERENCE_ROWS, "tick_seconds": 0.3}
    reference, current = applications(REFERENCE_ROWS, seed=21), applications(ROWS, seed=22)
    with running_collector(tmp_path_factory.mktemp("references"), **settings) as running:
        for model, give in WAYS.items():
            give(running, model, reference.rows, tmp_path_factory.mktemp(model))
            send(running, model, current)
            truths = [{"prediction_id": f"{model}-{i}", "value": t} for i, t in enumerate(current.rows["truth"])]
            running.post("/api/v1/ground-truth", truths)
        earlier = Applications(reference.rows, reference.ids, reference.times - TWO_DAYS)
        send(running, "automatic", earlier)
        send(running, "automatic", current, first=REFERENCE_ROWS)
        send(running, "none", current)
        running.settle()
        yield running


@pytest.mark.parametrize("model", WAYS)
def test_a_given_reference_is_marked_so(collector: CollectorProcess, model: str) -> None:
    reference = collector.model(model)["reference"]

    assert (reference["origin"], reference["rows"]) == ("given", REFERENCE_ROWS)


def test_an_automatic_reference_is_marked_so(collector: CollectorProcess) -> None:
    reference = collector.model("automatic")["reference"]

    assert (reference["origin"], reference["rows"]) == ("auto", REFERENCE_ROWS)
    assert collector.model("none")["reference"] is None


@pytest.mark.parametrize("model", ["csv", "event"])
def test_drift_is_the_same_however_the_reference_came(collector: CollectorProcess, model: str) -> None:
    wanted, found = values(collector, "parquet", DRIFT), values(collector, model, DRIFT)

    columns = {(metric, column) for metric, column, *_ in wanted}
    assert {("miops.drift.psi", column) for column in (*FEATURES, "prediction", "score")} <= columns
    assert found == pytest.approx(wanted, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize("model", ["csv", "event"])
def test_the_model_was_as_good_on_the_reference_however_it_came(collector: CollectorProcess, model: str) -> None:
    wanted = values(collector, "parquet", *OF_REFERENCE, of="reference")
    found = values(collector, model, *OF_REFERENCE, of="reference")

    assert len({metric for metric, *_ in wanted}) > 15
    assert found == pytest.approx(wanted, rel=1e-12, abs=1e-12)


def test_drift_is_the_same_from_a_reference_that_made_itself(collector: CollectorProcess) -> None:
    wanted, found = values(collector, "parquet", DRIFT), values(collector, "automatic", DRIFT)

    later = {series: value for series, value in found.items() if series in wanted}
    assert later == pytest.approx(wanted, rel=1e-12, abs=1e-12)
    assert len(found) > len(later)


def test_a_reference_replaces_the_automatic_one(collector: CollectorProcess, tmp_path: Path) -> None:
    send(collector, "replaced", applications(REFERENCE_ROWS, seed=23))
    collector.settle()
    assert collector.model("replaced")["reference"]["origin"] == "auto"

    by_parquet(collector, "replaced", applications(REFERENCE_ROWS, seed=21).rows, tmp_path)
    collector.settle()

    assert collector.model("replaced")["reference"]["origin"] == "given"
    assert values(collector, "replaced", DRIFT)


def test_the_command_names_a_column_that_is_not_there(collector: CollectorProcess, tmp_path: Path) -> None:
    applications(100, seed=1).rows.rename(columns={"truth": "thruth"}).to_parquet(tmp_path / "reference.parquet")

    done = add(tmp_path / "reference.parquet", collector, "wrong")

    assert done.returncode == 2
    assert "truth: there is no column 'truth'; did you mean 'thruth'?" in done.stderr
    assert "Traceback" not in done.stderr
