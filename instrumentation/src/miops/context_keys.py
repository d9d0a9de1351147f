"""Keys under which OpenTelemetry keeps things in its context, learned once through its public functions.

Reading the context mapping directly takes a tenth of the time of the public getters, which matters on the
caller's thread of every prediction.
"""

from __future__ import annotations

from typing import Final

from opentelemetry.baggage import set_baggage
from opentelemetry.context import Context, get_current
from opentelemetry.instrumentation.utils import suppress_instrumentation
from opentelemetry.trace import INVALID_SPAN, set_span_in_context

__all__ = ["BAGGAGE", "SPAN", "SUPPRESSED"]


def _suppression_keys() -> tuple[str, ...]:
    with suppress_instrumentation():
        return tuple(key for key, value in get_current().items() if value is True)


BAGGAGE: Final = next(iter(set_baggage("miops", "learn", Context())))
SPAN: Final = next(iter(set_span_in_context(INVALID_SPAN, Context())))
SUPPRESSED: Final = frozenset(_suppression_keys())
"""Instrumentation is suppressed where any of these is true."""
