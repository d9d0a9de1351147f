"""A FastAPI service at saturation, with and without recording, under the same agent with a tenth of traces sampled."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import joblib
import numpy as np
from sklearn.linear_model import LogisticRegression

from tests.benchmarks.harness.process import cpu_seconds
from tests.benchmarks.harness.result import Result, Run, result
from tests.e2e.waiting import wait_until
from tests.serving.callers import answers
from tests.serving.test_serving import free_port

__all__ = ["measure"]

APPS = Path(__file__).resolve().parents[1] / "serving" / "apps"
PROGRAMS = Path(sys.executable).parent
SERVER_CORE, CLIENT_CORE = 0, 1
CONNECTIONS, SECONDS, TURNS = 8, 2.0, 9
ENDPOINTS = {"async": "/predict", "thread": "/predict-in-thread"}


def measure(run: Run) -> Iterator[Result]:
    model = run.folder / "model.joblib"
    x = np.random.default_rng(0).normal(size=(2000, 20))
    joblib.dump(LogisticRegression().fit(x, x[:, 0] > 0), model)
    os.sched_setaffinity(0, {CLIENT_CORE})
    try:
        with ExitStack() as stack:
            sink = stack.enter_context(swallowing())
            off = stack.enter_context(service(model, sink, run.folder, recorded=False))
            on = stack.enter_context(service(model, sink, run.folder, recorded=True))
            for name, path in ENDPOINTS.items():
                yield compared(name, path, on, off, run)
    finally:
        os.sched_setaffinity(0, {SERVER_CORE, CLIENT_CORE})


def compared(name: str, path: str, on: Service, off: Service, run: Run) -> Result:
    """The two take turns, so that both see the same machine."""
    seconds = run.seconds(SECONDS)
    for service in (off, on):
        service.requests_per_cpu_second(path, seconds)  # warm
    recorded, plain = [], []
    for turn in range(1 if run.quick else TURNS):
        order = [(on, recorded), (off, plain)]
        for one, found in order if turn % 2 else reversed(order):
            found.append(one.requests_per_cpu_second(path, seconds))
    return result(
        f"serving_cost.kept.{name}", [a / b for a, b in zip(recorded, plain, strict=True)], "1",
        f"requests for each second of the server's CPU time, recorded as a share of not recorded; {name} endpoint",
        note=f"{np.median(recorded):.0f} against {np.median(plain):.0f} requests per CPU second",
    )  # fmt: skip


class Service:
    """A server process on a core of its own."""

    def __init__(self, port: int, pid: int) -> None:
        self.port, self.pid = port, pid

    def requests_per_cpu_second(self, path: str, seconds: float) -> float:
        before = cpu_seconds(self.pid)
        sent = asyncio.run(saturated(self.port, path, seconds))
        return sent / (cpu_seconds(self.pid) - before)


async def saturated(port: int, path: str, seconds: float) -> int:
    """Ask over several connections, one request after the other on each; how many were answered."""
    body = json.dumps([[float(i) for i in range(20)]]).encode()
    head = f"POST {path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    request, until = head.encode() + body, time.monotonic() + seconds

    async def client() -> int:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        sent = 0
        while time.monotonic() < until:
            writer.write(request)
            answer = await reader.readuntil(b"\r\n\r\n")
            assert answer.startswith(b"HTTP/1.1 200"), answer
            length = next(line for line in answer.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            await reader.readexactly(int(length.split(b":")[1]))
            sent += 1
        writer.close()
        return sent

    return sum(await asyncio.gather(*(client() for _ in range(CONNECTIONS))))


@contextmanager
def service(model: Path, endpoint: str, folder: Path, *, recorded: bool) -> Iterator[Service]:
    port = free_port()
    command = ["uvicorn", "fastapi_app:app", "--port", str(port), "--log-level", "warning", "--no-access-log"]
    environment = os.environ | {
        "MODEL_FILE": str(model),
        "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint,
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        "OTEL_TRACES_SAMPLER": "parentbased_traceidratio",
        "OTEL_TRACES_SAMPLER_ARG": "0.1",
        "MIOPS_DISABLED": "false" if recorded else "true",
        "PATH": f"{PROGRAMS}{os.pathsep}{os.environ.get('PATH', '')}",
    }
    log = folder / f"server-{recorded}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["taskset", "-c", str(SERVER_CORE), str(PROGRAMS / "opentelemetry-instrument"), *command],
            env=environment, cwd=APPS, stdout=output, stderr=output,
        )  # fmt: skip
    try:
        assert wait_until(lambda: answers(f"http://127.0.0.1:{port}/health"), 90), log.read_text()
        yield Service(port, process.pid)
    finally:
        process.terminate()
        process.wait(20)


@contextmanager
def swallowing() -> Iterator[str]:
    """An OTLP/HTTP receiver that takes everything and looks at nothing."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
