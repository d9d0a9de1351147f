"""FastAPI under uvicorn with several workers, asynchronous endpoint."""

from __future__ import annotations

from tests.serving.stack import Stack


def command(port: int) -> list[str]:
    return ["uvicorn", "fastapi_app:app", "--port", str(port), "--workers", "2", "--log-level", "warning"]


STACK = Stack(
    "FastAPI, uvicorn, 2 workers, async endpoint", ("fastapi", "uvicorn"), ("fastapi", "uvicorn"), command, workers=2
)
