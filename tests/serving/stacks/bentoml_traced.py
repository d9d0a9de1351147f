"""The same BentoML service, told to export its own spans: then none is missing between ours and the server's."""

from __future__ import annotations

from dataclasses import replace

from tests.serving.stacks import bentoml_service

OPTIONS = "services.tracing.sample_rate=1.0 services.tracing.exporter_type=otlp services.tracing.otlp.protocol=http"

STACK = replace(
    bentoml_service.STACK,
    name="BentoML, 2 workers, tracing",
    environment=lambda port: {**bentoml_service.STACK.environment(port), "BENTOML_CONFIG_OPTIONS": OPTIONS},
    tie="span",
    why="",
)
