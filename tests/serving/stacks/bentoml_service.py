"""A BentoML service with two workers."""

from __future__ import annotations

from tests.serving.stack import Stack


def command(port: int) -> list[str]:
    return ["bentoml", "serve", "bentoml_app:Scorer", "--host", "127.0.0.1", "--port", str(port)]


STACK = Stack(
    "BentoML, 2 workers",
    ("bentoml",),
    ("bentoml",),
    command,
    health="/livez",
    body=lambda rows: {"rows": rows},
    environment=lambda _: {"BENTOML_DO_NOT_TRACK": "True"},
    tie="trace",
    why="BentoML wraps the request in a span of a tracer of its own, which exports nothing unless it is told to",
    workers=2,
)
