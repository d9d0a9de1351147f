"""FastAPI under uvicorn, endpoint in the thread pool."""

from __future__ import annotations

from tests.serving.stack import Stack


def command(port: int) -> list[str]:
    return ["uvicorn", "fastapi_app:app", "--port", str(port), "--log-level", "warning"]


STACK = Stack(
    "FastAPI, uvicorn, endpoint in the thread pool",
    ("fastapi", "uvicorn"),
    ("fastapi", "uvicorn"),
    command,
    predict="/predict-in-thread",
)
