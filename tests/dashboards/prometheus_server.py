"""A real Prometheus that scrapes one address, for as long as a test needs it."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest

_CONFIG = """
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: {rules}
scrape_configs:
  - job_name: miops
    static_configs: [{{targets: ['{target}']}}]
"""


@dataclass(frozen=True)
class Prometheus:
    """Asked over HTTP."""

    url: str

    def query(self, expression: str) -> list[dict[str, Any]]:
        """Series of an instant query."""
        with urlopen(f"{self.url}/api/v1/query?{urlencode({'query': expression})}", timeout=10) as answer:
            found: list[dict[str, Any]] = json.load(answer)["data"]["result"]
        return found

    def wait_for(self, expression: str, *, seconds: float = 30) -> list[dict[str, Any]]:
        """Series of an instant query as soon as there are any, none after that many seconds."""
        deadline = time.monotonic() + seconds
        while not (found := self.query(expression)) and time.monotonic() < deadline:
            time.sleep(0.2)
        return found

    def wait_for_rule(self, name: str, *, seconds: float = 30) -> str:
        """Health of an alerting rule once it has been evaluated: ``ok`` or ``err``."""
        deadline = time.monotonic() + seconds
        while (health := self._health(name)) == "unknown" and time.monotonic() < deadline:
            time.sleep(0.2)
        return health

    def _health(self, name: str) -> str:
        with urlopen(f"{self.url}/api/v1/rules?type=alert", timeout=10) as answer:
            groups = json.load(answer)["data"]["groups"]
        return next(
            (str(rule["health"]) for group in groups for rule in group["rules"] if rule["name"] == name), "absent"
        )

    def targets(self) -> list[dict[str, Any]]:
        """What is scraped, and how the last scrape went."""
        with urlopen(f"{self.url}/api/v1/targets", timeout=10) as answer:
            found: list[dict[str, Any]] = json.load(answer)["data"]["activeTargets"]
        return found


@contextmanager
def prometheus_scraping(target: str, folder: Path, *, rules: tuple[Path, ...] = ()) -> Iterator[Prometheus]:
    """Start it on a free port with its data in ``folder``; skips where it is not installed."""
    binary = shutil.which("prometheus")
    if binary is None:
        pytest.skip("needs Prometheus: apt-get install prometheus")
    config = folder / "prometheus.yml"
    config.write_text(_CONFIG.format(target=target, rules=json.dumps([str(rule) for rule in rules])))
    address = f"127.0.0.1:{_free_port()}"
    command = [binary, f"--config.file={config}", f"--storage.tsdb.path={folder / 'data'}",
               f"--web.listen-address={address}", "--log.level=warn"]  # fmt: skip
    with (folder / "prometheus.log").open("wb") as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            _wait_until_ready(f"http://{address}/-/ready", process)
            yield Prometheus(f"http://{address}")
        finally:
            process.terminate()
            process.wait(20)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _wait_until_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        assert process.poll() is None, "Prometheus stopped at once; its log is beside its configuration"
        try:
            with urlopen(url, timeout=2) as answer:
                if answer.status == 200:
                    return
        except (URLError, OSError):
            time.sleep(0.1)
    pytest.fail("Prometheus was not ready after 30 seconds")
