"""A real Prometheus scrapes a real collector that has real rows: every query of every panel has an answer."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from dashboards.generate import panel_queries

from miops import semconv
from tests.collector.otlp.payloads import batch, events
from tests.dashboards.prometheus_server import Prometheus, prometheus_scraping
from tests.e2e.asking import ask
from tests.e2e.collector_process import CollectorProcess, running_collector
from tests.e2e.credit import FEATURES, HOUR, MODEL, VERSION, applications, give_reference
from tests.e2e.waiting import wait_until

RULES = Path(__file__).resolve().parents[2] / "dashboards" / "rules.yml"
ROWS, HOURS, FAULTY_HOURS = 6000, 30, 6
TOLD = np.random.default_rng(2).random(ROWS) < 0.9
"""Of which rows the truth has come."""
PROTOBUF = "application/x-protobuf"


def feed(collector: CollectorProcess) -> None:
    """The last thirty hours, with ages in months since six hours ago; something twice, something wrong; and most of
    the truth, by which all decisions on drivers were wrong: whatever the hour is they are a segment to be named."""
    made = applications(ROWS, seed=31, hours=HOURS)
    times = made.times - made.times[-1] + time.time_ns() - 1_000_000_000
    rows = made.rows.copy()
    drivers = rows["job"] == "driver"
    rows.loc[drivers, "truth"] = rows.loc[drivers, "prediction"].map({"good": "bad", "bad": "good"})
    rows.loc[times > times[-1] - FAULTY_HOURS * HOUR, "age"] *= 12
    features = pa.Table.from_pandas(rows[[*FEATURES]], preserve_index=False)
    columns = {
        semconv.COLUMN_PREDICTION_ID: made.ids, semconv.COLUMN_TIME: times,
        semconv.COLUMN_DURATION: np.random.default_rng(1).integers(1, 20, ROWS) * 1_000_000,
        semconv.COLUMN_VALUE: rows["prediction"].tolist(), semconv.COLUMN_SCORE: rows["score"].to_numpy(),
        **{f"{semconv.COLUMN_FEATURE_PREFIX}{name}": features[name] for name in FEATURES},
    }  # fmt: skip
    said = {semconv.MODEL_NAME: MODEL, semconv.MODEL_VERSION: VERSION}
    for _ in range(2):
        send(collector, batch(semconv.EVENT_PREDICTION_BATCH, columns, said, time_unix_nano=time.time_ns()))
    send(collector, events(semconv.EVENT_PREDICTION, {semconv.PREDICTION_VALUE: 1.0}, time_unix_nano=time.time_ns()))
    truth = zip(made.ids, rows["truth"], TOLD, strict=True)
    come = [{"prediction_id": name, "value": value} for name, value, told in truth if told]
    collector.post("/api/v1/ground-truth", come)


def feed_ranking(collector: CollectorProcess) -> None:
    """Lists of eight of the last hour, women in the lower half more often than not, and a reference like them."""
    rng, count = np.random.default_rng(3), 800
    places = np.tile(np.arange(1, 9), count // 8)
    columns = {
        semconv.COLUMN_PREDICTION_ID: [f"offer-{i}" for i in range(count)],
        semconv.COLUMN_TIME: np.repeat(time.time_ns() - 1_000_000_000 * np.arange(1, count // 8 + 1), 8),
        semconv.COLUMN_VALUE: -1.0 * places, semconv.COLUMN_LIST_POSITION: places,
        semconv.COLUMN_LIST_SIZE: np.full(count, 8),
        f"{semconv.COLUMN_CONTEXT_PREFIX}sex": np.where(rng.random(count) < 0.3 + 0.04 * places, "F", "M").tolist(),
    }  # fmt: skip
    said = {semconv.MODEL_NAME: "offers", semconv.MODEL_TASK: semconv.RANKING,
            semconv.MODEL_SENSITIVE_FEATURES: ["sex"]}  # fmt: skip
    last = {semconv.REFERENCE_ID: "first", semconv.REFERENCE_LAST: True}
    send(collector, batch(semconv.EVENT_REFERENCE_BATCH, columns, {**said, **last}, time_unix_nano=time.time_ns()))
    send(collector, batch(semconv.EVENT_PREDICTION_BATCH, columns, said, time_unix_nano=time.time_ns()))


def send(collector: CollectorProcess, body: bytes) -> None:
    assert ask(f"http://{collector.http}/v1/logs", body, kind=PROTOBUF).status == 200


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CollectorProcess]:
    with running_collector(tmp_path_factory.mktemp("collector")) as running:
        give_reference(running)
        feed(running)
        feed_ranking(running)
        yield running


@pytest.fixture(scope="module")
def prometheus(collector: CollectorProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    with prometheus_scraping(collector.web, tmp_path_factory.mktemp("prometheus"), rules=(RULES,)) as running:
        assert wait_until(lambda: collector.model(MODEL)["labelled"] == TOLD.sum(), 60)
        assert running.wait_for("miops_performance_accuracy", seconds=60)
        assert running.wait_for("count_over_time(miops_collector_rows_received_total[1m]) >= 3")
        yield running


def test_every_query_of_every_panel_returns_data(prometheus: Prometheus) -> None:
    queries = list(panel_queries(rate_interval="10s"))
    assert len(queries) > 20

    silent = [
        f"{title}: {expression}" for title, expression in queries if not prometheus.wait_for(expression, seconds=5)
    ]

    assert silent == []


def test_the_alarm_is_an_alert_that_names_the_column(prometheus: Prometheus, collector: CollectorProcess) -> None:
    found = prometheus.wait_for('ALERTS{alertname="MIOpsModelAlarm", alertstate="firing", miops_column="age"}')

    assert [series["metric"]["miops_model_name"] for series in found] == [MODEL]
    of_age = [a for a in collector.get("/api/v1/alarms?state=firing")["alarms"] if a["column"] == "age"]
    assert {a["rule"] for a in of_age} >= {"drift"}
    assert "×12 (months for years?)" in "".join(a["what"] for a in of_age)


def test_what_is_scraped_is_what_the_api_says(prometheus: Prometheus, collector: CollectorProcess) -> None:
    """Counters agree; of a refused row the sender's reason is on the series."""
    rows = collector.rows()
    for name, count in rows.items():
        expression = f"sum(miops_collector_rows_{name}_total)"
        (series,) = prometheus.wait_for(f"{expression} == {count}", seconds=10)
        assert float(series["value"][1]) == count
    assert rows["deduplicated"] == ROWS
    (refused,) = prometheus.query("miops_collector_rows_refused_total > 0")
    assert refused["metric"]["miops_reason"] == "model_name"


def test_the_target_is_up(prometheus: Prometheus) -> None:
    (target,) = prometheus.targets()

    assert (target["health"], target["lastError"]) == ("up", "")
