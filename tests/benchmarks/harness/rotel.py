"""Rotel, an OTLP agent in Rust, receiving and throwing away: what receiving costs without keeping anything."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from socket import create_connection, socket

from tests.benchmarks.harness.peers import Absent, Peer, installed
from tests.benchmarks.harness.result import Run

__all__ = ["Rotel", "running_rotel"]

START_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Rotel:
    """Where it listens for gRPC, and which process it is; ``absent`` says why there is none."""

    grpc: str = ""
    pid: int = 0
    name: str = ""
    absent: str = ""


@contextmanager
def running_rotel(run: Run) -> Iterator[Rotel]:
    """Rotel on one core with its ``blackhole`` exporter, or the reason why not."""
    try:
        peer = installed(run, "rotel")
    except Absent as why:
        yield Rotel(absent=str(why))
        return
    grpc, http = (f"127.0.0.1:{_free_port()}" for _ in range(2))
    (binary,) = peer.folder.glob("lib/python*/site-packages/rotel/rotel-agent")
    command = [
        str(binary), "start", "--otlp-grpc-endpoint", grpc, "--otlp-http-endpoint", http, "--exporter", "blackhole",
        "--otlp-grpc-max-recv-msg-size-mib", "64", "--pid-file", str(run.folder / "rotel.pid"),
    ]  # fmt: skip
    with (run.folder / "rotel.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        yield _started(grpc, process, peer, run.folder / "rotel.log")
    finally:
        process.terminate()
        process.wait(10)


def _started(grpc: str, process: subprocess.Popen[bytes], peer: Peer, log: Path) -> Rotel:
    os.sched_setaffinity(process.pid, {min(os.sched_getaffinity(0))})
    try:
        _wait_for(grpc, process, log)
    except Absent as why:
        return Rotel(absent=str(why))
    _pin(process.pid)
    return Rotel(grpc, process.pid, _name(peer))


def _name(peer: Peer) -> str:
    return f"Rotel {peer.version}, blackhole"


def _pin(pid: int) -> None:
    """Threads that were started before the process was pinned."""
    for thread in Path(f"/proc/{pid}/task").iterdir():
        os.sched_setaffinity(int(thread.name), {min(os.sched_getaffinity(0))})


def _free_port() -> int:
    with socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _wait_for(address: str, process: subprocess.Popen[bytes], log: Path) -> None:
    host, _, port = address.rpartition(":")
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            create_connection((host, int(port)), 0.5).close()
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise Absent(f"rotel did not start: {log.read_text()[-500:]}") from None
            time.sleep(0.02)
        else:
            return
