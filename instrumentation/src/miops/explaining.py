"""A sample of rows is explained on a thread of its own, within a budget, before it is sent."""

from __future__ import annotations

import threading
import weakref
from collections import deque
from collections.abc import Callable
from time import monotonic, thread_time
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from opentelemetry.context import attach, get_current, set_value

from miops.attributions import Attributions
from miops.call import Call, Extras
from miops.explainers import Explainer, Task, built
from miops.faults import Faults
from miops.inputs import concatenated, inputs_of, some
from miops.weak import WeakIdMap

__all__ = ["Explaining", "Plan", "plans"]

_WAITING_CALLS: Final = 64
"""Calls that may wait; more are sent unexplained."""
_BACKGROUND_ROWS: Final = 100
_FAILURES: Final = 3
"""After so many in a row a model is not explained any more."""


class Plan:
    """How one model is explained.

    The budget is a bucket of CPU seconds that fills by ``budget`` each second, up to one second's worth. Explaining
    begins while there is anything in it and may overdraw it; then nothing more is chosen until that is paid back.
    """

    def __init__(
        self,
        model: object,
        explainer: str | Callable[[Any], Any],
        *,
        ratio: float,
        budget: float,
        background: Any = None,
        random: np.random.Generator | None = None,
    ) -> None:
        self._model = weakref.ref(model)
        self._kind, self._ratio, self._budget = explainer, ratio, budget
        self._background = background
        self._seen: list[Any] = []
        self._built: tuple[Explainer, str] | None = None
        self._random = random or np.random.default_rng()
        self._left, self._filled = budget, monotonic()
        self._row_cost: float | None = None
        self._failures = 0

    def choose(self, call: Call, waiting: int) -> NDArray[np.intp] | None:
        """Rows of the call to explain, when so many wait already; ``None`` if there are none."""
        if self._failures >= _FAILURES or not self._ready(call) or not self._affordable(waiting):
            return None
        chosen = np.flatnonzero(self._random.random(call.rows) < self._ratio)
        return chosen if len(chosen) else None

    def _ready(self, call: Call) -> bool:
        """Whether there is a background; the first rows become it if the user gave none."""
        if self._background is not None or callable(self._kind):
            return True
        inputs = inputs_of(call.layout, call.features)
        if inputs is not None:
            self._seen.append(some(inputs, np.arange(min(call.rows, _BACKGROUND_ROWS))).copy())
            if sum(map(len, self._seen)) >= _BACKGROUND_ROWS:
                self._background, self._seen = concatenated(self._seen), []
        return self._background is not None

    def _affordable(self, waiting: int) -> bool:
        now = monotonic()
        self._left = min(self._budget, self._left + (now - self._filled) * self._budget)
        self._filled = now
        if self._row_cost is None:  # nothing is known yet: one at a time
            return waiting == 0
        return self._left > waiting * self._row_cost

    def explained(self, call: Call, rows: NDArray[np.intp]) -> Call:
        """The call with the attributions of these rows.

        Raises
        ------
        Exception
            Whatever the explainer raises.
        """
        began = thread_time()
        try:
            attributions = self._attributions(call, rows)
        except Exception:
            self._failures += 1
            raise
        finally:
            cost = thread_time() - began
            self._left -= cost
            self._row_cost = cost / len(rows)
        self._failures = 0
        return call._replace(extras=(call.extras or Extras())._replace(attributions=attributions))

    def _attributions(self, call: Call, rows: NDArray[np.intp]) -> Attributions | None:
        model, inputs = self._model(), inputs_of(call.layout, call.features)
        if model is None or inputs is None:
            return None
        names = call.layout.names
        if self._built is None:
            self._built = built(self._kind, Task(model, self._background, call.layout.source.positive, names))
        explain, method = self._built
        found = np.asarray(explain(some(inputs, rows)), dtype=np.float64)
        if found.shape != (len(rows), len(names)):
            raise ValueError(f"the explainer returned {found.shape} for {len(rows)} rows of {len(names)} features")
        values = np.full((call.rows, len(names)), np.nan)
        values[rows] = found
        return Attributions(names, values, method)


plans: WeakIdMap[Plan] = WeakIdMap()
"""By model object."""


class _Held(NamedTuple):
    call: Call
    plan: Plan
    rows: NDArray[np.intp]


class Explaining:
    """Calls that wait for their explanation, of one recorder; each comes back once, explained or not."""

    def __init__(self, faults: Faults, wake: Callable[[], None]) -> None:
        self._faults, self._wake = faults, wake
        self._changed = threading.Condition()
        self._waiting: deque[_Held] = deque()
        self._current: _Held | None = None
        self._done: list[Call] = []
        self._thread: threading.Thread | None = None

    def take(self, calls: list[Call]) -> list[Call]:
        """The calls to send now; the others wait."""
        if not plans.entries:
            return calls
        return [call for call in calls if not self._hold(call, call.layout.source.plan)]

    def done(self) -> list[Call]:
        """Calls that have waited long enough."""
        with self._changed:
            done, self._done = self._done, []
        return done

    def release(self, seconds: float) -> None:
        """Wait so long for what is being explained; then everything is done as it is."""
        with self._changed:
            self._changed.wait_for(lambda: not self._waiting and self._current is None, seconds)
            left = [*([self._current] if self._current else []), *self._waiting]
            self._current = None
            self._waiting.clear()
            self._done += [held.call for held in left]

    def _hold(self, call: Call, plan: Plan | None) -> bool:
        if plan is None:
            return False
        try:
            rows = plan.choose(call, self._rows_of(plan)) if len(self._waiting) < _WAITING_CALLS else None
        except Exception as error:  # noqa: BLE001
            self._faults.add("not_explained", error)
            return False
        if rows is None or not self._start():
            return False
        with self._changed:
            self._waiting.append(_Held(call, plan, rows))
            self._changed.notify_all()
        return True

    def _rows_of(self, plan: Plan) -> int:
        with self._changed:
            held = [*self._waiting, *([self._current] if self._current else [])]
            return sum(len(one.rows) for one in held if one.plan is plan)

    def _start(self) -> bool:
        if self._thread is None:
            thread = threading.Thread(target=self._run, name="miops-explainer", daemon=True)
            try:
                thread.start()
            except RuntimeError as error:  # the interpreter is shutting down
                self._faults.add("no_thread", error)
                return False
            self._thread = thread
        return True

    def _run(self) -> None:
        attach(set_value("suppress_instrumentation", True, get_current()))  # noqa: FBT003  # the model is asked by us
        while True:
            with self._changed:
                self._changed.wait_for(lambda: bool(self._waiting))
                held = self._current = self._waiting.popleft()
            call = self._explained(held)
            with self._changed:
                if self._current is held:  # else it was released meanwhile
                    self._current = None
                    self._done.append(call)
                    self._changed.notify_all()
            self._wake()

    def _explained(self, held: _Held) -> Call:
        try:
            return held.plan.explained(held.call, held.rows)
        except Exception as error:  # noqa: BLE001
            self._faults.add("not_explained", error)
            return held.call
