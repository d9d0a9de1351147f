"""Ray Serve with two replicas, started as ``ray job submit --runtime-env-json`` does it."""

from __future__ import annotations

import json

from tests.serving.stack import Stack

RUNTIME = {"runtime_env": {"worker_process_setup_hook": "miops.instrument"}}


def command(port: int) -> list[str]:
    return ["python", "ray_app.py", str(port)]


def environment(_: int) -> dict[str, str]:
    return {"RAY_USAGE_STATS_ENABLED": "0", "RAY_JOB_CONFIG_JSON_ENV_VAR": json.dumps(RUNTIME)}


STACK = Stack(
    "Ray Serve, 2 replicas",
    ("ray",),
    ("ray",),
    command,
    environment=environment,
    workers=2,
    tie="none",
    why="Ray's proxy hands a request to a replica without the trace context unless it is told to trace",
    baggage=False,
    starts=4,  # Ray gives up if its processes do not find each other in 30 seconds, as on a busy machine
    undrained="Ray ends its worker processes at once, without their exit handlers",
)
