"""From bytes to committed rows: admit, decode together what waits together, commit, then answer each request."""

from __future__ import annotations

import logging
import queue
import random
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

from miops_collector.errors import InputError, MIOpsError, StoreMemoryError, UnavailableError
from miops_collector.intake import Intake, Outcome, Request
from miops_collector.otlp.canonical import TelemetryKind
from miops_collector.otlp.decode import Decoded, decode
from miops_collector.otlp.items import count_items
from miops_collector.otlp.settings import DecodeSettings
from miops_collector.otlp.warm import warm
from miops_collector.schema import Records
from miops_collector.stores._store import Appended
from miops_collector.tally import Tally
from miops_collector.telemetry import Telemetry

__all__ = ["Ingest", "IngestSettings", "Sink"]

log = logging.getLogger(__name__)

GROUPS = 2
"""One is written while one is decoded. More would only be smaller, and each commit has its price."""

Sink = Callable[[Sequence[Records]], Appended]
"""Commits records durably and adds what was new to the panes."""


Forward = Callable[[TelemetryKind, bytes], None]
"""Takes whole requests that hold other telemetry; never waits."""


@dataclass(frozen=True, slots=True)
class IngestSettings:
    """How much may wait and how it is grouped.

    Attributes
    ----------
    max_waiting_bytes
        Bytes of requests not yet committed; beyond it clients are told to retry.
    group_items, group_bytes
        What is decoded and committed at once, at most; one larger request is a group of its own.
    linger_seconds
        How long a request waits for others to share its commit, when others have been there lately. It costs latency
        and saves CPU: a commit of five hundred rows is hardly cheaper than one of two thousand.
    retry_after_seconds, retry_spread_seconds
        Clients that are refused are told to come again after the first, and up to the second later, each at another
        time: most give up after ten seconds, and those that come back together are refused together.
    """

    max_waiting_bytes: int = 256 * 1024 * 1024
    group_items: int = 32_768
    group_bytes: int = 32 * 1024 * 1024
    linger_seconds: float = 0.06
    retry_after_seconds: float = 0.5
    retry_spread_seconds: float = 2.0
    decode: DecodeSettings = field(default_factory=DecodeSettings)


@dataclass(frozen=True, slots=True)
class _Group:
    """Requests that are committed together, and what they came to; ``decoded`` has one entry, or one per request."""

    requests: list[Request]
    decoded: list[Decoded]

    @property
    def records(self) -> list[Records]:
        return [records for part in self.decoded for records in part.records]


class Ingest:
    """One decoder thread and one writer thread between any number of receivers and a sink."""

    def __init__(
        self, sink: Sink, telemetry: Telemetry, settings: IngestSettings | None = None, *,
        now: Callable[[], int] = time.time_ns, forward: Forward | None = None,
        chance: Callable[[], float] = random.random, tidy: Callable[[], None] = lambda: None,
        short: Callable[[], bool] = lambda: False,
    ) -> None:  # fmt: skip
        self._sink = sink
        self._tidy = tidy
        self._forward = forward
        self._settings = own = settings or IngestSettings()
        self._now = now
        self._intake = Intake(
            capacity=own.max_waiting_bytes, group_items=own.group_items, group_bytes=own.group_bytes,
            linger_seconds=own.linger_seconds, clock=time.monotonic, short=short,
            retry_after=lambda: own.retry_after_seconds + own.retry_spread_seconds * chance(),
        )  # fmt: skip
        self._decoded: queue.SimpleQueue[_Group | None] = queue.SimpleQueue()
        self._under_way = threading.Semaphore(GROUPS)
        self._threads = [
            threading.Thread(target=self._decode_all, name="miops-decoder", daemon=True),
            threading.Thread(target=self._write_all, name="miops-writer", daemon=True),
        ]
        self._tally = Tally(telemetry)
        telemetry.observe("queue.size", lambda: self._intake.size)
        telemetry.observe("queue.capacity", lambda: self._intake.capacity)
        telemetry.observe("queue.lag", lambda: self._intake.lag)

    def start(self) -> None:
        """Compile what is not compiled yet, then take requests."""
        warm()
        for thread in self._threads:
            thread.start()

    def submit(self, kind: TelemetryKind, payload: bytes, *, transport: str) -> Future[Outcome]:
        """A future that is done when the request is committed; it may fail with ``InputError`` or ``UnavailableError``.

        Raises
        ------
        UnavailableError
            When too much waits already: retry later.
        """
        return self._put(Request(kind, transport, payload, count_items(payload), time.monotonic(), size=len(payload)))

    def submit_records(self, records: Sequence[Records], *, transport: str) -> Future[Outcome]:
        """As :meth:`submit`, for rows that did not come as OTLP."""
        rows = sum(one.table.num_rows for one in records)
        size = sum(one.table.nbytes for one in records)
        request = Request("records", transport, b"", rows, time.monotonic(), records=tuple(records), size=size)
        return self._put(request)

    def look(self) -> None:
        """Say what does not happen any more; to be called now and then."""
        self._tally.look()

    def has_room(self, size: int) -> bool:
        """Whether a request of so many bytes need not wait for room."""
        return self._intake.has_room(size)

    def close(self, timeout_seconds: float = 30.0) -> None:
        """Take no more requests, commit and answer those that wait. Twice is fine, before start is fine."""
        self._intake.close()
        deadline = time.monotonic() + timeout_seconds
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(max(deadline - time.monotonic(), 0))

    def _put(self, request: Request) -> Future[Outcome]:
        try:
            self._intake.put(request)
        except UnavailableError as error:
            self._tally.refused(request, error)
            raise
        return request.future

    def _decode_all(self) -> None:
        while self._under_way.acquire() and (requests := self._intake.take()):
            self._decoded.put(self._decode_group(requests))
        self._decoded.put(None)

    def _decode_group(self, requests: list[Request]) -> _Group:
        """All at once, or one by one when one of them is bad or has rows refused: each gets its own answer.

        A request that is cut short would swallow the beginning of the next, so none such is joined.
        """
        if len(requests) > 1 and all(request.items >= 0 for request in requests):
            try:
                together = self._decode(*requests)
            except Exception as error:  # noqa: BLE001  which request it was is found out below
                log.debug("a group of %d requests is decoded one by one: %s", len(requests), error)
            else:
                if not together.refused and not self._separates(requests[0].kind, together):
                    return _Group(requests, [together])
        group = _Group([], [])
        for request in requests:
            try:
                decoded = self._decode(request)
            except Exception as error:  # noqa: BLE001  the border of the decoder thread
                self._fail([request], error)
            else:
                group.requests.append(request)
                group.decoded.append(decoded)
        return group

    def _separates(self, kind: str, together: Decoded) -> bool:
        """Whether it must be known which of the requests hold other telemetry: our own log events are not forwarded."""
        return self._forward is not None and kind == "logs" and together.other > 0

    def _decode(self, *requests: Request) -> Decoded:
        kind = requests[0].kind
        if kind == "records":
            records = tuple(records for request in requests for records in request.records)
            return Decoded(records=records, rows=sum(one.table.num_rows for one in records))
        payload = requests[0].payload if len(requests) == 1 else b"".join(request.payload for request in requests)
        return decode(kind, payload, self._settings.decode, now=self._now())

    def _write_all(self) -> None:
        while (group := self._decoded.get()) is not None:
            try:
                self._write(group)
            except (InputError, StoreMemoryError) as error:
                self._write_singly(group, error)
            except Exception as error:  # noqa: BLE001  the border of the writer thread, which must outlive everything
                self._fail(group.requests, _retryable(error))
            finally:
                self._under_way.release()
            self._tidy_up()

    def _tidy_up(self) -> None:
        """All have their answers: nobody waits for it but who comes next."""
        try:
            self._tidy()
        except Exception:
            log.exception("the store could not be tidied")

    def _write(self, group: _Group) -> None:
        records = group.records
        if records:
            appended = self._sink(records)
            self._tally.stored(group.requests[0].kind, appended)
        for decoded in group.decoded:
            self._tally.decoded(group.requests[0].kind, decoded)
        self._answer(group)

    def _write_singly(self, group: _Group, error: InputError | StoreMemoryError) -> None:
        """The store refused something of the group, or could not hold it at once: find out whose it was."""
        if len(group.requests) == 1:
            self._fail(group.requests, error)
            return
        for request in group.requests:
            try:
                self._write(_Group([request], [self._decode(request)]))
            except Exception as own:  # noqa: BLE001  as above
                self._fail([request], _retryable(own))

    def _answer(self, group: _Group) -> None:
        self._intake.release(group.requests)
        each = group.decoded if len(group.decoded) == len(group.requests) else [Decoded()] * len(group.requests)
        for request, decoded in zip(group.requests, each, strict=True):
            self._tally.answered(request, "partial" if decoded.rejected else "success")
            _resolve(request.future, Outcome(decoded.rejected, decoded.message))
            if self._forward is not None and request.kind != "records" and (request.kind != "logs" or decoded.other):
                self._forward(request.kind, request.payload)

    def _fail(self, requests: list[Request], error: Exception) -> None:
        self._intake.release(requests)
        self._tally.failed(requests, error)
        if not isinstance(error, InputError):
            log.warning("%d requests failed: %s", len(requests), error, exc_info=error.__cause__ or error)
        for request in requests:
            _resolve(request.future, _bare(error))


def _retryable(error: Exception) -> Exception:
    """What went wrong while writing may go right later, unless it is the input's fault."""
    if isinstance(error, MIOpsError):
        return error
    wrapped = UnavailableError(f"the rows could not be committed: {error}")
    wrapped.__cause__ = error
    return wrapped


def _bare(error: Exception) -> Exception:
    """The error without the frames it and its causes came through.

    They hold the request, whose future holds the error: only the garbage collector would part them, and it looks at
    objects by their number. Eight bad requests of 64 MiB stayed in memory.
    """
    chain: list[BaseException] = [error]
    for one in chain:
        one.__traceback__ = None
        chain += (other for other in (one.__cause__, one.__context__) if other is not None and other not in chain)
    return error


def _resolve(future: Future[Outcome], result: Outcome | Exception) -> None:
    """A client that gave up has cancelled its future."""
    if not future.set_running_or_notify_cancel():
        return
    if isinstance(result, Outcome):
        future.set_result(result)
    else:
        future.set_exception(result)
