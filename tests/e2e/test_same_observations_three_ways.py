"""The same predictions by the instrumentation, by plain spans and by HTTP/JSON give identical observations."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
import pytest
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from miops import semconv
from tests.e2e import scoring_program
from tests.e2e.asking import ask
from tests.e2e.collector_process import CollectorProcess, running_collector
from tests.e2e.credit import FEATURES, MODEL, VERSION, applications, give_reference
from tests.e2e.instrumented import run_instrumented
from tests.e2e.same import assert_same_observations
from tests.e2e.waiting import wait_until

ROWS = 3000
SIZES = (1, 1, 2, 25)
LATENCY = "miops.latency."
"""Durations are measured by the instrumentation, chosen by whoever makes a span, and not in a JSON event at all."""
SAID = {
    semconv.MODEL_NAME: MODEL, semconv.MODEL_VERSION: VERSION, semconv.MODEL_TASK: semconv.BINARY,
    semconv.MODEL_FRAMEWORK: "scikit-learn", semconv.MODEL_CLASSES: ["bad", "good"],
    semconv.MODEL_POSITIVE_CLASS: "good",
}  # fmt: skip


@dataclass(frozen=True)
class Call:
    id: str
    time: int
    rows: pd.DataFrame


@dataclass(frozen=True)
class Sent:
    """Calls with their features, scores and decisions, and the files of a program that makes them itself."""

    calls: list[Call]
    truth: dict[str, str]
    model_file: Path
    calls_file: Path


def trained() -> Pipeline:
    rows = applications(2000, seed=2).rows
    columns = ColumnTransformer(
        [
            ("numbers", make_pipeline(SimpleImputer(), StandardScaler()), ["age", "income"]),
            ("words", OneHotEncoder(handle_unknown="ignore"), ["job", "owner"]),
        ]
    )
    return make_pipeline(columns, LogisticRegression()).fit(rows[list(FEATURES)], rows["truth"])


def calls_of(rows: pd.DataFrame, times: np.ndarray) -> Iterator[Call]:
    """Single rows and small batches; the rows of a batch have one time."""
    sizes = np.random.default_rng(3).choice(SIZES, size=len(rows))
    stops = np.unique(np.minimum(np.cumsum(sizes), len(rows)))
    for number, (start, stop) in enumerate(zip([0, *stops[:-1]], stops, strict=True)):
        yield Call(f"call-{number}", int(times[start]), rows.iloc[start:stop])


def ids_of(call: Call) -> list[str]:
    return [call.id] if len(call.rows) == 1 else [f"{call.id}/{i}" for i in range(len(call.rows))]


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> Sent:
    folder = tmp_path_factory.mktemp("sent")
    model = trained()
    made = applications(ROWS, seed=4, hours=10)
    rows = made.rows.assign(
        score=model.predict_proba(made.rows[list(FEATURES)])[:, 1], prediction=model.predict(made.rows[list(FEATURES)])
    )
    calls = list(calls_of(rows, made.times))
    truth = {name: str(t) for call in calls for name, t in zip(ids_of(call), call.rows["truth"], strict=True)}
    joblib.dump(model, folder / "model.joblib")
    table = pd.concat([call.rows[list(FEATURES)].assign(call=call.id, time=call.time) for call in calls])
    table.to_parquet(folder / "calls.parquet")
    return Sent(calls, truth, folder / "model.joblib", folder / "calls.parquet")


# --- the three ways ------------------------------------------------------------------------------------------------


def by_instrumentation(collector: CollectorProcess, sent: Sent) -> None:
    run_instrumented(
        scoring_program.__file__, str(sent.model_file), str(sent.calls_file), grpc=collector.grpc,
        MIOPS_MODEL_NAME=MODEL, MIOPS_MODEL_VERSION=VERSION,
    )  # fmt: skip


def by_spans(collector: CollectorProcess, sent: Sent) -> None:
    """A span each call: plain values for one row, arrays for several."""
    exporter = OTLPSpanExporter(endpoint=collector.grpc, insecure=True)
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(exporter, max_queue_size=ROWS))
    tracer = provider.get_tracer("application")
    for call in sent.calls:
        values = {name: plain(call.rows[column]) for name, column in columns_of().items()}
        if len(call.rows) == 1:
            values = {name: each[0] for name, each in values.items() if each[0] is not None}
        span = tracer.start_span("predict", start_time=call.time)
        span.set_attributes({**SAID, semconv.PREDICTION_ID: call.id, **values})
        span.end(end_time=call.time + 1_000_000)
    provider.shutdown()


def by_json(collector: CollectorProcess, sent: Sent) -> None:
    """An event each row, several hundred in a request."""
    for part in range(0, len(sent.calls), 200):
        records = [record for call in sent.calls[part : part + 200] for record in events_of(call)]
        body = {"resourceLogs": [{"scopeLogs": [{"logRecords": records}]}]}
        answer = ask(f"http://{collector.http}/v1/logs", body)
        assert (answer.status, answer.json) == (200, {})


def events_of(call: Call) -> Iterator[dict[str, Any]]:
    values = {name: plain(call.rows[column]) for name, column in columns_of().items()}
    for i, name in enumerate(ids_of(call)):
        told = {key: each[i] for key, each in values.items() if each[i] is not None}
        attributes = {**SAID, semconv.PREDICTION_ID: name, **told}
        yield {
            "eventName": semconv.EVENT_PREDICTION,
            "timeUnixNano": str(call.time),
            "attributes": [{"key": key, "value": json_value(value)} for key, value in attributes.items()],
        }


def json_value(value: Any) -> dict[str, Any]:
    if isinstance(value, list):
        return {"arrayValue": {"values": [json_value(each) for each in value]}}
    kinds = {bool: "boolValue", str: "stringValue", float: "doubleValue"}
    return {kinds[type(value)]: "NaN" if value != value else value}


def columns_of() -> dict[str, str]:
    """Attribute to column of the rows."""
    fixed = {semconv.PREDICTION_VALUE: "prediction", semconv.PREDICTION_SCORE: "score"}
    return fixed | {f"{semconv.FEATURE_PREFIX}{name}": name for name in FEATURES}


def plain(column: pd.Series) -> list[Any]:
    """Python values; a missing text is ``None``, a missing number is NaN, as the model saw it."""
    values = column.astype(object)
    return (values if column.name == "income" else values.where(column.notna(), None)).tolist()


WAYS: dict[str, Callable[[CollectorProcess, Sent], None]] = {
    "instrumentation": by_instrumentation,
    "plain spans": by_spans,
    "HTTP/JSON": by_json,
}


# --- what comes of it ----------------------------------------------------------------------------------------------


def outcome(folder: Path, sent: Sent, send: Callable[[CollectorProcess, Sent], None]) -> dict[str, Any]:
    """What a collector of its own makes of it: the model, and every observation but the latency's."""
    with running_collector(folder, tick_seconds=0.2) as collector:
        give_reference(collector)
        send(collector, sent)
        truths = [{"prediction_id": name, "value": value} for name, value in sent.truth.items()]
        collector.post("/api/v1/ground-truth", truths[: int(0.9 * ROWS)])
        assert wait_until(lambda: collector.model(MODEL)["rows"] == ROWS, 20), collector.model(MODEL)
        collector.settle()
        model = collector.model(MODEL)
        del model["reference"]["created_at"]
        found = [o for o in collector.observations() if not o["metric"].startswith(LATENCY)]
        assert collector.stop() == 0
        return {"model": model, "observations": found}


@pytest.fixture(scope="module")
def outcomes(sent: Sent, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    with ThreadPoolExecutor(len(WAYS)) as pool:
        folders = [tmp_path_factory.mktemp("collector") for _ in WAYS]
        return dict(
            zip(WAYS, pool.map(lambda folder, send: outcome(folder, sent, send), folders, WAYS.values()), strict=True)
        )


@pytest.mark.parametrize("way", ["plain spans", "HTTP/JSON"])
def test_observations_are_those_of_the_instrumentation(outcomes: dict[str, dict[str, Any]], way: str) -> None:
    own, other = outcomes["instrumentation"], outcomes[way]

    assert own["model"] == other["model"]
    assert_same_observations(own["observations"], other["observations"])


def test_there_is_something_to_compare(outcomes: dict[str, dict[str, Any]]) -> None:
    found = outcomes["instrumentation"]["observations"]

    families = {o["metric"].split(".")[1] for o in found}
    assert families >= {"drift", "performance", "fairness", "quality", "confidence", "calibration", "window"}
    assert {o["column"] for o in found} >= {*(FEATURES), "prediction", "score"}
    valued = [o for o in found if o["value"] is not None]
    assert len(valued) > 0.9 * len(found) > 500
    assert all(math.isfinite(o["value"]) for o in valued)
