"""A collector as its users run it: a process of its own, started by its command, told by a YAML file."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.e2e.asking import ask

COMMAND = str(Path(sys.executable).with_name("miops-collector"))
START_SECONDS, STOP_SECONDS = 90.0, 40.0
_LISTENING = re.compile(r"OTLP/gRPC (\S+), OTLP/HTTP (\S+), console http://([^/]+)/")


@dataclass
class CollectorProcess:
    """Started by :func:`running_collector`; it may be killed and started again on the same files and ports."""

    folder: Path
    settings: dict[str, Any]
    grpc: str = ""
    http: str = ""
    web: str = ""
    wrapper: tuple[str, ...] = ()
    """What its command is run by, such as ``env NAME=VALUE``."""
    process: subprocess.Popen[bytes] | None = None
    _logs: list[Path] = field(default_factory=list)

    @property
    def data_dir(self) -> Path:
        return self.folder / "data"

    @property
    def log(self) -> str:
        """Everything it has written, all runs after each other."""
        return "".join(log.read_text() for log in self._logs)

    def start(self) -> None:
        """Return once it answers; the first start chooses free ports, later ones use them again."""
        self.launch()
        assert self.process is not None
        log = self._logs[-1]
        deadline = time.monotonic() + START_SECONDS
        while (found := _LISTENING.search(log.read_text())) is None:
            assert self.process.poll() is None, f"the collector left with {self.process.returncode}: {log.read_text()}"
            assert time.monotonic() < deadline, f"the collector did not start: {log.read_text()}"
            time.sleep(0.02)
        self.grpc, self.http, self.web = found.groups()

    def launch(self) -> None:
        """Start its process, and wait for nothing."""
        self._logs.append(self.folder / f"collector-{len(self._logs)}.log")
        with self._logs[-1].open("wb") as output:
            command = [*self.wrapper, COMMAND, "serve", "--config", str(self._config())]
            self.process = subprocess.Popen(command, stderr=output)

    def kill(self) -> None:
        """SIGKILL, as the kernel does it when memory is short."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(STOP_SECONDS)
        finally:
            if self.process.poll() is None:
                self.kill()

    def _config(self) -> Path:
        addresses = {"otlp": {"grpc": self.grpc or "127.0.0.1:0", "http": self.http or "127.0.0.1:0"}}
        addresses["otlp"] |= self.settings.get("otlp", {})
        config = {"data_dir": str(self.data_dir), "web": self.web or "127.0.0.1:0", **self.settings, **addresses}
        path = self.folder / "collector.yaml"
        path.write_text(yaml.safe_dump(config))
        return path

    # --- what it knows ---------------------------------------------------------------------------------------------

    def get(self, path: str) -> Any:
        """The JSON of a page of the API."""
        answer = ask(f"http://{self.web}{path}")
        assert answer.status == 200, answer
        return answer.json

    def post(self, path: str, body: object, kind: str = "application/json") -> Any:
        """Post to the API; the JSON it answers."""
        answer = ask(f"http://{self.web}{path}", body, kind=kind)
        assert answer.status == 200, answer
        return answer.json

    def rows(self) -> dict[str, int]:
        """Rows received, stored, refused, deduplicated since it started."""
        return {name: int(n) for name, n in self.get("/api/v1/collector")["rows"].items()}

    def ticks(self) -> int:
        """How often it has evaluated since it started."""
        metrics = {m["name"]: m for m in self.get("/api/v1/collector")["metrics"]}
        assert sum(p["value"] for p in metrics["miops.collector.ticks.failed"]["points"]) == 0, self.log
        return int(sum(p["value"] for p in metrics["miops.collector.ticks"]["points"]))

    def model(self, name: str) -> dict[str, Any]:
        """What ``/api/v1/models`` says of the one version of a model."""
        (found,) = [m for m in self.get("/api/v1/models")["models"] if m["name"] == name]
        return dict(found)

    def observations(self, query: str = "") -> list[dict[str, Any]]:
        """All pages of an answer of ``/api/v1/observations``."""
        found: list[dict[str, Any]] = []
        cursor = ""
        while True:
            page = self.get(f"/api/v1/observations?limit=10000{query and '&'}{query}{cursor}")
            found += page["observations"]
            if page["next"] is None:
                return found
            cursor = f"&cursor={page['next']}"

    def settle(self, query: str = "", *, seconds: float = 60) -> None:
        """Wait until two evaluations after each other say the same: all that was committed is in the statistics.

        ``query`` says which of them to compare, where there are many.
        """
        deadline = time.monotonic() + seconds
        before: list[dict[str, Any]] | None = None
        while time.monotonic() < deadline:
            self._wait_for_ticks(2, deadline)
            now = self.observations(query)
            if now == before:
                return
            before = now
        raise TimeoutError(f"the statistics did not come to rest within {seconds} s: {self.log}")

    def _wait_for_ticks(self, count: int, deadline: float) -> None:
        """An evaluation may be under way, so that only the one after it has seen everything."""
        until = self.ticks() + count
        while self.ticks() < until and time.monotonic() < deadline:
            time.sleep(0.05)


@contextmanager
def running_collector(folder: Path, *, wrapper: tuple[str, ...] = (), **settings: Any) -> Iterator[CollectorProcess]:
    """A collector on free ports of this machine, with its files in ``folder``; stopped whatever happens."""
    folder.mkdir(parents=True, exist_ok=True)
    collector = CollectorProcess(folder, settings, wrapper=wrapper)
    try:
        collector.start()
        yield collector
    finally:
        if collector.process is not None and collector.process.poll() is None:
            collector.kill()
