"""Both receivers on free local ports, in front of a sink that remembers."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import uvicorn

from miops_collector.ingest import Ingest, IngestSettings
from miops_collector.receivers.grpc import GrpcReceiver
from miops_collector.receivers.http import http_receiver
from miops_collector.schema import Records
from miops_collector.stores._store import Appended, Stored
from miops_collector.telemetry import Telemetry

LIMIT = 1024 * 1024


@dataclass
class MemorySink:
    """Keeps records by key, as a store would; fails as long as ``errors`` has something to raise."""

    records: list[Records] = field(default_factory=list)
    keys: set[bytes] = field(default_factory=set)
    errors: list[Exception] = field(default_factory=list)
    hold: threading.Event = field(default_factory=threading.Event)
    seq: int = 0

    def __post_init__(self) -> None:
        self.hold.set()

    def __call__(self, records: Sequence[Records]) -> Appended:
        self.hold.wait(20)
        if self.errors:
            raise self.errors.pop(0)
        self.seq += 1
        return Appended(self.seq, tuple(self._new(one) for one in records))

    def _new(self, records: Records) -> Stored:
        self.records.append(records)
        keys = records.table["key"].to_pylist()
        new = [k is None or not (k in self.keys or self.keys.add(k)) for k in keys]  # type: ignore[func-returns-value]
        table = records.table.filter(new)
        return Stored(records, table, len(keys) - table.num_rows)

    @property
    def rows(self) -> int:
        return sum(one.table.num_rows for one in self.records)


@dataclass
class Running:
    ingest: Ingest
    sink: MemorySink
    telemetry: Telemetry
    grpc: str
    http: str


def value(telemetry: Telemetry, name: str, **attributes: str) -> float:
    """Sum of the points of one of our own metrics that have these attributes."""
    wanted = {f"miops.{key.replace('_', '.')}": text for key, text in attributes.items()}
    points = next(m.points for m in telemetry.snapshot() if m.name == f"miops.collector.{name}")
    return sum(p.value for p in points if wanted.items() <= p.attributes.items())


@contextmanager
def running(sink: MemorySink | None = None, settings: IngestSettings | None = None) -> Iterator[Running]:
    sink, telemetry = sink or MemorySink(), Telemetry()
    ingest = Ingest(sink, telemetry, settings or IngestSettings(retry_after_seconds=0.2))
    ingest.start()
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    receiver = GrpcReceiver(ingest.submit, max_request_bytes=LIMIT)
    port = asyncio.run_coroutine_threadsafe(receiver.start("127.0.0.1:0"), loop).result(10)
    app = http_receiver(ingest.submit, max_request_bytes=LIMIT)
    server = uvicorn.Server(uvicorn.Config(app, host="127.0.0.1", port=0, log_level="warning", lifespan="off"))
    serving = asyncio.run_coroutine_threadsafe(server.serve(), loop)
    while not server.started:
        time.sleep(0.01)
    address = server.servers[0].sockets[0].getsockname()
    try:
        yield Running(ingest, sink, telemetry, f"127.0.0.1:{port}", f"http://127.0.0.1:{address[1]}")
    finally:
        sink.hold.set()
        asyncio.run_coroutine_threadsafe(receiver.stop(0.2), loop).result(10)
        server.should_exit = True
        serving.result(10)
        ingest.close()
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
