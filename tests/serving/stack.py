"""A way of serving a model that is proven end to end: what it needs, how it is started, how it is asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["APPS", "Stack"]

APPS = Path(__file__).with_name("apps")


@dataclass(frozen=True)
class Stack:
    """A serving stack; one per file of ``stacks/``, under the name ``STACK``.

    ``command`` gets a port of localhost and returns what is run after ``opentelemetry-instrument``, in the folder of
    the apps. ``body`` makes the JSON of a request from rows of numbers. Where the server makes the prediction in
    another process than it answers in, and carries no trace context there, ``untraced`` says so.
    """

    name: str
    modules: tuple[str, ...]
    command: Callable[[int], list[str]]
    predict: str = "/predict"
    health: str = "/health"
    body: Callable[[list[list[float]]], object] = lambda rows: rows
    environment: dict[str, str] = field(default_factory=dict)
    workers: int = 1
    untraced: str = ""
    start_seconds: float = 90.0
