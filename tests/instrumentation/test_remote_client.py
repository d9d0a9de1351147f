"""A client of one's own for a model behind HTTP, observed by one line."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
import requests
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

import miops
from miops.testing import Harness


class _Scores(BaseHTTPRequestHandler):
    """Answers the probability that a loan is paid back; refuses who has no age."""

    def do_POST(self) -> None:
        rows = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        known = all("age" in row for row in rows)
        scores = [row["age"] / 100 for row in rows] if known else []
        body = json.dumps({"decisions": ["good" if one > 0.5 else "bad" for one in scores], "scores": scores}).encode()
        self.send_response(200 if known else 422)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Silence."""


class _Client:
    def __init__(self, url: str) -> None:
        self._url = url

    @miops.observe(
        miops.Model(name="credit", version="7", task="binary_classification", classes=("bad", "good")),
        returns=lambda answer: {"value": answer["decisions"], "score": answer["scores"]},
    )
    def decide(self, rows: list[dict[str, float]]) -> dict[str, Any]:
        response = requests.post(self._url, json=rows, timeout=30)
        response.raise_for_status()
        answer: dict[str, Any] = response.json()
        return answer


@pytest.fixture(scope="module")
def client() -> Iterator[_Client]:
    server = HTTPServer(("127.0.0.1", 0), _Scores)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield _Client(f"http://127.0.0.1:{server.server_port}/credit")
    server.shutdown()
    thread.join()
    server.server_close()


def test_features_decisions_and_scores_of_an_answer(harness: Harness, client: _Client) -> None:
    answer = client.decide([{"age": 40.0, "income": 1.0}, {"age": 60.0, "income": 2.0}])

    (event,) = harness.events()
    seen = [(row["feature.age"], row["feature.income"], row["value"], row["score"]) for row in event.rows]
    assert seen == [(40.0, 1.0, "bad", 0.4), (60.0, 2.0, "good", 0.6)]
    assert event.attributes["miops.model.name"] == "credit"
    assert event.attributes["miops.model.version"] == "7"
    assert event.attributes["miops.model.classes"] == ["bad", "good"]
    assert answer == {"decisions": ["bad", "good"], "scores": [0.4, 0.6]}
    assert harness.faults == {}


def test_the_error_of_a_refused_request_leaves_unmodified_and_is_recorded(client: _Client) -> None:
    reader = InMemoryMetricReader()
    meters = MeterProvider([reader], shutdown_on_exit=False)
    with miops.testing.record(meter_provider=meters) as harness:
        with pytest.raises(requests.HTTPError, match="422"):
            client.decide([{"income": 1.0}])
        (row,) = harness.rows()
        data: Any = reader.get_metrics_data()
    meters.shutdown()

    assert row["error.type"].endswith("HTTPError")
    assert "value" not in row
    metrics = [metric for r in data.resource_metrics for s in r.scope_metrics for metric in s.metrics]
    points = [p for m in metrics if m.name == "miops.prediction.duration" for p in m.data.data_points]
    assert [p.count for p in points if p.attributes.get("error.type", "").endswith("HTTPError")] == [1]
