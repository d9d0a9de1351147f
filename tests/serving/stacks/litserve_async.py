"""LitServe with an asynchronous model: requests are answered in tasks side by side."""

from __future__ import annotations

from dataclasses import replace

from tests.serving.stacks import litserve_server

STACK = replace(
    litserve_server.STACK,
    name="LitServe, 2 workers, async",
    command=lambda port: ["python", "litserve_async_app.py", str(port)],
)
