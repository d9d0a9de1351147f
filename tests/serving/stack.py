"""A way of serving a model that is proven end to end: what it needs, how it is started, how it is asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeAlias

__all__ = ["APPS", "TIES", "Stack", "Tie"]

APPS = Path(__file__).with_name("apps")

Tie: TypeAlias = Literal["span", "links", "trace", "none"]
TIES: Final[tuple[Tie, ...]] = ("span", "links", "trace", "none")
"""How a row hangs together with its request, the closest first: its span is under the server's span; or it is linked to
one that is, because one call answered several requests; or it has the same trace at least; or nothing."""


@dataclass(frozen=True)
class Stack:
    """A serving stack; one per file of ``stacks/``, under the name ``STACK``.

    ``command`` and ``environment`` get a port of localhost; the command is run after ``opentelemetry-instrument``, in
    the folder of the apps. ``body`` makes the JSON of a request from rows of numbers.
    ``tie`` says how rows hang together with their requests; ``why`` says what the server does to lose more than that.
    ``baggage`` says whether rows have what callers say by it, and ``undrained`` why rows of the last second before a
    restart are lost, if they are. ``distributions`` are the packages it is made of. ``starts`` is how often
    it is started at most, if it gives up by itself before it answers.
    """

    name: str
    modules: tuple[str, ...]
    distributions: tuple[str, ...]
    command: Callable[[int], list[str]]
    predict: str = "/predict"
    health: str = "/health"
    body: Callable[[list[list[float]]], object] = lambda rows: rows
    environment: Callable[[int], dict[str, str]] = lambda port: {}
    workers: int = 1
    tie: Tie = "span"
    why: str = ""
    baggage: bool = True
    undrained: str = ""
    start_seconds: float = 180.0
    starts: int = 1
