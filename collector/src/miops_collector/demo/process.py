"""The model server as a process of its own, started as anyone would: ``opentelemetry-instrument uvicorn …``."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from miops_collector.client import Client
from miops_collector.demo.survey import MODEL, VERSION
from miops_collector.errors import MIOpsError, UnavailableError

__all__ = ["free_port", "model_server"]

START_SECONDS, STOP_SECONDS = 90.0, 15.0


def free_port() -> int:
    """A port of localhost that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def model_server(model: Path, *, collector: str, log: Path) -> Iterator[str]:
    """Start the instrumented model server; its address, once it answers.

    ``collector`` is the address of OTLP/gRPC. Only environment variables say where telemetry goes and what the model
    is called; the serving code knows nothing of it.
    """
    address = f"127.0.0.1:{free_port()}"
    with log.open("wb") as output:
        process = subprocess.Popen(_command(address), env=_environment(model, collector), stdout=output, stderr=output)  # noqa: S603
        try:
            _wait(process, address, log)
            yield address
        finally:
            _stop(process)


def _command(address: str) -> list[str]:
    programs = Path(sys.executable).parent
    host, port = address.split(":")
    server = ["uvicorn", "miops_collector.demo.model_server:app", "--host", host, "--port", port]
    return [str(programs / "opentelemetry-instrument"), *server, "--log-level", "warning"]


def _environment(model: Path, collector: str) -> dict[str, str]:
    return os.environ | {
        "MODEL_FILE": str(model),
        "MIOPS_MODEL_NAME": MODEL,
        "MIOPS_MODEL_VERSION": VERSION,
        "OTEL_SERVICE_NAME": "employment-api",
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{collector}",
        "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc",
        "OTEL_TRACES_SAMPLER": "parentbased_traceidratio",
        "OTEL_TRACES_SAMPLER_ARG": "0.1",
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
    }


def _wait(process: subprocess.Popen[bytes], address: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    with closing(Client(address, timeout_seconds=5)) as client:
        while time.monotonic() < deadline:
            if process.poll() is not None:
                msg = f"the model server left with exit code {process.returncode}: {log.read_text()[-2000:]}"
                raise MIOpsError(msg)
            try:
                client.get("/health")
            except UnavailableError:
                time.sleep(0.1)
            else:
                return
    msg = f"the model server did not answer within {START_SECONDS:g} s: {log.read_text()[-2000:]}"
    raise MIOpsError(msg)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
