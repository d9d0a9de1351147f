"""The recorder: callers append and return; one background thread encodes, sends and counts.

Nothing here blocks a caller, and what is held is bounded in rows and bytes; see :class:`miops.ledger.Ledger`.
"""

from __future__ import annotations

import atexit
import os
import threading
import weakref
from collections.abc import Callable, Iterable, Mapping
from time import monotonic, sleep, time_ns
from types import MappingProxyType
from typing import Any, Final

from opentelemetry import metrics, trace
from opentelemetry.context import attach, detach, get_current, set_value

from miops import semconv
from miops.blocks import BlockPool
from miops.call import Call
from miops.config import Config
from miops.event import Request, event_requests
from miops.export import Exporter
from miops.faults import Faults
from miops.ids import IdSpace
from miops.instruments import Instruments
from miops.ledger import Ledger
from miops.models import Model
from miops.pending import HOLD_NS, Slots
from miops.rows import Rows, rows_of
from miops.transport import Transport, open_transport
from miops.truths import Truth, truth_columns
from miops.version import __version__

__all__ = ["Recorder"]

_CALLS_AT_ONCE: Final = 1024
"""Encoding more at once would hold the interpreter's lock for milliseconds."""
_SUPPRESS: Final = "suppress_instrumentation"


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
        self.slots = Slots(self.append)
        self._begin()
        self.instruments = Instruments(self, faults, meter_provider)
        _recorders.add(self)

    def _begin(self) -> None:
        """Empty state with new locks, ids and no thread: at the start and in a forked child."""
        config = self._config
        self.ids = IdSpace()
        self.pool = BlockPool(config.buffer_bytes)
        self.ledger = Ledger(config.buffer_rows, config.buffer_bytes)
        self._calls: list[Call] = []
        self._truths: list[Truth] = []
        self._events: list[Request] = []
        self._lock = threading.RLock()
        self._wake = threading.Event()
        self._progress = threading.Condition()
        self._asked = self._done = 0
        self._thread: threading.Thread | None = None
        self._stopped = False
        self._exporter = self._new_exporter()

    def _new_exporter(self) -> Exporter | None:
        endpoint = self._config.endpoint
        connect = self._transport
        if connect is None and endpoint is not None:
            connect = lambda: open_transport(endpoint)  # noqa: E731
        if connect is None:
            return None
        timeout = endpoint.timeout_seconds if endpoint is not None else 10.0
        return Exporter(connect, timeout_seconds=timeout, retry_timeout=self._config.retry_timeout)

    # callers' side

    def append(self, call: Call) -> None:
        """Take a call in; over a cap it is dropped and counted."""
        if not self.ledger.admit(call.rows, call.size):
            self.give_back(call)
            return
        self._calls.append(call)  # atomic; and only the flush takes calls out, from the other end
        if len(self._calls) >= self._config.flush_rows or call.size > 1_000_000:
            self._wake.set()
        if self._thread is None:
            self._start()

    def held(self) -> None:
        """A call waits in a slot: somebody must come for it."""
        if self._thread is None:
            self._start()

    def append_truth(self, truth: Truth) -> None:
        """Take ground truth in; over a cap it is dropped and counted."""
        if not self.ledger.admit(truth.rows, truth.size):
            return
        with self._lock:
            self._truths.append(truth)
        if len(self._truths) >= self._config.flush_rows:
            self._wake.set()
        if self._thread is None:
            self._start()

    def enqueue(self, requests: Iterable[Request], *, timeout_seconds: float) -> None:
        """Take encoded events in, waiting while there is no room; after the timeout they are dropped and counted."""
        deadline = monotonic() + timeout_seconds
        self._start()
        for request in requests:
            size = len(request.body)
            while not self.ledger.has_room(request.rows, size) and monotonic() < deadline:
                self._wake.set()
                sleep(0.01)
            if self.ledger.admit(request.rows, size):
                with self._lock:
                    self._events.append(request)
        self._wake.set()

    def requests(
        self,
        name: str,
        attributes: Mapping[str, Any],
        columns: Any,
        rows: int,
        *,
        final: Mapping[str, Any] = MappingProxyType({}),
    ) -> Iterable[Request]:
        """Columns as export requests of this process."""
        return event_requests(
            name,
            attributes,
            columns,
            rows,
            resource=self.resource,
            version=__version__,
            request_bytes=self._config.request_bytes,
            final=final,
        )

    def failed(self, model: Model, error: str, duration: int) -> None:
        """A call ended with an error: there are no rows, but it took its time."""
        self.instruments.failed(model, error, duration)

    @property
    def queued(self) -> int:
        """Rows taken in and neither sent nor dropped, those that wait for their counterpart included."""
        return self.ledger.rows + len(self.slots)

    @property
    def resource(self) -> Mapping[str, Any]:
        """Attributes of this process, as its own provider or the environment has them."""
        if self._resource is None:
            self._resource = getattr(trace.get_tracer_provider(), "resource", None) or _own_resource()
        attributes: Mapping[str, Any] = self._resource.attributes
        return attributes

    # background side

    def _start(self) -> None:
        with self._lock:
            if self._thread is not None or self._stopped:
                return
            self._thread = threading.Thread(target=self._run, name="miops-recorder", daemon=True)
            try:
                self._thread.start()
            except RuntimeError as error:  # the interpreter is shutting down: shutdown() flushes what there is
                self._thread = None
                self._faults.add("no_thread", error)

    def _run(self) -> None:
        token = attach(set_value(_SUPPRESS, True, get_current()))  # our own requests are nobody's telemetry
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
            self._flush()
        except Exception as error:  # noqa: BLE001
            self._faults.add("flush_failed", error)
        with self._progress:
            self._done = max(self._done, asked)
            self._progress.notify_all()

    def _flush(self) -> None:
        """Everything that is there now; what comes meanwhile is left for the next time."""
        waiting = len(self._calls)
        while waiting > 0:
            taken = self._calls[:_CALLS_AT_ONCE]
            del self._calls[:_CALLS_AT_ONCE]
            waiting -= len(taken)
            self._send_calls(taken)
        self._send_truths()
        with self._lock:
            events, self._events = self._events, []
        for request in events:
            self._deliver(request)
            self.ledger.freed(len(request.body))
        self.instruments.flush()

    def _send_calls(self, calls: list[Call]) -> None:
        left = sum(call.rows for call in calls)
        try:
            for rows in rows_of(calls, self.ids, values=self._config.capture_features == "all"):
                self._measure(rows)
                for request in self._encoded(rows):
                    left -= request.rows
                    self._deliver(request)
        except Exception as error:  # noqa: BLE001
            self._faults.add("rows_not_encoded", error)
            self.ledger.settle(dropped=left, reason="not_encoded")
        finally:
            self.ledger.freed(sum(call.size for call in calls))
            for call in calls:
                self.give_back(call)

    def _measure(self, rows: Rows) -> None:
        try:
            self.instruments.count(rows)
        except Exception as error:  # noqa: BLE001  # the user's metrics pipeline; the rows matter more
            self._faults.add("metrics_not_recorded", error)

    def _send_truths(self) -> None:
        with self._lock:
            truths, self._truths = self._truths, []
        left = sum(truth.rows for truth in truths)
        try:
            for attributes, columns, rows in truth_columns(truths):
                for request in self.requests(semconv.EVENT_GROUND_TRUTH_BATCH, attributes, columns, rows):
                    left -= request.rows
                    self._deliver(request)
        except Exception as error:  # noqa: BLE001
            self._faults.add("ground_truth_not_encoded", error)
            self.ledger.settle(dropped=left, reason="not_encoded")
        finally:
            self.ledger.freed(sum(truth.size for truth in truths))

    def give_back(self, call: Call) -> None:
        """Return pooled memory of a call that nobody needs any more."""
        if type(call.features) is memoryview:
            self.pool.give(call.features)

    def _encoded(self, rows: Rows) -> Iterable[Request]:
        attributes = rows.model.attributes()
        if self._config.capture_features == "schema" and rows.features:
            attributes[semconv.MODEL_FEATURES] = list(rows.features)
        return self.requests(semconv.EVENT_PREDICTION_BATCH, attributes, rows.columns, rows.rows)

    def _deliver(self, request: Request) -> None:
        if self._exporter is None:
            self.ledger.settle(dropped=request.rows, reason="no_endpoint")
            return
        delivery = self._exporter.deliver(request)
        self.ledger.settle(exported=delivery.exported, dropped=delivery.dropped, reason=delivery.reason)

    # flush, exit, fork

    def flush(self, timeout_seconds: float = 10.0) -> bool:
        """Send everything recorded so far; whether that was done in time."""
        self._start()
        if self._thread is None:
            self._once(everything=True)
            return True
        deadline = monotonic() + timeout_seconds
        with self._progress:
            self._asked += 1
            ticket = self._asked
            self._wake.set()
            while self._done < ticket and self._thread is not None:
                left = deadline - monotonic()
                if left <= 0 or not self._progress.wait(left):
                    return self._done >= ticket
        return self._done >= ticket

    def shutdown(self) -> None:
        """Send what is left within the exit timeout; what does not arrive is counted as dropped."""
        if self._stopped:
            return
        _recorders.discard(self)
        timeout, exporter = self._config.exit_timeout, self._exporter
        if exporter is not None:
            exporter.stop(timeout)
        sent = self.queued == 0 or self.flush(timeout)
        self._stopped = True
        self._wake.set()
        if exporter is not None:
            exporter.abort()
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(0.3)
        if not sent or self.ledger.rows:
            self.ledger.settle(dropped=self.ledger.rows, reason="shutdown")

    def after_fork(self) -> None:
        """In the child: nothing of the parent's rows, locks, thread or channel is touched."""
        _abandoned.append(self._exporter)
        self.slots.clear()
        self._begin()


def _own_resource() -> Any:
    from opentelemetry.sdk.resources import OTELResourceDetector, Resource

    try:
        return Resource.create()
    except RuntimeError:  # it uses threads, which an exiting interpreter no longer gives
        return OTELResourceDetector().detect()


_recorders: weakref.WeakSet[Recorder] = weakref.WeakSet()
_abandoned: list[Exporter | None] = []
"""Exporters of parent processes: closing a parent's channel in a child, as collection would, may hang."""


def _after_fork_in_child() -> None:
    for recorder in list(_recorders):
        recorder.after_fork()


def _at_exit() -> None:
    for recorder in list(_recorders):
        recorder.shutdown()


os.register_at_fork(after_in_child=_after_fork_in_child)
atexit.register(_at_exit)
