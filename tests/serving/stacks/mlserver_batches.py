"""MLServer that batches requests before it hands them to its workers."""

from __future__ import annotations

from dataclasses import replace

from tests.serving.stacks import mlserver_workers

BATCHES = {"MLSERVER_MODEL_MAX_BATCH_SIZE": "4", "MLSERVER_MODEL_MAX_BATCH_TIME": "0.5"}

STACK = replace(
    mlserver_workers.STACK,
    name="MLServer, v2 protocol, 2 parallel workers, batches",
    environment=lambda port: mlserver_workers.STACK.environment(port) | BATCHES,
    tie="links",
    why="One call answers several requests and is linked to each of them; one that is alone is its parent",
    baggage=False,
)
