"""An obligation: its wording level, where it is written, what is expected, and a function that finds out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules
from typing import Final, Literal, TypeAlias

from tests.otlp_conformance.wire import Wire, WireName

__all__ = ["ALL", "GRPC", "HTTP", "MAY", "MUST", "SHOULD", "Case", "Level", "Skip", "case", "discover"]

Level: TypeAlias = Literal["MUST", "SHOULD", "MAY"]
MUST: Final = "MUST"
SHOULD: Final = "SHOULD"
MAY: Final = "MAY"
GRPC: Final[tuple[WireName, ...]] = ("grpc",)
HTTP: Final[tuple[WireName, ...]] = ("protobuf", "json")
ALL: Final[tuple[WireName, ...]] = (*GRPC, *HTTP)
_SPECIFICATION = "https://opentelemetry.io/docs/specs/otlp/#"

Run: TypeAlias = Callable[[Wire], None]


class Skip(Exception):
    """The endpoint gave no occasion to see whether it does what it should; the message says why."""


@dataclass(frozen=True, slots=True)
class Case:
    """One obligation; it raises ``AssertionError`` when it is not met.

    Attributes
    ----------
    level
        How strongly the specification, or what else is linked, words it.
    link
        Where it is written, or for a fault of a real receiver where that was reported.
    on
        The wires it is run on, each with its own result.
    """

    topic: str
    name: str
    level: Level
    link: str
    on: Sequence[WireName]
    expectation: str
    run: Run

    @property
    def id(self) -> str:
        return f"{self.topic}.{self.name}"


def case(level: Level, link: str, *, on: Sequence[WireName] = ALL) -> Callable[[Run], Case]:
    """Make a case of a function: its name is the case's, the first line of its docstring what is expected.

    ``link`` is an address, or an anchor of the OTLP specification.
    """

    def made(run: Run) -> Case:
        topic = run.__module__.rpartition(".")[2]
        expectation = (run.__doc__ or "").strip().partition("\n")[0].rstrip(".")
        assert expectation, f"{topic}.{run.__name__} does not say what it expects"
        address = link if link.startswith("https://") else _SPECIFICATION + link
        return Case(topic, run.__name__, level, address, tuple(on), expectation, run)

    return made


def discover() -> Iterator[Case]:
    """Every case, by topic, in the order they are written."""
    package = import_module("tests.otlp_conformance.cases")
    for module in sorted(info.name for info in iter_modules(package.__path__)):
        yield from (v for v in vars(import_module(f"{package.__name__}.{module}")).values() if isinstance(v, Case))
