"""A call whose answer comes later, on whatever thread: what is known of it meanwhile, and how it is recorded then."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from time import perf_counter_ns, time_ns
from typing import Any

from opentelemetry.context import attach, detach, get_current

from miops.calls import Opening, fail
from miops.readings import Part, Read, close, open_reading
from miops.sources import Source

__all__ = ["Later", "open_later"]


class _Ending:
    """A span that ended when the answer came, although the program looked at it later."""

    __slots__ = ("_at", "_span")

    def __init__(self, span: Any, at: int) -> None:
        self._span, self._at = span, at

    def end(self) -> None:
        self._span.end(self._at)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._span, name)


class Later:
    """A call that has been sent. It is recorded once, and not at all if no answer comes: nobody else refers to this."""

    __slots__ = ("__weakref__", "_arrived", "_began", "_opening", "_start", "_take", "_token", "size")

    def __init__(self, opening: Opening, take: Callable[[Any, Source], Sequence[Part]]) -> None:
        self._opening, self._take, self._token = [opening], take, opening.span.token
        self.size = opening.captured.size
        """Bytes of the input that are held."""
        self._arrived = 0
        self._start, self._began = time_ns(), perf_counter_ns()

    def sent(self) -> None:
        """Sending is over, on the thread that began it: its span is not current any more."""
        token, self._token = self._token, None
        if token is not None:
            detach(token)

    def arrive(self, *_: Any) -> None:
        """The answer is there, and the program may look at it later."""
        self._arrived = perf_counter_ns()

    def answered(self, result: Any) -> None:
        """Never raises."""
        opening = self._once()
        if opening is not None:
            close(opening, self._take, self._start, self._duration(), result)

    def failed(self, error: BaseException) -> None:
        """Never raises."""
        opening = self._once()
        if opening is not None:
            fail(opening, self._duration(), error)

    def _duration(self) -> int:
        return (self._arrived or perf_counter_ns()) - self._began

    def _once(self) -> Opening | None:
        """The call, unless it was recorded; its span is current for a moment on this thread, to which tokens belong."""
        try:
            opening = self._opening.pop()
        except IndexError:
            return None
        if opening.span.span is None:
            return opening
        span: Any = opening.span.span
        if self._arrived:
            span = _Ending(span, self._start + self._arrived - self._began)
        return opening._replace(span=opening.span._replace(span=span, token=attach(get_current())))


def open_later(
    read: Read, framework: str, model: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]
) -> Later | None:
    """Read the arguments of a call that is about to be sent; ``None`` if it is not to be recorded. Never raises."""
    opened = open_reading(read, framework, model, args, kwargs)
    return None if opened is None else Later(*opened)
