"""MLServer, KServe's v2 protocol, in its own process (no parallel workers)."""

from __future__ import annotations

import tempfile

from tests.serving.stack import Stack


def command(_: int) -> list[str]:
    return ["mlserver", "start", "mlserver_model"]


def body(rows: list[list[float]]) -> object:
    data = [value for row in rows for value in row]
    return {"inputs": [{"name": "x", "shape": [len(rows), len(rows[0])], "datatype": "FP64", "data": data}]}


def environment(port: int) -> dict[str, str]:
    """Port 0 is any that is free."""
    return {"MLSERVER_HTTP_PORT": str(port), "MLSERVER_GRPC_PORT": "0", "MLSERVER_METRICS_PORT": "0"} | {
        "MLSERVER_HOST": "127.0.0.1",
        "MLSERVER_PARALLEL_WORKERS": "0",
        "MLSERVER_METRICS_DIR": tempfile.mkdtemp(prefix="mlserver-metrics-"),
        "MLSERVER_ENVIRONMENTS_DIR": tempfile.mkdtemp(prefix="mlserver-environments-"),
    }


STACK = Stack(
    "MLServer, v2 protocol",
    ("mlserver",),
    ("mlserver",),
    command,
    predict="/v2/models/scorer/infer",
    health="/v2/models/scorer/ready",
    body=body,
    environment=environment,
)
