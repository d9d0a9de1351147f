"""LitServe with two workers, which predict in processes of their own."""

from __future__ import annotations

from tests.serving.stack import Stack


def command(port: int) -> list[str]:
    return ["python", "litserve_app.py", str(port)]


STACK = Stack(
    "LitServe, 2 workers",
    ("litserve",),
    ("litserve",),
    command,
    body=lambda rows: {"rows": rows},
    workers=2,
)
