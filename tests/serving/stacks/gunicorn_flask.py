"""Flask under gunicorn, forked workers, the application loaded before the fork."""

from __future__ import annotations

from tests.serving.stack import Stack


def command(port: int) -> list[str]:
    return ["gunicorn", "flask_app:app", "--bind", f"127.0.0.1:{port}", "--workers", "2", "--preload"]


STACK = Stack(
    "Flask, gunicorn, 2 workers, preloaded",
    ("flask", "gunicorn", "opentelemetry.instrumentation.flask"),
    ("flask", "gunicorn"),
    command,
    workers=2,
)
