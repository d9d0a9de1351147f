"""Ray Serve with two replicas."""

from __future__ import annotations

from tests.serving.stack import Stack


def command(port: int) -> list[str]:
    return ["python", "ray_app.py", str(port)]


STACK = Stack(
    "Ray Serve, 2 replicas",
    ("ray",),
    command,
    environment=lambda _: {"RAY_USAGE_STATS_ENABLED": "0"},
    workers=2,
    tie="none",
    why="Ray's proxy hands a request to a replica without the trace context",
    undrained="Ray ends its worker processes at once, without their exit handlers",
)
