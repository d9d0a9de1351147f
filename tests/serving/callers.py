"""Requests to a server, each of a caller with a trace of its own, and how rows hang together with them."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.serving.sink import Sink
from tests.serving.stack import TIES, Stack, Tie

__all__ = ["REQUESTS", "ROWS_EACH", "answers", "entity", "is_sampled", "loosest", "number_of", "send_all", "trace_of"]

REQUESTS, ROWS_EACH = 50, 2
AT_ONCE = 25
_TRACES = 0x5EED << 112
"""All their trace ids begin with this."""


def trace_of(number: int) -> bytes:
    return (_TRACES + number + 1).to_bytes(16, "big")


def is_sampled(number: int) -> bool:
    """The caller of every fifth request has decided that its trace is not kept."""
    return number % 5 != 0


def entity(number: int) -> str:
    return f"applicant-{number}"


def number_of(row: dict[str, Any]) -> int:
    """Which request a row answers: the first number of all that it sent."""
    return int(row["feature.x0"])


def send_all(url: str, stack: Stack) -> None:
    with ThreadPoolExecutor(AT_ONCE) as callers:
        list(callers.map(lambda number: _ask(url, stack, number), range(REQUESTS)))


def _ask(url: str, stack: Stack, number: int) -> None:
    rows = [[float(number), 1.0, 2.0, float(row)] for row in range(ROWS_EACH)]
    said = {
        "content-type": "application/json",
        "traceparent": f"00-{trace_of(number).hex()}-{number + 1:016x}-{'01' if is_sampled(number) else '00'}",
        "baggage": f"miops.entity.id={entity(number)}",
    }
    request = urllib.request.Request(url + stack.predict, json.dumps(stack.body(rows)).encode(), said)
    with urllib.request.urlopen(request, timeout=60) as answer:
        assert answer.status == 200
        answer.read()


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except urllib.error.HTTPError:
        return False


def _tie_of(row: dict[str, Any], sink: Sink) -> Tie:
    """How closely a row hangs together with the request that it answers; no other request's is looked at."""
    own = trace_of(number_of(row))
    above = sink.server_span_above(row["span_id"] or b"")
    if above is not None and above.trace_id == own:
        return "span"
    span = sink.spans.get(row["span_id"] or b"")
    linked = [sink.server_span_above(link.span_id) for link in span.links] if span is not None else []
    if any(one is not None and one.trace_id == own for one in linked):
        return "links"
    return "trace" if row["trace_id"] == own else "none"


def loosest(rows: list[dict[str, Any]], sink: Sink) -> Tie:
    """How all of these rows hang together with their requests at least."""
    return max((_tie_of(row, sink) for row in rows), key=TIES.index)
