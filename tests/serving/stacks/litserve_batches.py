"""LitServe that answers several requests by one prediction."""

from __future__ import annotations

from dataclasses import replace

from tests.serving.stacks import litserve_server

STACK = replace(
    litserve_server.STACK,
    name="LitServe, 2 workers, batches",
    command=lambda port: ["python", "litserve_batches_app.py", str(port)],
    tie="links",
    why="One call answers several requests and is linked to each of them; one that is alone is its parent",
    baggage=False,
)
