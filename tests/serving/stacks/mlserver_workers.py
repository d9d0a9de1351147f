"""MLServer as it is by default, with models in worker processes."""

from __future__ import annotations

from dataclasses import replace

from tests.serving.stacks import mlserver_v2

WORKERS = {
    "MLSERVER_PARALLEL_WORKERS": "2",
    "MLSERVER_PARALLEL_WORKERS_TIMEOUT": "60",  # for their end, which on a busy machine takes over five seconds
}

STACK = replace(
    mlserver_v2.STACK,
    name="MLServer, v2 protocol, 2 parallel workers",
    environment=lambda port: mlserver_v2.environment(port) | WORKERS,
    workers=2,
)
