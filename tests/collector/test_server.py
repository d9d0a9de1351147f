from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span, TracesData

from miops_collector import http_servers
from miops_collector.client import Client
from miops_collector.config import Config, ExportConfig, ForwardConfig, OtlpConfig
from miops_collector.config.retention import RetentionConfig
from miops_collector.config.transport import CorsConfig
from miops_collector.engine import Engine
from miops_collector.errors import ConfigError, InputError, StoreError
from miops_collector.report import Report
from miops_collector.retention import Retention
from miops_collector.server import Collector, in_background
from miops_collector.stores.duckdb import DuckDBStore
from tests.collector.little_model import MODEL, predictions
from tests.collector.little_server import little_server

ANY = "127.0.0.1:0"


def config(folder: Path, **changes: Any) -> Config:
    local = Config(data_dir=folder, otlp=OtlpConfig(grpc=ANY, http=ANY), web=ANY, tick_seconds=0.05)
    return local.model_copy(update=changes)


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Collector]:
    with in_background(config(tmp_path)) as collector:
        yield collector


def get(collector: Collector, path: str) -> Any:
    with Client(collector.addresses.web, timeout_seconds=10) as client:
        return client.get(path)


def commit(collector: Collector, numbers: range) -> None:
    collector.ingest.submit_records([predictions(numbers, 1_760_000_000 * 10**9)], transport="test").result(10)


def counter(collector: Collector, name: str) -> float:
    found = next(m for m in collector.telemetry.snapshot() if m.name == f"miops.collector.{name}")
    return sum(p.value for p in found.points)


def test_rows_are_on_the_pages_soon_after_their_commit(running: Collector) -> None:
    commit(running, range(20))

    assert running.settle(20)
    (model,) = get(running, "/api/v1/models")["models"]
    assert (model["name"], model["rows"]) == (MODEL.name, 20)
    assert b"miops_window_rows" in get(running, "/metrics")


def test_rows_are_accepted_as_the_reference_and_who_did_it_is_kept(running: Collector) -> None:
    commit(running, range(80))
    assert running.settle(20)
    form = {"model": MODEL.name, "version": MODEL.version, "by": "ada"}
    times = {"start": "2025-10-09T08:00:00Z", "end": "2025-10-09T10:00:00+01:00"}

    with Client(running.addresses.web, timeout_seconds=10) as client:
        with pytest.raises(InputError, match="no drift alarm of model 'credit' version '1' is open"):
            client.post("/api/v1/reference/accept", form)
        with pytest.raises(InputError, match="give both"):
            client.post("/api/v1/reference/accept", {**form, "end": times["end"]})
        with pytest.raises(InputError, match="by: is missing"):
            client.post("/api/v1/reference/accept", {"model": MODEL.name})
        taken = client.post("/api/v1/reference/accept", {**form, **times})
    assert running.settle(20)

    assert (taken["rows"], taken["by"]) == (80, "ada")
    assert "80 rows hides small drift" in taken["warning"]
    assert get(running, "/api/v1/reference/accepted")["accepted"] == [taken]
    (model,) = get(running, "/api/v1/models")["models"]
    assert (model["reference"]["origin"], model["reference"]["rows"]) == ("accepted", 80)
    assert model["reference"]["warning"] == "80 rows hide drift under 0.2 σ; better 5000"


def test_the_addresses_are_those_it_listens_on(running: Collector) -> None:
    at = running.addresses

    assert len({at.grpc, at.http, at.web}) == 3
    for address in (at.grpc, at.http, at.web):
        host, _, port = address.rpartition(":")
        with socket.create_connection((host, int(port)), timeout=5):
            pass


def test_what_was_taken_is_there_after_a_restart(tmp_path: Path) -> None:
    with in_background(config(tmp_path)) as first:
        commit(first, range(20))
    with in_background(config(tmp_path)) as second:
        assert second.settle(20)
        found = [o.value for o in second.engine.report.observations if o.metric == "miops.window.rows"]

    assert found == [20.0, 20.0]


@pytest.mark.parametrize("key", ["otlp.grpc", "otlp.http", "web"])
def test_a_taken_address_is_named_and_leaves_nothing_behind(tmp_path: Path, key: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        section, _, name = key.partition(".")
        otlp = OtlpConfig(**{"grpc": ANY, "http": ANY, **({name: address} if name else {})})
        changed = config(tmp_path, otlp=otlp, web=address if section == "web" else ANY)
        with pytest.raises(ConfigError, match=f"{key}: cannot listen on {address}"), in_background(changed):
            pass

    DuckDBStore(tmp_path).close()  # the files were let go


@pytest.mark.parametrize("key", ["otlp.grpc", "otlp.http"])
def test_an_address_of_another_machine_is_named(tmp_path: Path, key: str) -> None:
    otlp = OtlpConfig(**{"grpc": ANY, "http": ANY, key.partition(".")[2]: "192.0.2.1:4317"})

    message = f"{key}: cannot listen on 192.0.2.1:4317"
    with pytest.raises(ConfigError, match=message), in_background(config(tmp_path, otlp=otlp)):
        pass


def test_stopping_twice_and_before_the_start_is_fine(tmp_path: Path) -> None:
    collector = Collector(config(tmp_path))

    async def twice() -> None:
        await collector.stop()
        await collector.stop()

    asyncio.run(twice())


def test_a_tick_that_fails_is_counted_and_told_once_and_the_next_comes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    collector = Collector(config(tmp_path))
    exported: list[Report] = []
    collector._exporters = [_Collecting(exported)]

    def fail(self: Engine) -> Report:
        raise ExceptionGroup("1 models", [ZeroDivisionError("by nought")])

    monkeypatch.setattr(Engine, "tick", fail)
    for _ in range(3):
        collector.tick()
    asyncio.run(collector.stop())

    assert counter(collector, "ticks.failed") == counter(collector, "ticks") == 4
    assert len(exported) == 4
    assert caplog.text.count("Traceback") == 1
    assert caplog.text.count("a tick failed as before: 1 models (1 sub-exception); by nought") == 3


@pytest.mark.parametrize("hangs", [True, False])
def test_values_that_nobody_renews_disappear_and_come_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hangs: bool
) -> None:
    now = [1_760_000_000 * 10**9]
    collector = Collector(config(tmp_path, windows=("1d",), pane="1h"), clock=lambda: now[0])
    exported: list[Report] = []
    collector._exporters.append(_Collecting(exported))
    collector.engine.append([predictions(range(20), now[0])])
    collector.tick()

    def shown_after(seconds: int) -> tuple[bool, bool]:
        now[0] += seconds * 10**9
        if not hangs:
            collector.tick()
        page, _ = collector._backend().scrape("")
        return b"\nmiops_window_rows{" in page, b"\nmiops_collector_ticks_failed_total" in page

    with monkeypatch.context() as broken:
        broken.setattr(DuckDBStore, "newest", _fail)
        shown = [shown_after(seconds) for seconds in (1, 299, 1)]
    collector.tick()
    back, _ = collector._backend().scrape("")
    asyncio.run(collector.stop())

    assert shown == [(True, True), (True, True), (False, True)]
    assert b"\nmiops_window_rows{" in back
    renewed = [True] if hangs else [True, True, True, False]
    assert [bool(report.observations) for report in exported] == [*renewed, True, True]


def _fail(_: DuckDBStore) -> int:
    raise StoreError("broken")


def test_old_rows_are_deleted_although_a_model_cannot_be_evaluated(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    collector = Collector(config(tmp_path, retention=RetentionConfig(rows="30d")))
    steps: list[int] = []

    def fail(self: Engine) -> Report:
        raise ExceptionGroup("1 models", [ZeroDivisionError("by nought")])

    def step(self: Retention, now: int) -> int:
        steps.append(now)
        return 7

    monkeypatch.setattr(Engine, "tick", fail)
    monkeypatch.setattr(Retention, "step", step)
    collector.tick()
    deleted = counter(collector, "retention.deleted")
    asyncio.run(collector.stop())

    assert len(steps) == 2
    assert deleted == 7


class _Collecting:
    def __init__(self, reports: list[Report]) -> None:
        self.reports = reports
        self.shut = False

    def export(self, report: Report) -> None:
        self.reports.append(report)

    def shutdown(self) -> None:
        self.shut = True


def test_everything_is_let_go_even_if_the_panes_cannot_be_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    collector = Collector(config(tmp_path))
    exporter = _Collecting([])
    collector._exporters = [exporter]

    def fail(self: Engine) -> None:
        raise StoreError("full")

    monkeypatch.setattr(Engine, "close", fail)
    with pytest.raises(StoreError, match="full"):
        asyncio.run(collector.stop())

    assert exporter.shut
    DuckDBStore(tmp_path).close()


def test_a_server_that_dies_at_its_start_is_no_endless_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def serve(self: object, sockets: list[socket.socket]) -> None:
        for one in sockets:
            one.close()
        raise ZeroDivisionError

    monkeypatch.setattr(http_servers._Server, "serve", serve)
    collector = Collector(config(tmp_path))

    async def start() -> None:
        try:
            await collector.start()
        finally:
            await collector.stop()

    with pytest.raises(ZeroDivisionError):
        asyncio.run(start())


def test_statistics_are_pushed_and_other_telemetry_goes_on(tmp_path: Path) -> None:
    span = Span(name="GET", trace_id=b"0" * 16, span_id=b"1" * 8, start_time_unix_nano=1, end_time_unix_nano=2)
    body = TracesData(resource_spans=[ResourceSpans(scope_spans=[ScopeSpans(spans=[span])])]).SerializeToString()
    with little_server() as other:
        url = f"http://{other.address}"
        changed = config(
            tmp_path,
            export=ExportConfig(endpoint=url, interval_seconds=0.1, headers={"x-a": "b"}),
            forward=ForwardConfig(endpoint=url, protocol="http/protobuf"),
        )
        with in_background(changed) as collector:
            commit(collector, range(10))
            with Client(collector.addresses.http, timeout_seconds=10) as client:
                client.post("/v1/traces", body, {"content-type": "application/x-protobuf"})
            settled = collector.settle(20)
        asked = {a.path: a for a in other.asked}

    assert settled
    assert asked["/v1/traces"].body == body
    assert b"miops.window.rows" in asked["/v1/metrics"].body
    assert asked["/v1/metrics"].headers["x-a"] == "b"


def test_settings_say_who_may_ask_and_send(tmp_path: Path) -> None:
    otlp = OtlpConfig(grpc=ANY, http=ANY, cors=CorsConfig(allowed_origins=("https://shop.test",)))
    with in_background(config(tmp_path, otlp=otlp, allowed_hosts=("miops.test",))) as collector:
        at = collector.addresses

        def status(address: str, method: str, path: str, headers: dict[str, str]) -> int:
            with closing(HTTPConnection(address, timeout=10)) as connection:
                connection.request(method, path, b"{}" if method == "POST" else None, headers)
                return connection.getresponse().status

        asked = [status(at.web, "GET", "/metrics", {"host": name}) for name in ("miops.test", "evil.test", "a")]
        pages = [{"origin": origin, "content-type": "application/json"} for origin in ("https://shop.test", "null")]
        sent = [status(at.http, "POST", "/v1/logs", page) for page in pages]

    assert (asked, sent) == ([200, 403, 200], [200, 403])


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_in_order_and_ends_with_nought(tmp_path: Path, how: signal.Signals) -> None:
    addresses = ["--otlp-grpc", ANY, "--otlp-http", ANY, "--web", ANY]
    code = "from miops_collector.cli import main; main()"
    command = [sys.executable, "-c", code, "serve", "--data-dir", str(tmp_path), *addresses]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        lines = iter(process.stderr.readline, "")
        assert any("console http://127.0.0.1:" in line for line in lines)
        process.send_signal(how)
        rest = process.stderr.read()
        assert process.wait(30) == 0, rest
    finally:
        process.kill()
        process.wait()
        if process.stderr:
            process.stderr.close()

    assert "stopping" in rest
