"""A regression on real rows, by group: what is expected before truth, and what scikit-learn says once it came."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from sklearn.linear_model import LinearRegression
from sklearn.metrics import (
    mean_absolute_error,
    mean_absolute_percentage_error,
    r2_score,
    root_mean_squared_error,
)

from miops import semconv
from tests.collector.otlp.payloads import attributes
from tests.e2e.asking import ask
from tests.e2e.collector_process import CollectorProcess, running_collector
from tests.e2e.credit import ARROW, START, arrow_stream
from tests.e2e.waiting import wait_until

MODEL, VERSION = "age", "1"
FEATURES = ["SCHL", "MAR", "RELP", "MIL", "CIT", "SEX"]
TRAINED, REFERENCE, ROWS = 5_000, 6_000, 2_000
GROUPS = ("1", "2")
SAYS: Final[dict[str, Callable[[Any, Any], float]]] = {
    "bias": lambda truth, predicted: float(np.mean(predicted - truth)),
    "mae": mean_absolute_error,
    "mape": lambda truth, predicted: mean_absolute_percentage_error(truth[truth > 0], predicted[truth > 0]),
    "r2": r2_score,
    "rmse": root_mean_squared_error,
}


@pytest.fixture(scope="module")
def people(shared: Path) -> dict[str, pd.DataFrame]:
    """How old people are, as a linear model guesses: of 2015 the reference, of 2018 four in five married."""
    survey = pd.read_parquet(shared / "data" / "employment_ma.parquet", columns=["year", "AGEP", *FEATURES])
    rng = np.random.default_rng(5)
    then, now = (survey["year"] == year for year in (2015, 2018))
    of_then = rng.permutation(np.flatnonzero(then))[: TRAINED + REFERENCE]
    married, others = (
        rng.permutation(np.flatnonzero(now & chosen)) for chosen in (survey["MAR"] == "1", survey["MAR"] != "1")
    )
    of_now = rng.permutation(np.concatenate((married[: ROWS * 4 // 5], others[: ROWS // 5])))
    rows = survey.iloc[np.concatenate((of_then, of_now))]
    known, age = pd.get_dummies(rows[FEATURES[:-1]]).astype(float), rows["AGEP"].astype(float)
    model = LinearRegression().fit(known[:TRAINED], age[:TRAINED])
    rows = rows[FEATURES].astype(str).assign(prediction=model.predict(known), truth=age)
    return {"reference": rows[TRAINED : TRAINED + REFERENCE], "window": rows[TRAINED + REFERENCE :]}


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory, people: dict[str, pd.DataFrame]) -> Iterator[CollectorProcess]:
    with running_collector(tmp_path_factory.mktemp("regression"), tick_seconds=0.2) as running:
        form = {
            "model": MODEL, "version": VERSION, "truth": "truth", "prediction": "prediction", "sensitive": "SEX",
            "task": semconv.REGRESSION,
        }  # fmt: skip
        table = pa.Table.from_pandas(people["reference"], preserve_index=False)
        answer = running.post(f"/api/v1/reference?{urlencode(form)}", arrow_stream(table), ARROW)
        assert answer == {"accepted": REFERENCE}
        yield running


def send(collector: CollectorProcess, rows: pd.DataFrame) -> None:
    request = ExportTraceServiceRequest()
    spans = request.resource_spans.add().scope_spans.add().spans
    for i, row in enumerate(rows.to_dict("records")):
        told = {semconv.MODEL_NAME: MODEL, semconv.MODEL_VERSION: VERSION, semconv.PREDICTION_ID: f"person-{i}"}
        told |= {f"{semconv.FEATURE_PREFIX}{name}": row[name] for name in FEATURES}
        told |= {semconv.PREDICTION_VALUE: row["prediction"], semconv.MODEL_TASK: semconv.REGRESSION}
        at = START + i * 1_000_000_000
        spans.add(
            trace_id=(i + 1).to_bytes(16, "big"), span_id=(i + 1).to_bytes(8, "big"), start_time_unix_nano=at,
            end_time_unix_nano=at + 5_000_000, attributes=attributes(told),
        )  # fmt: skip
    answer = ask(f"http://{collector.http}/v1/traces", request.SerializeToString(), kind="application/x-protobuf")
    assert (answer.status, answer.body) == (200, b"")


def found(collector: CollectorProcess, family: str) -> dict[tuple[str, str], dict[str, Any]]:
    """Of the whole day, by statistic and group."""
    every = collector.observations(f"model={MODEL}&window=1d")
    prefix = f"{semconv.METRIC_PREFIX}{family}."
    return {(o["metric"].removeprefix(prefix), o["group"] or ""): o for o in every if o["metric"].startswith(prefix)}


def rows_of(collector: CollectorProcess, family: str) -> float:
    """How many rows its mean absolute error of the day is about; 0 as long as there is none."""
    o = found(collector, family).get(("mae", ""))
    return o["n"] if o and o["value"] is not None else 0.0


def test_estimates_before_truth_and_numbers_after_it_are_those_of_the_rows(
    collector: CollectorProcess, people: dict[str, pd.DataFrame]
) -> None:
    rows = people["window"]
    by_group = {"": rows, **{group: rows[rows["SEX"] == group] for group in GROUPS}}
    realised = {(n, g): says(r["truth"], r["prediction"]) for n, says in SAYS.items() for g, r in by_group.items()}

    send(collector, rows)
    assert wait_until(lambda: rows_of(collector, "estimated_performance") == ROWS, 60)
    collector.settle(f"model={MODEL}&metric=miops.estimated_performance.mae")

    expected = found(collector, "estimated_performance")
    by_sex = found(collector, "estimated_fairness")
    expected |= {(name, group): by_sex[name, group] for name in SAYS for group in GROUPS}
    for (name, group), value in realised.items():
        o = expected[name, group]
        assert abs(o["value"] - value) < 3 * o["standard_error"], (name, group)
        assert (o["n"], o["status"]) == (len(by_group[group]), "ok")
    for name in ("mae", "r2"):  # both are worse by what the married are more often, and that was expected
        of_reference, so_much = expected[name, ""]["reference"], realised[name, ""] - expected[name, ""]["reference"]
        assert abs(so_much) > 4 * expected[name, ""]["standard_error"]
        assert expected[name, ""]["value"] - of_reference == pytest.approx(so_much, rel=0.25)

    truths = [{"prediction_id": f"person-{i}", "value": age} for i, age in enumerate(rows["truth"].tolist())]
    collector.post("/api/v1/ground-truth", truths)
    assert wait_until(lambda: rows_of(collector, "performance") == ROWS, 60)
    collector.settle(f"model={MODEL}&metric=miops.performance.mae")

    of_all, of_groups = found(collector, "performance"), found(collector, "fairness")
    for (name, group), value in realised.items():
        o = of_groups[name, group] if group else of_all[name, ""]
        assert o["value"] == pytest.approx(value, rel=1e-9), (name, group)
        assert o["status"] == "ok"
    for name in SAYS:
        low, high = sorted(realised[name, group] for group in GROUPS)
        gap, before = of_groups[f"{name}_difference", ""], by_sex[f"{name}_difference", ""]
        assert gap["value"] == pytest.approx(high - low, rel=1e-6)
        assert gap["low"] <= gap["value"] <= gap["high"]
        assert before["low"] <= gap["value"] <= before["high"]
