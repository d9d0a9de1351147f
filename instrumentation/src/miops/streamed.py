"""Answers that a framework gives one after the other: each is recorded when the program takes it, and none is taken."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Sequence
from time import perf_counter_ns, time_ns
from typing import Any, Final

from miops import runtime
from miops.calls import Opening, begin, fail, guarded_call
from miops.capture import capture
from miops.readings import ANY, Part, close
from miops.sources import Source
from miops.weak import WeakIdMap

__all__ = ["Stream", "note_input", "streams"]


class _Local(threading.local):
    """Per thread: the stream whose next answer is being made."""

    stream: Stream | None = None


_local: Final = _Local()
os.register_at_fork(after_in_child=lambda: setattr(_local, "stream", None))  # answers will not come in a child


class Stream:
    """What is known of an iterator over answers.

    Inputs are noted as the framework reads them, which may be many before their answers come. If it reads them in
    another process nothing is noted, and the rows have no features. Nor have those of a program that begins anew while
    inputs wait for their answers: versions differ in whether these still come.
    """

    __slots__ = ("_framework", "_inputs", "_lost", "_model", "_named", "_take")

    def __init__(
        self,
        framework: str,
        model: Any,
        take: Callable[[Any, Source], Sequence[Part]],
        named: Callable[[Any], Any],
    ) -> None:
        self._framework, self._model, self._take, self._named = framework, model, take, named
        self._inputs: deque[Any] = deque()
        self._lost = False
        """Whether it is not known any more which answer belongs to which input."""

    def restart(self) -> None:
        """The program begins anew."""
        self._lost = self._lost or bool(self._inputs)
        self._inputs.clear()

    def note(self, given: Any) -> None:
        """The framework reads an input."""
        if not self._lost:
            self._inputs.append(given)

    def next(self, function: Callable[[], Any]) -> Any:
        """The next answer, recorded. Its duration is how long the program waited for it."""
        outer, _local.stream = _local.stream, self
        start, began = time_ns(), perf_counter_ns()
        opening = begin(ANY, self._framework, self._model, None)
        try:
            answer = guarded_call(function, (), {})
        except BaseException as error:
            self._end(opening, start, perf_counter_ns() - began, error)
            raise
        finally:
            _local.stream = outer
        one = [self._inputs.popleft()] if self._inputs else []
        if opening is not None:
            close(self._seeing(opening, one), self._take, start, perf_counter_ns() - began, answer)
        return answer

    def _end(self, opening: Opening | None, start: int, duration: int, error: BaseException) -> None:
        """No answer: there are no more, or all that was read for it failed."""
        waiting = list(self._inputs)
        self._inputs.clear()
        if opening is not None and isinstance(error, StopIteration):
            close(opening, lambda *_: (), start, duration, None)
        elif opening is not None:
            fail(self._seeing(opening, waiting), duration, error)

    def _seeing(self, opening: Opening, inputs: Sequence[Any]) -> Opening:
        if not inputs:
            return opening
        try:
            captured = capture(self._named(inputs), opening.source, opening.recorder.pool)
        except Exception as error:  # noqa: BLE001
            runtime.faults.add("input_not_captured", error)
            return opening
        return opening._replace(captured=captured)


streams: Final[WeakIdMap[Stream]] = WeakIdMap()
"""By iterator."""


def note_input(given: Any) -> None:
    """The framework reads an input, for a stream if one is being advanced."""
    stream = _local.stream
    if stream is not None:
        stream.note(given)
