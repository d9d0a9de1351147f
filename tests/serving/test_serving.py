"""Real servers, real HTTP, no MIOps import in the serving code: every prediction arrives, tied to its request."""

from __future__ import annotations

import importlib.util
import os
import pkgutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

import joblib
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from tests.e2e.waiting import wait_until
from tests.serving import callers, stacks
from tests.serving.callers import REQUESTS, ROWS_EACH, entity, is_sampled, number_of, send_all, trace_of
from tests.serving.sink import Sink, otlp_sink
from tests.serving.stack import APPS, Stack

ALL: list[Stack] = [
    import_module(f"{stacks.__name__}.{found.name}").STACK for found in pkgutil.iter_modules(stacks.__path__)
]
SENT = REQUESTS * ROWS_EACH
PROGRAMS = Path(sys.executable).parent
LAST_SPANS_SECONDS = 30


@pytest.fixture(params=ALL, ids=lambda stack: stack.name)
def stack(request: pytest.FixtureRequest) -> Stack:
    chosen: Stack = request.param
    if missing := [name for name in chosen.modules if not installed(name)]:
        pytest.skip(f"{', '.join(missing)} not installed: make test-serving")
    return chosen


def installed(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


@pytest.fixture(scope="module")
def model_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    x = np.random.default_rng(0).normal(size=(500, 4))
    file = tmp_path_factory.mktemp("model") / "model.joblib"
    joblib.dump(LogisticRegression().fit(x, x[:, 0] > 0), file)
    return file


@contextmanager
def serving(stack: Stack, model: Path, sink: Sink, folder: Path) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    log = folder / "server.log"
    for _ in range(stack.starts):
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [str(PROGRAMS / "opentelemetry-instrument"), *stack.command(port)],
                env=environment(stack, port, model, sink), cwd=APPS,
                stdout=output, stderr=output, start_new_session=True,
            )  # fmt: skip
        try:
            if is_up(process, url, stack):
                yield url, process
                return
        finally:
            end(process)
    pytest.fail(log.read_text())


def is_up(process: subprocess.Popen[bytes], url: str, stack: Stack) -> bool:
    """Whether the server answers; not if it gives up before."""
    return (
        wait_until(
            lambda: process.poll() is not None or callers.answers(url + stack.health), stack.start_seconds, every=0.2
        )
        and process.poll() is None
    )


def end(process: subprocess.Popen[bytes]) -> None:
    """Nothing stays: some servers end their workers only if asked to end, others leave them behind even then."""
    with suppress(subprocess.TimeoutExpired):
        process.terminate()
        process.wait(20)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(stack: Stack, port: int, model: Path, sink: Sink) -> dict[str, str]:
    mine = {
        "MODEL_FILE": str(model),
        "OTEL_SERVICE_NAME": "serving",
        "OTEL_EXPORTER_OTLP_ENDPOINT": sink.endpoint,
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        "OTEL_METRICS_EXPORTER": "none",
        "OTEL_BSP_SCHEDULE_DELAY": "500",
        "PATH": f"{PROGRAMS}{os.pathsep}{os.environ.get('PATH', '')}",
    }
    return {k: v for k, v in os.environ.items() if k != "PYTHONPATH"} | mine | stack.environment(port)


def test_every_prediction_arrives_once_and_hangs_under_its_request(
    stack: Stack, model_file: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Its properties are written to the results, from which ``docs/serving.md`` is made."""
    seen: list[tuple[str, object]] = request.node.user_properties
    seen.append(("tested_with", ", ".join(f"{name} {version(name)}" for name in stack.distributions)))
    with otlp_sink() as sink, serving(stack, model_file, sink, tmp_path) as (url, _):
        send_all(url, stack)

        assert wait_until(lambda: len(sink.rows) >= SENT, 20), len(sink.rows)
        assert len({row["prediction_id"] for row in sink.rows}) == len(sink.rows) == SENT
        inputs = {(row["feature.x0"], row["feature.x3"]) for row in sink.rows}
        assert inputs == {(float(i), float(row)) for i in range(REQUESTS) for row in range(ROWS_EACH)}
        assert len({row["instance"] for row in sink.rows}) <= max(stack.workers, 1)

        sampled = [row for row in sink.rows if is_sampled(number_of(row))]
        assert wait_until(lambda: callers.loosest(sampled, sink) == stack.tie, LAST_SPANS_SECONDS), callers.loosest(
            sampled, sink
        )
        assert strangers(sink) == []
        told = {row["prediction_id"] for row in sink.rows if row.get("entity_id") == entity(number_of(row))}
        assert (len(told) == SENT) == stack.baggage
    seen += [("tie", stack.tie), ("why", stack.why), ("baggage", stack.baggage)]


def strangers(sink: Sink) -> list[str]:
    """What belongs to a request of somebody else, or to a trace that its caller wanted nobody to keep."""
    whose = {trace_of(number): number for number in range(REQUESTS)}
    wrong = [f"{row}" for row in sink.rows if whose.get(row["trace_id"], number_of(row)) != number_of(row)]
    wrong += [f"{row}" for row in sink.rows if row.get("entity_id") not in (None, entity(number_of(row)))]
    return wrong + [f"{span}" for span in sink.spans.values() if not is_sampled(whose.get(span.trace_id, 1))]


def test_what_was_answered_just_before_a_restart_arrives(stack: Stack, model_file: Path, tmp_path: Path) -> None:
    if stack.undrained:
        pytest.skip(stack.undrained)
    with otlp_sink() as sink, serving(stack, model_file, sink, tmp_path) as (url, process):
        send_all(url, stack)
        process.send_signal(signal.SIGTERM)
        process.wait(60)

        assert wait_until(lambda: len(sink.rows) >= SENT, 10), len(sink.rows)
