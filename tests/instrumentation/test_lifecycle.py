"""Which version of a model it is, and in which role: so that two of them can be compared."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
from opentelemetry import baggage, context
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from sklearn.linear_model import LogisticRegression

import miops
from miops.config import Config, read_config
from miops.testing import Harness

X = np.array([[0.0], [1.0], [2.0], [3.0]])


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "model.joblib"
    joblib.dump(LogisticRegression().fit(X, [0, 0, 1, 1]), path)
    return path


def _version(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()[:12]


def _identities(harness: Harness) -> list[tuple[Any, ...]]:
    names = ("miops.model.name", "miops.model.version", "miops.model.role")
    return [tuple(event.attributes.get(name) for name in names) for event in harness.events()]


def test_the_fingerprint_of_a_file_is_the_version(sklearn: Harness, file: Path) -> None:
    model, other = joblib.load(file), joblib.load(file)
    miops.register(model, name="m", file=file)
    miops.register(other, name="n", file=file, version="7")
    model.predict(X)
    other.predict(X)

    assert sorted(_identities(sklearn)) == [("m", _version(file), None), ("n", "7", None)]


def test_a_file_that_is_not_there_raises_at_once(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"absent\.joblib"):
        miops.register(LogisticRegression(), file=tmp_path / "absent.joblib")


def test_the_environment_may_name_the_file(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert read_config({"MIOPS_MODEL_FILE": str(file)}).model_version == _version(file)
    assert read_config({"MIOPS_MODEL_FILE": str(file), "MIOPS_MODEL_VERSION": "7"}).model_version == "7"
    assert caplog.text == ""
    assert read_config({"MIOPS_MODEL_FILE": str(file) + ".gone"}).model_version is None
    assert "MIOPS_MODEL_FILE" in caplog.text


def test_two_versions_answer_for_the_same_entity_in_one_request() -> None:
    spans, tracers = InMemorySpanExporter(), TracerProvider()
    tracers.add_span_processor(SimpleSpanProcessor(spans))
    with miops.testing.record(tracer_provider=tracers) as harness:
        token = context.attach(baggage.set_baggage("miops.entity.id", "person-1"))
        try:
            with tracers.get_tracer("app").start_as_current_span("request"):
                miops.record_prediction("credit", version="7", value="yes")
                with miops.prediction("credit", version="8", role="shadow") as p:
                    p.value = "no"
        finally:
            context.detach(token)
        rows = {event.attributes["miops.model.version"]: event.rows[0] for event in harness.events()}

    assert sorted(_identities(harness)) == [("credit", "7", None), ("credit", "8", "shadow")]
    assert {row["entity_id"] for row in rows.values()} == {"person-1"}
    assert rows["7"]["trace_id"] == rows["8"]["trace_id"] is not None
    shown = next(span for span in spans.get_finished_spans() if span.name == "predict credit").attributes or {}
    assert shown["miops.model.role"] == "shadow"


def test_roles_are_said_everywhere(harness: Harness) -> None:
    @miops.observe("observed", role="canary")
    def decide(x: float) -> str:
        return "yes"

    decide(1.0)
    miops.record_prediction("told", role="shadow", value=1.0)
    miops.record_prediction(miops.Model(name="own", role="primary"), value=1.0)

    assert sorted(_identities(harness)) == [
        ("observed", None, "canary"),
        ("own", None, "primary"),
        ("told", None, "shadow"),
    ]


def test_the_deployment_says_the_role_of_registered_models() -> None:
    class Own:
        pass

    model = Own()
    miops.register(model, name="m", role="primary")
    with miops.testing.record(Config(model_role="canary")) as harness:
        miops.record_prediction(model, value=1.0)

        assert _identities(harness) == [("m", None, "canary")]


def test_a_role_that_is_none_is_counted(harness: Harness) -> None:
    assert list(miops.record_prediction("m", role="boss", value=1.0)) == []
    assert harness.faults == {"prediction_not_recorded": 1}
