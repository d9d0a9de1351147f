"""The wired collector: what starts in which order, what stops in which, and on which signal."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from miops_collector import __version__
from miops_collector.accepting import Acceptance, accepted, drifted_window, remember
from miops_collector.config import Config
from miops_collector.connection import Connections, SaidOnce, allow_files, most_connections
from miops_collector.engine import Engine
from miops_collector.errors import ConfigError
from miops_collector.exporters._exporter import Exporter
from miops_collector.exporters.alive import alive, alive_for
from miops_collector.exporters.prometheus import PrometheusExporter
from miops_collector.forward import Forwarder, forward_senders
from miops_collector.http_servers import HttpServers, taken
from miops_collector.ingest import Ingest
from miops_collector.listening import is_free
from miops_collector.memory_guard import MemoryGuard, give_back, use_few_arenas
from miops_collector.memory_shares import MemoryShares
from miops_collector.otlp.complete_json import complete_json_to_protobuf
from miops_collector.otlp.from_json import json_to_protobuf
from miops_collector.precompile import compile_elsewhere
from miops_collector.receivers._room import WaitingRoom
from miops_collector.receivers.grpc import GrpcReceiver
from miops_collector.receivers.http import http_receiver
from miops_collector.receiving import Receiving
from miops_collector.report import ModelKey, Observation, Report
from miops_collector.schema import Records
from miops_collector.stores.duckdb import DuckDBStore
from miops_collector.telemetry import Telemetry
from miops_collector.tls import credentials
from miops_collector.web.app import create_app
from miops_collector.web.backend import Backend
from miops_collector.window import Window
from miops_collector.wiring import MIB, cors, hosts, ingest_settings, otlp_exporter, retention, store_settings

__all__ = ["Addresses", "Collector", "in_background", "is_free", "run"]

log = logging.getLogger(__name__)

STOP_SECONDS = 30.0
GARBAGE = 50_000
"""So many new objects are made before Python looks for garbage among them."""
SETTLE_SECONDS = 60.0
SECRET = {"forward": {"headers"}, "export": {"headers"}}
"""Settings that are not shown: headers carry tokens."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the collector listens, ``HOST:PORT``."""

    grpc: str
    http: str
    web: str


class Collector:
    """Everything between the sockets and the files of one collector process."""

    def __init__(self, config: Config, *, clock: Callable[[], int] = time.time_ns) -> None:
        self._config = config
        self.telemetry = Telemetry()
        self._shares = shares = MemoryShares(config.memory_limit_mib * MIB)
        self.memory = MemoryGuard(shares.limit)
        self.telemetry.observe("memory.usage", lambda: self.memory.resident)
        self.telemetry.observe("memory.limit", lambda: shares.limit)
        self.store = DuckDBStore(config.data_dir, store_settings(config, shares))
        self.engine = Engine(self.store, config, clock=clock)
        self._forwarder = Forwarder(forward_senders(config.forward), self.telemetry) if config.forward else None
        self.ingest = Ingest(
            self.engine.append, self.telemetry, ingest_settings(config, shares), now=clock,
            forward=self._forwarder.put if self._forwarder else None, tidy=self.store.tidy,
            short=lambda: self.memory.full,
        )  # fmt: skip
        self._clock = clock
        self._retention = retention(self.store, config)
        self._prometheus = PrometheusExporter(telemetry=self.telemetry.snapshot, budget=config.series_per_model)
        self._exporters: list[Exporter] = [self._prometheus]
        if config.export:
            self._exporters.append(otlp_exporter(config.export, config.series_per_model, self.telemetry))
        self._limit = config.otlp.max_request_mib * MIB
        self._room = WaitingRoom(
            self.ingest.has_room, most_bytes=shares.at_the_door,
            seconds=config.otlp.wait_for_room, delayed=lambda: self.telemetry.add("waited", 1),
        )  # fmt: skip
        tls = credentials(config.otlp.tls) if config.otlp.tls else None
        self._grpc = GrpcReceiver(self.ingest.submit, max_request_bytes=self._limit, room=self._room, tls=tls)
        self._connections = Connections(most_connections())
        self._servers = HttpServers(self._connections)
        self._ticking = threading.Thread(target=self._tick_until_stopped, name="miops-tick", daemon=True)
        self._stopping = threading.Event()
        self._stopped = False
        self._complaint = ""
        self.addresses = Addresses(config.otlp.grpc, config.otlp.http, config.web)

    async def start(self) -> None:
        """Load what is stored, then listen.

        Raises
        ------
        ConfigError
            If an address cannot be listened on.
        """
        self.engine.restore()
        if self._forwarder:
            self._forwarder.start()
        self.ingest.start()
        self._ticking.start()
        receiver = http_receiver(
            self.ingest.submit, max_request_bytes=self._limit, room=self._room,
            from_json=complete_json_to_protobuf if self._forwarder else json_to_protobuf,
            cors=cors(self._config.otlp.cors),
            receiving=Receiving(max(self._shares.at_the_door, self._limit)),
        )  # fmt: skip
        http = await self._servers.listen(receiver, self._config.otlp.http, "otlp.http", self._config.otlp.tls)
        grpc = await self._listen_grpc(self._config.otlp.grpc)
        self.addresses = Addresses(grpc, http, self._config.web)
        web = await self._servers.listen(create_app(self._backend(), hosts(self._config)), self._config.web, "web")
        self.addresses = Addresses(grpc, http, web)

    async def _listen_grpc(self, address: str) -> str:
        host, _, port = address.rpartition(":")
        if int(port) and not is_free(host, int(port)):
            raise taken("otlp.grpc", address)
        try:
            bound = await self._grpc.start(address)
        except (ConfigError, OSError, RuntimeError) as error:
            raise taken("otlp.grpc", address) from error
        return f"{host}:{bound}"

    def _backend(self) -> Backend:
        return Backend(
            store=self.store,
            report=lambda: self.engine.report,
            scrape=self._scrape,
            telemetry=self.telemetry.snapshot,
            submit_ground_truth=self._submit,
            submit_reference=self._submit,
            accept=self._accept,
            trace_url=self._config.trace_url,
            info={
                "version": __version__,
                "config": self._config.model_dump(mode="json", by_alias=True, exclude=SECRET),
            },
        )

    async def _submit(self, records: Records) -> None:
        await asyncio.wrap_future(self.ingest.submit_records([records], transport="http"))

    async def _accept(self, key: ModelKey, bounds: tuple[int, int] | None, by: str) -> Acceptance:
        """The record is written first: the tick that adopts the rows asks it which window they are of."""
        if bounds is None:
            window, columns = drifted_window(self.engine.report.alerts, key)
        else:
            window, columns = Window(*bounds), ()
        records = await asyncio.to_thread(accepted, self.store, key, window)
        taken = Acceptance(
            key.name, key.version, window.start, window.end, by, time.time_ns(), records.table.num_rows, columns
        )
        await asyncio.to_thread(remember, self.store, taken)
        await self._submit(records)
        return taken

    def _tick_until_stopped(self) -> None:
        while not self._stopping.wait(self._config.tick_seconds):
            self.tick()

    def tick(self) -> None:
        """One tick, and its report to every exporter. An error is logged and counted; the next tick comes anyway."""
        started = time.monotonic()
        self.ingest.look()
        self._connections.refusing.look()
        try:
            with ExitStack() as then:  # although one model may fail in every tick: it must not keep all rows for ever
                then.callback(self._delete_old_rows)
                then.callback(self._export)
                self.engine.tick()
        except Exception as error:  # noqa: BLE001  the border of the ticking thread
            self._complain(error)
            self.telemetry.add("ticks.failed", 1)
        self.telemetry.add("ticks", 1)
        self.telemetry.add("ticks.seconds", time.monotonic() - started)

    def _export(self) -> None:
        report = self._alive(self.engine.report)
        for exporter in self._exporters:
            exporter.export(report)

    def _alive(self, report: Report) -> Report:
        return alive(report, self._clock(), longest=alive_for(self._config.pane_nanos))

    def _scrape(self, accept: str) -> tuple[bytes, str]:
        """A tick that hangs exports nothing, and what it exported before would stay."""
        newest = self.engine.report
        if (shown := self._alive(newest)) is not newest:
            self._prometheus.export(shown)
        return self._prometheus.scrape(accept)

    def _delete_old_rows(self) -> None:
        if self._retention is not None:
            self.telemetry.add("retention.deleted", self._retention.step(self._clock()))

    def _complain(self, error: Exception) -> None:
        """The whole story once; the same again and again would fill the disk."""
        story = "; ".join(str(e) for e in (error, *getattr(error, "exceptions", ())))
        if story == self._complaint:
            log.warning("a tick failed as before: %s", story)
        else:
            log.error("a tick failed", exc_info=error)
        self._complaint = story

    def settle(self, timeout_seconds: float = SETTLE_SECONDS) -> bool:
        """Tick until everything that is committed is in the report; whether that was so in time."""
        deadline = time.monotonic() + timeout_seconds
        while time.monotonic() < deadline:
            self.tick()
            if self.engine.idle():
                return True
        return False

    def observe(self, key: ModelKey, window: Window) -> tuple[Observation, ...]:
        """Evaluate any window of a model."""
        return self.engine.observe(key, window)

    async def stop(self) -> None:
        """Stop intake, commit what was taken, tick and export once more, close. Twice is fine."""
        if self._stopped:
            return
        self._stopped = True
        await self._grpc.stop()
        await self._servers.stop("otlp.http")
        try:
            await asyncio.to_thread(self._finish)
        finally:
            await self._servers.stop("web")
            self.store.close()

    def _finish(self) -> None:
        self.ingest.close(STOP_SECONDS)
        if self._forwarder:
            self._forwarder.close()
        self._stopping.set()
        if self._ticking.ident is not None:
            self._ticking.join(STOP_SECONDS)
        self.memory.stop()
        with ExitStack() as last:  # whatever fails, the rest is done
            for exporter in self._exporters:
                last.callback(exporter.shutdown)
            last.callback(self.engine.close)
            self.tick()


async def run(config: Config) -> None:
    """Serve until SIGTERM or SIGINT, then stop in order."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("uvicorn.error").addFilter(SaidOnce())
    allow_files()
    log.info(
        "miops-collector %s is starting; the first time on a machine it compiles for some ten seconds", __version__
    )
    use_few_arenas()
    compile_elsewhere()
    collector = Collector(config)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for one in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(one, stop.set)
    try:
        await collector.start()
        _settle_memory()
        collector.memory.start()
        at = collector.addresses
        log.info(
            "OTLP/gRPC %s, OTLP/HTTP %s, console http://%s/, data in %s", at.grpc, at.http, at.web, config.data_dir
        )
        await stop.wait()
        log.info("stopping: no more intake, committing what was taken")
    finally:
        await collector.stop()
        gc.unfreeze()  # DuckDB complains at the end of whatever was not collected


def _settle_memory() -> None:
    """Let Python look for garbage less often, and never among what was made to start.

    It looked through half a million objects again and again: a sixth of the decoder's time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(GARBAGE, 20, 100)
    give_back()


@contextmanager
def in_background(config: Config) -> Iterator[Collector]:
    """A running collector in a thread of this process; stopped in order at the end."""
    collector = Collector(config)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="miops-collector", daemon=True)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(collector.start(), loop).result()
        yield collector
    finally:
        asyncio.run_coroutine_threadsafe(collector.stop(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join(STOP_SECONDS)
        loop.close()
