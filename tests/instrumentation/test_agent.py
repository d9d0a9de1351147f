"""Programs that know nothing of miops, run under ``opentelemetry-instrument``."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.serving.sink import otlp_sink

from .sinks import Sink, grpc_sink, http_sink

_AGENT = Path(sys.executable).with_name("opentelemetry-instrument")
_PROGRAM = """
import sys
from opentelemetry import trace
from sklearn.linear_model import LogisticRegression
import numpy as np

X = np.array([[0.0, 1.0], [1.0, 0.0], [2.0, 0.5], [3.0, 0.1]])
model = LogisticRegression().fit(X, np.array(["no", "no", "yes", "yes"]))
with trace.get_tracer("app").start_as_current_span("request") as span:
    one = X[3:]
    model.predict_proba(one)
    model.predict(one)
    print(format(span.get_span_context().trace_id, "032x"))
model.predict(X)
assert "miops" not in globals()
"""


def run_agent(program: str, **environ: str) -> subprocess.CompletedProcess[str]:
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("OTEL_", "MIOPS_"))}
    clean |= {"OTEL_TRACES_EXPORTER": "none", "OTEL_METRICS_EXPORTER": "none", "OTEL_LOGS_EXPORTER": "otlp"}
    return subprocess.run(
        [str(_AGENT), sys.executable, "-c", program],
        env={**clean, **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(("open_sink", "protocol"), [(grpc_sink, "grpc"), (http_sink, "http/protobuf")])
def test_predictions_of_an_unchanged_program_arrive(
    open_sink: Callable[[], AbstractContextManager[Sink]], protocol: str
) -> None:
    with open_sink() as sink:
        done = run_agent(
            _PROGRAM,
            OTEL_EXPORTER_OTLP_ENDPOINT=sink.endpoint,
            OTEL_EXPORTER_OTLP_PROTOCOL=protocol,
            OTEL_SERVICE_NAME="scoring",
        )
        events = [e for e in sink.events if e.name == "miops.prediction.batch"]

    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    trace_id = done.stdout.strip()
    rows = [row for event in events for row in event.table.to_pylist()]
    assert sorted(event.table.num_rows for event in events) == [1, 4]
    assert {"scoring"} == {event.resource["service.name"] for event in events}
    first = next(row for row in rows if row.get("score") is not None)
    assert trace_id == first["trace_id"].hex()
    assert first["span_id"] is not None
    assert (first["value"], first["feature.x0"], first["feature.x1"]) == ("yes", 3.0, 0.1)
    assert uuid.UUID(bytes=first["prediction_id"]).version == 7
    assert len({row["prediction_id"] for row in rows}) == 5
    batch = sorted((row["row"], row["value"]) for row in rows if row.get("score") is None)
    assert batch == [(0, "no"), (1, "no"), (2, "yes"), (3, "yes")]


def test_programs_without_models_import_no_framework() -> None:
    program = "import sys; print(sorted(m for m in ('sklearn', 'joblib', 'pandas', 'nanoarrow') if m in sys.modules))"
    done = run_agent(program + "; assert 'miops' in sys.modules", OTEL_LOGS_EXPORTER="none")

    assert (done.stdout, done.stderr, done.returncode) == ("[]\n", "", 0)


def test_the_agent_can_switch_it_off_by_name() -> None:
    with grpc_sink() as sink:
        done = run_agent(
            _PROGRAM, OTEL_EXPORTER_OTLP_ENDPOINT=sink.endpoint, OTEL_PYTHON_DISABLED_INSTRUMENTATIONS="miops_sklearn"
        )

        assert done.returncode == 0
        assert [e for e in sink.requests if b"miops.prediction.batch" in e] == []


_DECLARED = """
file_format: "1.0"
propagator: {{composite: [{{tracecontext: }}]}}
tracer_provider:
  processors: [{{simple: {{exporter: {{otlp_http: {{endpoint: "{endpoint}/v1/traces"}}}}}}}}]
logger_provider:
  processors: [{{batch: {{exporter: {{otlp_http: {{endpoint: "{endpoint}/v1/logs"}}}}}}}}]
instrumentation/development:
  python:
    miops:
      model_name: credit
      capture_deny: [x1]
      transforms: {{x0: "bucket(1, 2)"}}
"""


def test_a_declarative_configuration_file_is_understood_as_the_sdk_understands_it(tmp_path: Path) -> None:
    """The same file makes the SDK and tells us: spans and rows meet at the place that it names."""
    pytest.importorskip("opentelemetry.configuration", reason="opentelemetry-configuration is not installed")
    file = tmp_path / "otel.yaml"
    with otlp_sink() as sink:
        file.write_text(_DECLARED.format(endpoint=sink.endpoint))
        done = run_agent(_PROGRAM, OTEL_CONFIG_FILE=str(file))
        spans, rows = dict(sink.spans), list(sink.rows)

    assert done.returncode == 0, done.stderr
    assert sorted(span.name for span in spans.values()) == [*["predict credit"] * 3, "request"]
    assert {row["feature.x0"] for row in rows} == {"(-inf, 1)", "[1, 2)", "[2, inf)"}
    assert not any("feature.x1" in row for row in rows)
    (request,) = (span for span in spans.values() if span.name == "request")
    (traced,) = (row for row in rows if row["trace_id"] == request.trace_id)
    assert spans[traced["span_id"]].parent_span_id == request.span_id
