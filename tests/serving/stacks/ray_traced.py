"""The same deployment, told to trace: then Ray takes the context from its proxy to the replica."""

from __future__ import annotations

from dataclasses import replace

from tests.serving.stacks import ray_serve

TRACING = {"RAY_SERVE_TRACING_EXPORTER_IMPORT_PATH": "ray_spans:otlp", "RAY_SERVE_TRACING_SAMPLING_RATIO": "1.0"}

STACK = replace(
    ray_serve.STACK,
    name="Ray Serve, 2 replicas, tracing",
    environment=lambda port: ray_serve.environment(port) | TRACING,
    tie="span",
    why="",
)
