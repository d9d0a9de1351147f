"""Truth that comes early, late, again and in any order, by every name and every way in, against scikit-learn."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from sklearn.metrics import accuracy_score, roc_auc_score

from miops import semconv
from tests.collector.otlp.payloads import any_value, attributes, events
from tests.e2e.asking import ask
from tests.e2e.collector_process import COMMAND, CollectorProcess, running_collector
from tests.e2e.credit import (
    HOUR,
    MODEL,
    START,
    VERSION,
    Applications,
    applications,
    give_reference,
    write_parquet,
)

ROWS = 1800
WRONG = {"good": "bad", "bad": "good"}
PROTOBUF = "application/x-protobuf"
SECOND = 1_000_000_000
BINS = 1000


@dataclass(frozen=True)
class Told:
    """One truth about row ``i``, as it is sent."""

    i: int
    value: str


Send = Callable[[CollectorProcess, Applications, list[Told], Path], None]


def trace_id(i: int) -> bytes:
    return (i + 1).to_bytes(16, "big")


def entity(i: int) -> str:
    """Every entity is asked about twice: in the first and in the second half of the time."""
    return f"customer-{i % (ROWS // 2)}"


def send_predictions(collector: CollectorProcess, sent: Applications, chosen: Iterable[int]) -> None:
    """As plain spans over OTLP/HTTP, each with a trace of its own."""
    request = ExportTraceServiceRequest()
    spans = request.resource_spans.add().scope_spans.add().spans
    for i in chosen:
        row, at = sent.rows.iloc[i], int(sent.times[i])
        told = {
            semconv.MODEL_NAME: MODEL, semconv.MODEL_VERSION: VERSION, semconv.PREDICTION_ID: sent.ids[i],
            semconv.ENTITY_ID: entity(i), semconv.PREDICTION_VALUE: row["prediction"],
            semconv.PREDICTION_SCORE: float(row["score"]), f"{semconv.FEATURE_PREFIX}age": float(row["age"]),
            f"{semconv.FEATURE_PREFIX}owner": bool(row["owner"]),
        }  # fmt: skip
        spans.add(
            trace_id=trace_id(i), span_id=(i + 1).to_bytes(8, "big"), start_time_unix_nano=at,
            end_time_unix_nano=at + 5_000_000, attributes=attributes(told),
        )  # fmt: skip
    answer = ask(f"http://{collector.http}/v1/traces", request.SerializeToString(), kind=PROTOBUF)
    assert (answer.status, answer.body) == (200, b"")


# --- the ways in ---------------------------------------------------------------------------------------------------


def by_json(name: Callable[[Applications, int], dict[str, Any]]) -> Send:
    def send(collector: CollectorProcess, sent: Applications, told: list[Told], folder: Path) -> None:
        collector.post("/api/v1/ground-truth", [{**name(sent, t.i), "value": t.value} for t in told])

    return send


def by_event(name: Callable[[Applications, int], dict[str, Any]], *, in_trace: bool = False) -> Send:
    def send(collector: CollectorProcess, sent: Applications, told: list[Told], folder: Path) -> None:
        request = ExportLogsServiceRequest()
        records = request.resource_logs.add().scope_logs.add().log_records
        for t in told:
            said = attributes({**name(sent, t.i), semconv.GROUND_TRUTH_VALUE: t.value})
            trace = {"trace_id": trace_id(t.i)} if in_trace else {}
            records.add(event_name=semconv.EVENT_GROUND_TRUTH, attributes=said, time_unix_nano=time.time_ns(), **trace)
        answer = ask(f"http://{collector.http}/v1/logs", request.SerializeToString(), kind=PROTOBUF)
        assert (answer.status, answer.body) == (200, b"")

    return send


def by_batch_event(collector: CollectorProcess, sent: Applications, told: list[Told], folder: Path) -> None:
    columns = {
        semconv.COLUMN_PREDICTION_ID: [sent.ids[t.i] for t in told],
        semconv.COLUMN_VALUE: [t.value for t in told],
    }
    body = events(semconv.EVENT_GROUND_TRUTH_BATCH, {}, body=any_value(columns))
    assert ask(f"http://{collector.http}/v1/logs", body, kind=PROTOBUF).status == 200


def by_command(collector: CollectorProcess, sent: Applications, told: list[Told], folder: Path) -> None:
    columns = {"application": [sent.ids[t.i] for t in told], "became": [t.value for t in told]}
    file = write_parquet(columns, folder / f"truth-{told[0].i}.parquet")
    done = subprocess.run(
        [COMMAND, "ground-truth", "add", "--id", "application", "--value", "became", "--web", collector.web, str(file)],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, f"{len(told)} truths sent\n"), done.stderr


WAYS: dict[str, Send] = {
    "id, JSON": by_json(lambda sent, i: {"prediction_id": sent.ids[i]}),
    "trace, JSON": by_json(lambda sent, i: {"trace_id": trace_id(i).hex()}),
    "entity, JSON": by_json(lambda sent, i: {"entity_id": entity(i), "prediction_time": int(sent.times[i]) + SECOND}),
    "id, event": by_event(lambda sent, i: {semconv.PREDICTION_ID: sent.ids[i]}),
    "trace, event": by_event(lambda sent, i: {}, in_trace=True),
    "entity, event": by_event(
        lambda sent, i: {semconv.ENTITY_ID: entity(i), semconv.PREDICTION_TIME: int(sent.times[i]) + SECOND}
    ),
    "id, batch event": by_batch_event,
    "id, command": by_command,
}


def send_truth(collector: CollectorProcess, sent: Applications, told: list[Told], folder: Path) -> None:
    """Row ``i`` by the way it is dealt to, so that every way has rows of every window."""
    for number, send in enumerate(WAYS.values()):
        own = [t for t in told if t.i % len(WAYS) == number]
        if own:
            send(collector, sent, own, folder)


# --- what scikit-learn says ----------------------------------------------------------------------------------------


def expected(sent: Applications, labelled: np.ndarray, start: int, end: int) -> dict[str, float]:
    """Accuracy and area of the labelled rows of a window, and how far apart binned and exact area may be."""
    inside = labelled & (sent.times >= start) & (sent.times < end)
    rows = sent.rows[inside]
    good = (rows["truth"] == "good").to_numpy()
    bins = np.minimum((rows["score"].to_numpy() * BINS).astype(int), BINS - 1)
    hits, others = (np.bincount(bins[chosen], minlength=BINS) / chosen.sum() for chosen in (good, ~good))
    return {
        "n": len(rows),
        "accuracy": accuracy_score(rows["truth"], rows["prediction"]),
        "roc_auc": roc_auc_score(good, rows["score"]),
        "bound": 0.5 * float(hits @ others) + 1e-12,
    }


def performance(collector: CollectorProcess, name: str) -> dict[tuple[str, str], dict[str, Any]]:
    found = collector.observations(f"model={MODEL}&metric=miops.performance.{name}")
    return {(o["window"], o["window_start"]): o for o in found}


def nanos(text: str) -> int:
    return int(np.datetime64(text.removesuffix("Z"), "ns").astype(np.int64))


def assert_as_scikit_learn_says(collector: CollectorProcess, sent: Applications, labelled: np.ndarray) -> None:
    accuracy, area = performance(collector, "accuracy"), performance(collector, "roc_auc")
    assert sorted(window for window, _ in accuracy) == ["1d", "1h", "1h", "1h"]
    for key, observation in accuracy.items():
        wanted = expected(sent, labelled, nanos(observation["window_start"]), nanos(observation["window_end"]))
        assert (observation["n"], area[key]["n"]) == (wanted["n"], wanted["n"])
        assert observation["value"] == wanted["accuracy"]
        assert abs(area[key]["value"] - wanted["roc_auc"]) <= wanted["bound"] < 0.005


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CollectorProcess]:
    with running_collector(tmp_path_factory.mktemp("late-truth"), tick_seconds=0.2) as running:
        give_reference(running)
        yield running


def test_truth_of_every_kind_and_order_gives_what_scikit_learn_gives(
    collector: CollectorProcess, tmp_path: Path
) -> None:
    sent = applications(ROWS, seed=7)
    random = np.random.default_rng(11)
    labelled = random.random(ROWS) < 0.9
    kind = random.choice(["early", "late", "corrected", "corrected early", "told twice"], ROWS)
    truth = sent.rows["truth"].tolist()

    def right(*kinds: str) -> list[Told]:
        return [Told(int(i), truth[i]) for i in random.permutation(np.flatnonzero(labelled & np.isin(kind, kinds)))]

    def wrong(*kinds: str) -> list[Told]:
        return [Told(t.i, WRONG[t.value]) for t in right(*kinds)]

    # Rows of an entity's second prediction come before those of its first.
    send_truth(collector, sent, wrong("corrected early") + right("early", "told twice"), tmp_path)
    send_truth(collector, sent, right("corrected early"), tmp_path)
    send_predictions(collector, sent, range(ROWS // 2, ROWS))
    send_truth(collector, sent, wrong("corrected"), tmp_path)
    send_predictions(collector, sent, range(ROWS // 2))
    collector.settle()
    first = performance(collector, "accuracy")
    assert_as_scikit_learn_says(collector, with_wrong(sent, kind == "corrected"), labelled & (kind != "late"))

    send_truth(collector, sent, right("corrected", "late", "told twice"), tmp_path)
    collector.settle()
    assert_as_scikit_learn_says(collector, sent, labelled)
    restated = performance(collector, "accuracy")
    assert restated.keys() == first.keys()
    for key, before in first.items():
        assert restated[key]["window_end"] == before["window_end"]
        assert restated[key]["computed_at"] > before["computed_at"] > before["window_end"]
    assert collector.model(MODEL)["labelled"] == labelled.sum()
    assert nanos(min(start for _, start in restated)) <= START < nanos(max(start for _, start in restated)) + HOUR

    one = int(np.flatnonzero(labelled & (kind == "corrected"))[0])
    assert collector.get(f"/api/v1/predictions/{sent.ids[one]}")["ground_truth"]["value"] == truth[one]

    assert collector.stop() == 0
    collector.start()
    collector.settle()
    again = performance(collector, "accuracy")
    assert {k: (o["value"], o["n"]) for k, o in again.items()} == {k: (o["value"], o["n"]) for k, o in restated.items()}
    send_truth(collector, sent, right("corrected", "late"), tmp_path)
    collector.settle()
    assert_as_scikit_learn_says(collector, sent, labelled)


def with_wrong(sent: Applications, chosen: np.ndarray) -> Applications:
    """What is known while the correction has not come."""
    rows = sent.rows.copy()
    rows.loc[chosen, "truth"] = rows.loc[chosen, "truth"].map(WRONG)
    return Applications(rows, sent.ids, sent.times)
