"""Who sends while the collector is killed: the exporters of OpenTelemetry for Python and JavaScript."""

from __future__ import annotations

import shutil
import subprocess
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from miops import semconv
from tests.e2e.collector_process import CollectorProcess
from tests.e2e.credit import START, applications
from tests.e2e.senders import Endless, SpanSender, grpc_exporter, http_exporter

MODELS = 20
ROWS_PER_COLUMN = 400
"""So many rows of :class:`Changing` later there is one more feature."""
BASE_ROWS = 1500
JAVASCRIPT = Path(__file__).parents[1] / "e2e" / "otel_js"


class Client(Protocol):
    """One that sends rows of its own, named ``{prefix}-{number}``, each batch until it is acknowledged."""

    name: str

    @property
    def acknowledged(self) -> int: ...
    @property
    def failures(self) -> int: ...
    def start(self) -> None: ...
    def finish(self) -> None:
        """Get the batch under way acknowledged, and stop."""


@dataclass(frozen=True)
class Changing(Endless):
    """Rows of many models that get more and more features."""

    def attributes(self, i: int) -> dict[str, Any]:
        newest = i // ROWS_PER_COLUMN
        more = {f"{semconv.FEATURE_PREFIX}new_{n}": float(i) for n in range(max(newest - 2, 0), newest + 1)}
        return {**super().attributes(i), **more, semconv.MODEL_NAME: f"changing-{i % MODELS}"}


@dataclass
class PythonClient:
    """A thread with an exporter of the Python SDK."""

    name: str
    sender: SpanSender

    @property
    def acknowledged(self) -> int:
        return self.sender.acknowledged

    @property
    def failures(self) -> int:
        return self.sender.failures

    def start(self) -> None:
        self.sender.start()

    def finish(self) -> None:
        self.sender.stop()


@dataclass
class JavaScriptClient:
    """A Node.js process with an exporter of the JavaScript SDK."""

    name: str
    command: list[str]
    acknowledged: int = 0
    failures: int = 0
    process: subprocess.Popen[str] | None = None
    listener: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        self.listener = threading.Thread(target=self._listen, daemon=True)

    def start(self) -> None:
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.listener.start()

    def finish(self) -> None:
        assert self.process is not None
        assert self.process.stdin is not None
        self.process.stdin.close()
        try:
            assert self.process.wait(60) == 0
        finally:
            self.process.kill()
        self.listener.join(10)

    def _listen(self) -> None:
        assert self.process is not None
        assert self.process.stdout is not None
        for line in self.process.stdout:
            acknowledged, failures = line.split()
            self.acknowledged, self.failures = int(acknowledged), int(failures)


def python_clients(collector: CollectorProcess) -> list[Client]:
    """Over gRPC and HTTP, and one whose models change all the time."""
    made = applications(BASE_ROWS, seed=3, hours=2.5)
    return [
        PythonClient("python-grpc", SpanSender(grpc_exporter(collector), Endless(made, "python-grpc"))),
        PythonClient("python-http", SpanSender(http_exporter(collector), Endless(made, "python-http"))),
        PythonClient("changing", SpanSender(grpc_exporter(collector), Changing(made, "changing"))),
    ]


def javascript_clients(collector: CollectorProcess) -> list[Client]:
    """One for each exporter of the JavaScript SDK, or none if it is not installed."""
    node = shutil.which("node")
    if node is None or not (JAVASCRIPT / "node_modules").is_dir():
        return []
    urls = {
        "grpc": f"http://{collector.grpc}",
        "proto": f"http://{collector.http}/v1/traces",
        "json": f"http://{collector.http}/v1/traces",
    }
    script, start = str(JAVASCRIPT / "send_endlessly.js"), str(START // 1_000_000)
    return [
        JavaScriptClient(f"js-{name}", [node, script, name, url, f"js-{name}", start]) for name, url in urls.items()
    ]


def unserved(clients: list[Client], before: list[int], seconds: float) -> list[str]:
    """Wait until everybody got something acknowledged since ``before``; who did not in time."""
    deadline = time.monotonic() + seconds
    while True:
        left = [client.name for client, b in zip(clients, before, strict=True) if client.acknowledged <= b]
        if not left or time.monotonic() > deadline:
            return left
        time.sleep(0.02)
