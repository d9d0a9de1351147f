"""The recorder: callers append and return; one background thread encodes, sends and counts.

Nothing here blocks a caller, and what is held is bounded in rows and bytes; see :class:`miops.ledger.Ledger`.
"""

from __future__ import annotations

import atexit
import os
import threading
import weakref
from collections.abc import Callable, Iterable
from time import monotonic, sleep, time_ns
from typing import Any, Final

from opentelemetry import metrics
from opentelemetry.context import attach, detach, get_current, set_value

from miops.blocks import BlockPool
from miops.call import Call
from miops.config import Config
from miops.draining import drain_at_shutdown
from miops.event import Request
from miops.explaining import Explaining, plans
from miops.faults import Faults
from miops.ids import IdSpace
from miops.instruments import Instruments
from miops.lanes import Packed
from miops.ledger import Ledger
from miops.models import Model
from miops.pending import HOLD_NS, Pending, Slots
from miops.sender import Sender
from miops.transport import Transport
from miops.truths import Truth

__all__ = ["Recorder"]

_CALLS_AT_ONCE: Final = 1024
"""Encoding more at once would hold the interpreter's lock for milliseconds."""
_TICKETS: Final = 64
"""For how many packed calls at most room is asked at once,"""
_TICKET_BYTES: Final = 65_536
"""and of how many bytes."""
_LARGE: Final = 1_000_000
"""Bytes of a call that is worth coming for."""
_EXPLAINING_SECONDS: Final = 0.5
"""How long a flush waits for explanations that have begun."""
_SUPPRESS: Final = "suppress_instrumentation"
_YES: Final = True


class Recorder:
    """Rows on their way from callers to the collector."""

    def __init__(
        self,
        config: Config,
        faults: Faults,
        *,
        meter_provider: metrics.MeterProvider | None = None,
        transport: Callable[[], Transport] | None = None,
        resource: Any = None,
        refresh: Callable[[], None] = lambda: None,
    ) -> None:
        self._config, self._faults, self._refresh = config, faults, refresh
        self._transport, self._resource = transport, resource
        self.flush_calls: Final = config.flush_rows
        """So many waiting calls wake the thread."""
        self.slots = Slots(self.hand_on)
        self._begin()
        self.instruments = Instruments(self, faults, meter_provider)
        _recorders.add(self)

    def _begin(self) -> None:
        """Empty state with new locks, ids and no thread: at the start and in a forked child."""
        config = self._config
        self.ids = IdSpace()
        self.pool = BlockPool(config.buffer_bytes)
        self.ledger = Ledger(config.buffer_rows, config.buffer_bytes)
        self.calls: list[Call | Packed] = []
        """Appended to by callers, whose every append is atomic; only the flush takes calls out, from the other end."""
        self.tickets: dict[int, list[bool]] = {}
        """By size: for how many packed calls the ledger has room already. Who pops one need not ask it."""
        self._failures: list[Call] = []
        """Apart from the others: what models cannot take may be what cannot be encoded either."""
        self._truths: list[Truth] = []
        self._events: list[Request] = []
        self._lock = threading.RLock()
        self._wake = threading.Event()
        self._progress = threading.Condition()
        self._asked = self._done = 0
        self.thread: threading.Thread | None = None
        self._stopped = False
        self._explaining = Explaining(self._faults, self._wake.set)
        self.sender = Sender(config, self._faults, self.ledger, self.ids, self.pool, self._transport, self._resource)

    def append(self, call: Call) -> None:
        """Take a call in; over a cap it is dropped and counted."""
        if not self.ledger.admit(call.rows, call.size):
            self.sender.give_back(call)
            return
        self.calls.append(call)
        self.attend(at_once=call.size > _LARGE)

    def append_packed(self, packed: Packed) -> None:
        """The same for a packed call; where there is no ticket for it there will be some for the next ones."""
        size = packed.lane.size
        tickets = self.tickets.setdefault(size, [])
        try:
            tickets.pop()
        except IndexError:
            more = min(_TICKET_BYTES // size, _TICKETS)
            if more > 1 and self.ledger.reserve(more, more * size):
                tickets.extend([True] * (more - 1))
            elif not self.ledger.admit(1, size):
                return
        self.calls.append(packed)
        self.attend()

    def hand_on(self, held: Pending | Packed) -> None:
        """Take in a call that has waited for its counterpart."""
        if isinstance(held, Packed):
            self.append_packed(held)
        else:
            self.append(held.call)

    def _return_tickets(self) -> None:
        for size, tickets in list(self.tickets.items()):
            unused = 0
            try:
                while tickets.pop():
                    unused += 1
            except IndexError:  # callers may have been faster
                self.ledger.give_back(unused, unused * size)

    def attend(self, *, at_once: bool = False) -> None:
        """See that the thread runs, and that it comes now where many calls wait."""
        if at_once or len(self.calls) >= self.flush_calls:
            self._wake.set()
        if self.thread is None:
            self.start()

    def append_truth(self, truth: Truth) -> None:
        """Take ground truth in; over a cap it is dropped and counted."""
        if not self.ledger.admit(truth.rows, truth.size):
            return
        with self._lock:
            self._truths.append(truth)
        self.attend(at_once=len(self._truths) >= self._config.flush_rows)

    def enqueue(self, requests: Iterable[Request], *, timeout_seconds: float) -> None:
        """Take encoded events in, waiting while there is no room; after the timeout they are dropped and counted."""
        deadline = monotonic() + timeout_seconds
        self.start()
        for request in requests:
            size = len(request.body)
            while not self.ledger.has_room(request.rows, size) and monotonic() < deadline:
                self._wake.set()
                sleep(0.01)
            if self.ledger.admit(request.rows, size):
                with self._lock:
                    self._events.append(request)
        self._wake.set()

    def failed(self, model: Model, error: str, call: Call) -> None:
        """Take in a call that the model ended with an error; over a cap its rows are dropped and counted."""
        self.instruments.failed(model, error, call.duration)
        if not (call.rows and self.ledger.admit(call.rows, call.size)):
            self.sender.give_back(call)
            return
        with self._lock:
            self._failures.append(call)
        self.attend(at_once=len(self._failures) >= self.flush_calls or call.size > _LARGE)

    @property
    def queued(self) -> int:
        """Rows taken in and neither sent nor dropped, those that wait for their counterpart included."""
        return self.ledger.rows - sum(map(len, list(self.tickets.values()))) + len(self.slots)

    def start(self) -> None:
        """Start the background thread, unless it runs."""
        with self._lock:
            if self.thread is not None or self._stopped:
                return
            self.thread = threading.Thread(target=self._run, name="miops-recorder", daemon=True)
            try:
                self.thread.start()
            except RuntimeError as error:  # the interpreter is shutting down: shutdown() flushes what there is
                self.thread = None
                self._faults.add("no_thread", error)

    def _run(self) -> None:
        token = attach(set_value(_SUPPRESS, _YES, get_current()))  # our own requests are nobody's telemetry
        try:
            while not self._stopped:
                self._wake.wait(self._config.flush_interval)
                self._wake.clear()
                self._once()
        finally:
            detach(token)

    def _once(self, *, everything: bool = False) -> None:
        with self._progress:
            asked = self._asked
        everything = everything or asked > self._done
        try:
            self._refresh()
            self.slots.release(time_ns() + HOLD_NS if everything else time_ns() - HOLD_NS)
            self._flush(everything=everything)
        except Exception as error:  # noqa: BLE001
            self._faults.add("flush_failed", error)
        with self._progress:
            self._done = max(self._done, asked)
            self._progress.notify_all()

    def _flush(self, *, everything: bool) -> None:
        """Everything that is there now; what comes meanwhile is left for the next time."""
        self._return_tickets()
        waiting = len(self.calls)
        while waiting > 0:
            taken = self.calls[:_CALLS_AT_ONCE]
            del self.calls[:_CALLS_AT_ONCE]
            waiting -= len(taken)
            packed, calls = _told_apart(taken)
            self.sender.send_calls(self._explaining.take(calls), self.instruments)
            self.sender.send_packed(packed, self.instruments)
        if everything:
            self._explaining.release(_EXPLAINING_SECONDS)
        self.sender.send_calls(self._explaining.done(), self.instruments)
        with self._lock:
            failures, self._failures = self._failures, []
            truths, self._truths = self._truths, []
            events, self._events = self._events, []
        for at in range(0, len(failures), _CALLS_AT_ONCE):
            self.sender.send_calls(failures[at : at + _CALLS_AT_ONCE], self.instruments)
        self.sender.send_truths(truths)
        self.sender.send_events(events)
        self.instruments.flush()

    def flush(self, timeout_seconds: float = 10.0) -> bool:
        """Send everything recorded so far; whether that was done in time."""
        self.start()
        if self.thread is None:
            self._once(everything=True)
            return True
        deadline = monotonic() + timeout_seconds
        with self._progress:
            self._asked += 1
            ticket = self._asked
            self._wake.set()
            while self._done < ticket and self.thread is not None:
                left = deadline - monotonic()
                if left <= 0 or not self._progress.wait(left):
                    return self._done >= ticket
        return self._done >= ticket

    def drain(self) -> None:
        """Send what is there, within the exit timeout, and go on."""
        try:
            if self.queued:
                self.flush(self._config.exit_timeout)
        except Exception as error:  # noqa: BLE001
            self._faults.add("not_drained", error)

    def shutdown(self) -> None:
        """Send what is left within the exit timeout; what does not arrive is counted as dropped."""
        if self._stopped:
            return
        _recorders.discard(self)
        timeout, exporter = self._config.exit_timeout, self.sender.exporter
        if exporter is not None:
            exporter.stop(timeout)
        sent = self.queued == 0 or self.flush(timeout)
        self._stopped = True
        self._wake.set()
        if exporter is not None:
            exporter.abort()
        thread = self.thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(0.3)
        self._return_tickets()
        if not sent or self.ledger.rows:
            self.ledger.settle(dropped=self.ledger.rows, reason="shutdown")

    def after_fork(self) -> None:
        """In the child: nothing of the parent's rows, locks, thread or channel is touched."""
        _abandoned.append(self.sender)
        self.slots.clear()
        self.slots = Slots(self.hand_on)
        self._begin()
        self.instruments.after_fork()
        self._faults.after_fork()


def _told_apart(taken: list[Call | Packed]) -> tuple[list[Packed], list[Call]]:
    """Packed calls, and others; those of models that are explained are told one by one."""
    if plans.entries:
        return [], [one.call if isinstance(one, Packed) else one for one in taken]
    packed: Any = [one for one in taken if type(one) is Packed]
    return packed, [one for one in taken if isinstance(one, Call)] if len(packed) < len(taken) else []


_recorders: weakref.WeakSet[Recorder] = weakref.WeakSet()
_abandoned: list[Sender] = []
"""Of parent processes: closing a parent's channel in a child, as collection would, may hang."""


def _after_fork_in_child() -> None:
    for recorder in list(_recorders):
        recorder.after_fork()


def _drain() -> None:
    for recorder in list(_recorders):
        recorder.drain()


def _at_exit() -> None:
    for recorder in list(_recorders):
        recorder.shutdown()


os.register_at_fork(after_in_child=_after_fork_in_child)
atexit.register(_at_exit)
drain_at_shutdown(_drain)
