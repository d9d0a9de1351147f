"""Receivers to run the suite against, as processes of this machine: our collector and Rotel."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.e2e.collector_process import running_collector
from tests.otlp_conformance.wire import Target

__all__ = ["ROTEL_INSTALL", "collector", "rotel", "rotel_agent", "rotel_version"]

ROOT = Path(__file__).resolve().parents[2]
ROTEL_INSTALL = "python3 -m venv .venvs/rotel && .venvs/rotel/bin/pip install rotel"
START_SECONDS = 20.0


@contextmanager
def collector(folder: Path, *, limit_mib: int = 64) -> Iterator[Target]:
    """Ours; no more than 1 MiB may wait, so that a small flood is an overload."""
    otlp = {"max_waiting_mib": 1, "wait_for_room": 0, "max_request_mib": limit_mib}
    with running_collector(folder, otlp=otlp) as process:
        assert process.process is not None
        yield Target(process.grpc, process.http, limit_mib * 1024 * 1024, process.process.pid)
        assert process.stop() == 0, process.log


def rotel_agent() -> Path | None:
    """Rotel's program, where it is installed in ``.venvs/rotel``."""
    return next(ROOT.glob(".venvs/rotel/lib/python*/site-packages/rotel/rotel-agent"), None)


def rotel_version(agent: Path) -> str:
    """As it says of itself, and as it is packaged."""
    said = subprocess.run([agent, "--version"], capture_output=True, text=True, check=True).stdout.split()[-1]
    packaged = next(agent.parents[1].glob("rotel-*.dist-info")).name
    found = re.match(r"rotel-(.+)\.dist-info", packaged)
    assert found, packaged
    return f"{said} (PyPI {found[1]})"


@contextmanager
def rotel(folder: Path) -> Iterator[Target]:
    """Rotel with its blackhole exporter, and for gRPC the limit that its HTTP side is asked about too."""
    agent = rotel_agent()
    assert agent is not None, ROTEL_INSTALL
    grpc, http = _free_address(), _free_address()
    command = [
        str(agent), "start", "--otlp-grpc-endpoint", grpc, "--otlp-http-endpoint", http, "--exporter", "blackhole",
        "--otlp-grpc-max-recv-msg-size-mib", "64", "--pid-file", str(folder / "rotel.pid"),
    ]  # fmt: skip
    own = {key: value for key, value in os.environ.items() if not key.startswith(("ROTEL_", "OTEL_"))}
    with (
        (folder / "rotel.log").open("wb") as log,
        subprocess.Popen(command, stdout=log, stderr=log, env=own) as process,
    ):
        try:
            for address in (grpc, http):
                _wait_for(address, process)
            yield Target(grpc, http, pid=process.pid)
        finally:
            process.kill()


def _free_address() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"127.0.0.1:{probe.getsockname()[1]}"


def _wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    host, _, port = address.rpartition(":")
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, f"Rotel left with {process.returncode}"
        try:
            socket.create_connection((host, int(port)), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError(f"nobody listens at {address}")
