"""BentoML that answers several requests by one call, and exports its own spans."""

from __future__ import annotations

from dataclasses import replace

from tests.serving.stacks import bentoml_traced

STACK = replace(
    bentoml_traced.STACK,
    name="BentoML, 2 workers, tracing, batches",
    command=lambda port: ["bentoml", "serve", "bentoml_batches_app:Scorer", "--host", "127.0.0.1", "--port", str(port)],
    tie="links",
    why="One call answers several requests and is linked to each of them; one that is alone is its parent",
    baggage=False,
)
