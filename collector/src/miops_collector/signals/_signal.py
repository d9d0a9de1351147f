"""The contract of a signal, and all of them at once."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Protocol, cast

from miops_collector._discovery import component, modules
from miops_collector.layout import Summaries
from miops_collector.report import Observation
from miops_collector.signals._context import Context

__all__ = ["Signal", "evaluate_all", "signals"]


class Signal(Protocol):
    """One kind of question about a window."""

    def __call__(self, context: Context, reference: Summaries | None, current: Summaries) -> Iterator[Observation]:
        """What it finds; nothing for a model it does not apply to.

        ``reference`` and ``current`` share a layout; ``reference`` is ``None`` when the model has none yet.
        """
        ...


@cache
def signals() -> tuple[Signal, ...]:
    """Every signal, by name."""
    return tuple(cast(Signal, component(module)) for module in modules("miops_collector.signals").values())


def evaluate_all(context: Context, reference: Summaries | None, current: Summaries) -> tuple[Observation, ...]:
    """Every observation about one window of one model version."""
    return tuple(o for signal in signals() for o in signal(context, reference, current))
