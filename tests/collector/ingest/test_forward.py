from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from miops_collector import forward as module
from miops_collector.config import ForwardConfig
from miops_collector.exporters.delivery import Answer
from miops_collector.forward import Forwarder, forward_senders
from miops_collector.ingest import Ingest
from miops_collector.telemetry import Telemetry
from tests.collector.otlp.payloads import NOW, events, spans
from tests.collector.receivers.running import MemorySink, running, value

PREDICTION = {"miops.model.name": "m", "miops.prediction.value": 1.0}


class Endpoint:
    """Answers as told, then takes everything."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.taken: list[bytes] = []
        self.open = threading.Event()
        self.open.set()

    def __call__(self, body: bytes, timeout_seconds: float) -> Answer:
        self.open.wait(timeout_seconds)
        answer = self.answers.pop(0) if self.answers else Answer()
        if not answer.error:
            self.taken.append(body)
        return answer


@contextmanager
def forwarding(endpoint: Endpoint, **options: int) -> Iterator[tuple[Forwarder, Telemetry]]:
    telemetry = Telemetry()
    forwarder = Forwarder(dict.fromkeys(("traces", "logs", "metrics"), endpoint), telemetry, **options)  # type: ignore[arg-type]
    forwarder.start()
    try:
        yield forwarder, telemetry
    finally:
        endpoint.open.set()
        forwarder.close(1.0)


def eventually(check: object) -> None:
    deadline = time.monotonic() + 10
    while not check():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_requests_go_on_unchanged_and_in_order() -> None:
    endpoint = Endpoint()
    with forwarding(endpoint) as (forwarder, telemetry):
        for i in range(5):
            forwarder.put("traces", b"%d" % i)
        eventually(lambda: value(telemetry, "forward.sent") == 5)

    assert endpoint.taken == [b"0", b"1", b"2", b"3", b"4"]


def test_what_may_be_retried_is_retried_and_what_is_refused_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_FIRST_WAIT_SECONDS", 0.01)
    endpoint = Endpoint(Answer("away", retry=True), Answer("away", retry=True), Answer(), Answer("bad"))
    with forwarding(endpoint) as (forwarder, telemetry):
        forwarder.put("logs", b"a")
        forwarder.put("logs", b"b")
        eventually(lambda: value(telemetry, "forward.dropped", reason="refused") == 1)

        assert value(telemetry, "forward.sent") == 1
    assert endpoint.taken == [b"a"]


def test_a_slow_endpoint_costs_bounded_memory(caplog: pytest.LogCaptureFixture) -> None:
    endpoint = Endpoint()
    endpoint.open.clear()
    with forwarding(endpoint, max_bytes=100) as (forwarder, telemetry):
        for _ in range(20):
            forwarder.put("traces", b"x" * 10)
        dropped = value(telemetry, "forward.dropped", reason="queue_full")
        endpoint.open.set()
        eventually(lambda: value(telemetry, "forward.sent") + dropped == 20)

        assert 9 <= dropped <= 10
    told = [r.message for r in caplog.records if r.name == module.__name__]
    assert told == ["forwarding drops requests: its queue is full"]


def test_an_unreachable_endpoint_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_FIRST_WAIT_SECONDS", 0.01)
    monkeypatch.setattr(module, "_GIVE_UP_SECONDS", 0.05)
    with forwarding(Endpoint(*[Answer("away", retry=True)] * 1000)) as (forwarder, telemetry):
        forwarder.put("traces", b"a")
        eventually(lambda: value(telemetry, "forward.dropped", reason="unreachable") == 1)


def test_shutdown_drops_what_cannot_be_sent_in_time() -> None:
    with forwarding(Endpoint(*[Answer("away", retry=True)] * 1000)) as (forwarder, telemetry):
        forwarder.put("traces", b"a")
        forwarder.put("traces", b"b")
        forwarder.close(0.1)

        assert value(telemetry, "forward.dropped", reason="shutdown") == 2


def test_close_before_start_and_twice_is_fine() -> None:
    forwarder = Forwarder({}, Telemetry())

    forwarder.close()
    forwarder.close()


def test_which_requests_are_forwarded() -> None:
    forwarded: list[tuple[str, bytes]] = []
    ingest = Ingest(MemorySink(), Telemetry(), now=lambda: NOW, forward=lambda k, b: forwarded.append((k, b)))
    ingest.start()
    ours, other = events("miops.prediction", PREDICTION), events("page.view", {"a": 1})
    requests = [("logs", ours), ("logs", other), ("traces", spans(PREDICTION)), ("metrics", b"")]

    for future in [ingest.submit(kind, body, transport="grpc") for kind, body in requests]:  # type: ignore[arg-type]
        future.result(10)
    ingest.close()

    assert forwarded == [("logs", other), ("traces", spans(PREDICTION)), ("metrics", b"")]


@pytest.mark.parametrize("protocol", ["grpc", "http/protobuf"])
def test_another_collector_takes_what_is_forwarded(protocol: str) -> None:
    with running() as other:
        endpoint = f"http://{other.grpc}" if protocol == "grpc" else other.http
        telemetry = Telemetry()
        config = ForwardConfig(endpoint=endpoint, protocol=protocol)  # type: ignore[arg-type]
        forwarder = Forwarder(forward_senders(config), telemetry)
        forwarder.start()

        forwarder.put("traces", spans(PREDICTION, start_time_unix_nano=time.time_ns()))
        forwarder.put("metrics", b"")
        eventually(lambda: value(telemetry, "forward.sent") == 2)
        forwarder.close()

        assert other.sink.rows == 1
        assert value(other.telemetry, "requests", telemetry_kind="metrics") == 1
