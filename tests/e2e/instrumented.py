"""Programs under ``opentelemetry-instrument``, told by environment variables alone where telemetry goes."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

AGENT = str(Path(sys.executable).with_name("opentelemetry-instrument"))


def environment(grpc: str, **said: str) -> dict[str, str]:
    """The environment of this process without settings of its own, and with the collector's address."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("OTEL_", "MIOPS_"))}
    where = {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{grpc}", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}
    return {**clean, **where, "OTEL_SERVICE_NAME": "scoring", **said}


def run_instrumented(*arguments: str, grpc: str, **said: str) -> None:
    """Run ``python ARGUMENTS`` to its end."""
    done = subprocess.run(
        [AGENT, sys.executable, *arguments],
        env=environment(grpc, **said), capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
