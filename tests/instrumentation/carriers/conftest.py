"""Requests with contexts of their own, and who is seen to be answered."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from opentelemetry import propagate, trace
from opentelemetry.context import Context, attach, detach, get_current
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from miops import runtime
from miops._instrumentor import PatchingInstrumentor
from miops.context_keys import LINKS


@pytest.fixture(autouse=True)
def _w3c() -> Iterator[None]:
    before = propagate.get_global_textmap()
    propagate.set_global_textmap(TraceContextTextMapPropagator())
    yield
    propagate.set_global_textmap(before)


@contextmanager
def request_of(number: int) -> Iterator[None]:
    """Inside, the server answers the request whose trace has this number."""
    span = SpanContext(number, number, is_remote=False, trace_flags=TraceFlags(1))
    token = attach(trace.set_span_in_context(NonRecordingSpan(span), Context()))
    try:
        yield
    finally:
        detach(token)


def seen() -> tuple[int, list[int]]:
    """The parent that a span would have here, and the traces of the requests that it would be linked to."""
    links: Any = get_current().get(LINKS, ())
    return trace.get_current_span().get_span_context().trace_id, [link.context.trace_id for link in links]


@contextmanager
def patched(carrier: PatchingInstrumentor, **modules: Any) -> Iterator[None]:
    """A carrier's work done by hand, on stand-ins of a server's modules: by name of the method that patches each."""
    runtime.activate(carrier.framework)
    for method, module in modules.items():
        getattr(carrier, method)(module)
    try:
        yield
    finally:
        runtime.deactivate(carrier.framework)
        carrier.patches.undo()
