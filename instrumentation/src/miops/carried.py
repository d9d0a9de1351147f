"""The context of a request as it crosses to another process: words of the user's propagators, and nothing but text.

A carrier (``miops.carriers``) puts what :func:`departing` gives beside a request that goes into a queue, and makes
current what :func:`arriving` makes of it while the request is answered. With the trace go the decision of its sampler
and the baggage. A call that answers several requests has none of them as its parent: it is linked to all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, TypeAlias

from opentelemetry import propagate
from opentelemetry.context import Context, get_current
from opentelemetry.trace import Link, NonRecordingSpan, get_current_span, set_span_in_context

from miops import runtime
from miops.context_keys import LINKS

__all__ = ["Carried", "arriving", "departing", "together"]

Carried: TypeAlias = tuple[dict[str, str], ...]
"""Headers of each request that is meant, mostly one: built-in types only, which every process can unpickle."""

_LONGEST: Final = 16_384
"""Characters of the headers of a request; baggage alone has 8,192 at most, by its specification."""
_MOST: Final = 128
"""Requests that are linked to a call: as many links as a span has by default."""


def departing() -> Carried:
    """What the current context says to another process; empty if it says nothing. Never raises."""
    context = get_current()
    if not context:
        return ()
    try:
        links: Any = context.get(LINKS)
        if links:  # an empty set of headers before them: even a single one is no parent
            return ({}, *(_headers(_under(link.context)) for link in links))
        headers = _headers(context)
        return (headers,) if headers else ()
    except Exception as error:  # noqa: BLE001
        runtime.faults.add("context_not_carried", error)
        return ()


def _under(span: Any) -> Context:
    return set_span_in_context(NonRecordingSpan(span), Context())


def _headers(context: Context) -> dict[str, str]:
    """What the user's propagators write; what is too long, or no text, stays behind and is counted."""
    written: dict[str, str] = {}
    propagate.inject(written, context)
    kept: dict[str, str] = {}
    room = _LONGEST
    for name, value in written.items():
        if type(name) is str and type(value) is str and len(name) + len(value) <= room:
            kept[name] = value
            room -= len(name) + len(value)
        else:
            runtime.faults.add("context_header_not_carried")
    return kept


def arriving(requests: Iterable[Carried]) -> Context:
    """The context of one call that answers these requests; an empty one if nothing came along. Never raises."""
    try:
        return together([propagate.extract(one, Context()) for carried in requests for one in carried or ({},)])
    except Exception as error:  # noqa: BLE001
        runtime.faults.add("context_not_carried", error)
        return Context()


def together(contexts: Sequence[Context]) -> Context:
    """The context of one call that answers requests with these contexts.

    A single request's is its own, with its baggage. What several say may differ, so only links to their spans remain.
    """
    if len(contexts) == 1:
        return contexts[0]
    spans = (get_current_span(one).get_span_context() for one in contexts)
    links = tuple(Link(span) for span in spans if span.is_valid)[:_MOST]
    return Context({LINKS: links}) if links else Context()
