"""A prediction of a served model, whose code knows nothing of miops, is on every page ten seconds later."""

from __future__ import annotations

import ast
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import joblib
import pytest
from sklearn.linear_model import LogisticRegression

from miops import semconv
from miops_collector.demo.process import model_server
from miops_collector.demo.survey import MODEL
from tests.e2e.asking import ask
from tests.e2e.collector_process import CollectorProcess, running_collector
from tests.e2e.credit import applications
from tests.e2e.waiting import wait_until

SECONDS = 10.0
ID = "application-17"


@pytest.fixture
def collector(tmp_path: Path) -> Iterator[CollectorProcess]:
    """With the default configuration: only files and ports are this test's own."""
    with running_collector(tmp_path / "collector") as running:
        yield running


@pytest.fixture
def server(tmp_path: Path, collector: CollectorProcess) -> Iterator[str]:
    """FastAPI in uvicorn, under ``opentelemetry-instrument``."""
    rows = applications(500, seed=1).rows
    joblib.dump(LogisticRegression().fit(rows[["age"]], rows["truth"]), tmp_path / "model.joblib")
    with model_server(tmp_path / "model.joblib", collector=collector.grpc, log=tmp_path / "server.log") as address:
        yield f"http://{address}"


def test_the_serving_code_does_not_know_us() -> None:
    spec = find_spec("miops_collector.demo.model_server")
    assert spec is not None
    tree = ast.parse(Path(str(spec.origin)).read_text())

    imported = [name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names]
    imported += [str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert {"joblib", "fastapi"} <= set(imported)
    assert not [name for name in imported if name.startswith(("miops", "opentelemetry"))]


def test_a_prediction_is_everywhere_within_ten_seconds(collector: CollectorProcess, server: str) -> None:
    made = time.monotonic()
    answer = ask(f"{server}/predict", [{"age": 40}], baggage=f"{semconv.PREDICTION_ID}={ID}")
    (score,) = answer.json

    def left() -> float:
        return made + SECONDS - time.monotonic()

    query = f"model={MODEL}&metric={semconv.METRIC_WINDOW_ROWS}"
    assert wait_until(lambda: ask(f"http://{collector.web}/api/v1/predictions/{ID}").status == 200, left())
    assert wait_until(lambda: collector.observations(query), left())
    assert wait_until(lambda: f'miops_window_rows{{miops_model_name="{MODEL}"' in scrape(collector), left())
    assert wait_until(lambda: MODEL in ask(f"http://{collector.web}/").body.decode(), left())

    found = collector.get(f"/api/v1/predictions/{ID}")
    assert (found["model"], found["score"], found["features"]) == (MODEL, score, {"age": 40})
    assert {o["window"]: o["value"] for o in collector.observations(query)} == {"1h": 1, "1d": 1}
    assert collector.model(MODEL)["framework"] == "scikit-learn"


def scrape(collector: CollectorProcess) -> str:
    return ask(f"http://{collector.web}/metrics").body.decode()
