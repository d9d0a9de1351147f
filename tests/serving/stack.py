"""A way of serving a model that is proven end to end: what it needs, how it is started, how it is asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

__all__ = ["APPS", "Stack"]

APPS = Path(__file__).with_name("apps")


@dataclass(frozen=True)
class Stack:
    """A serving stack; one per file of ``stacks/``, under the name ``STACK``.

    ``command`` and ``environment`` get a port of localhost; the command is run after ``opentelemetry-instrument``, in
    the folder of the apps. ``body`` makes the JSON of a request from rows of numbers.
    ``tie`` says how a row hangs together with its request: its span is under the server's span, or it has the same
    trace at least, or neither; ``why`` says what the server does to lose it. ``undrained`` says why rows of the last
    second before a restart are lost, if they are.
    """

    name: str
    modules: tuple[str, ...]
    command: Callable[[int], list[str]]
    predict: str = "/predict"
    health: str = "/health"
    body: Callable[[list[list[float]]], object] = lambda rows: rows
    environment: Callable[[int], dict[str, str]] = lambda port: {}
    workers: int = 1
    tie: Literal["span", "trace", "none"] = "span"
    why: str = ""
    undrained: str = ""
    start_seconds: float = 90.0
