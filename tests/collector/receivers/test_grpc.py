from __future__ import annotations

import asyncio
import gzip
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from subprocess import PIPE

import grpc
import pytest
from google.rpc.error_details_pb2 import BadRequest, RetryInfo
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from miops_collector.errors import ConfigError, StoreError
from miops_collector.ingest import IngestSettings
from miops_collector.receivers.grpc import GrpcReceiver
from tests.collector.otlp.payloads import events, spans
from tests.collector.receivers.running import LIMIT, MemorySink, Running, running, value

PREDICTION = {"miops.model.name": "m", "miops.prediction.value": 1.0}
TRACES = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
LOGS = "/opentelemetry.proto.collector.logs.v1.LogsService/Export"
METRICS = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export"


@pytest.fixture(scope="module")
def collector() -> Iterator[Running]:
    with running() as it:
        yield it


def now_spans(*each: dict[str, object]) -> bytes:
    return spans(*(PREDICTION | values for values in each), start_time_unix_nano=time.time_ns())


def call(address: str, payload: bytes, method: str = TRACES, **options: object) -> bytes:
    with grpc.insecure_channel(address, options=[("grpc.max_send_message_length", -1)]) as channel:
        answer: bytes = channel.unary_unary(method)(payload, timeout=20, **options)
        return answer


def failure(address: str, payload: bytes, method: str = TRACES, **options: object) -> grpc.RpcError:
    with pytest.raises(grpc.RpcError) as caught:
        call(address, payload, method, **options)
    return caught.value


@pytest.mark.parametrize("method", [TRACES, LOGS, METRICS])
def test_empty_request_succeeds_with_nothing_to_say(collector: Running, method: str) -> None:
    assert call(collector.grpc, b"", method) == b""


@pytest.mark.parametrize("compression", list(grpc.Compression))
def test_answer_comes_after_the_commit(collector: Running, compression: grpc.Compression) -> None:
    before = collector.sink.rows

    answer = call(collector.grpc, now_spans({}, {}), compression=compression)

    assert answer == b""
    assert collector.sink.rows == before + 2


def test_partial_success_has_counts_and_a_message(collector: Running) -> None:
    answer = call(collector.grpc, now_spans({}, {"miops.prediction.time": 1}))

    partial = ExportTraceServiceResponse.FromString(answer).partial_success
    assert partial.rejected_spans == 1
    assert partial.error_message.startswith("1 rows refused: the event time is no time")


def test_each_of_many_concurrent_requests_gets_its_own_answer(collector: Running) -> None:
    payloads = [now_spans({}, {"miops.model.name": "" if i % 2 else "m"}) for i in range(20)]

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda payload: call(collector.grpc, payload), payloads))

    rejected = [ExportTraceServiceResponse.FromString(a).partial_success.rejected_spans for a in answers]
    assert rejected == [0, 1] * 10


@pytest.mark.parametrize("method", [TRACES, LOGS, METRICS])
def test_bad_payload_is_an_invalid_argument(collector: Running, method: str) -> None:
    error = failure(collector.grpc, b"\x0a\xff garbage", method)

    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    details = Status.FromString(dict(error.trailing_metadata())["grpc-status-details-bin"])
    bad = BadRequest()
    assert details.details[0].Unpack(bad)
    assert (details.code, len(details.details)) == (3, 1)
    assert "the body is no Export" in details.message
    assert bad.field_violations[0].description == details.message


def test_a_bad_request_does_not_harm_those_it_is_decoded_with(collector: Running) -> None:
    payloads = [now_spans({}) if i % 3 else b"\x0a\xff" for i in range(12)]

    with ThreadPoolExecutor(12) as pool:
        codes = list(pool.map(lambda payload: code(collector.grpc, payload), payloads))

    assert codes == ["OK" if i % 3 else "INVALID_ARGUMENT" for i in range(12)]


def code(address: str, payload: bytes) -> str:
    try:
        call(address, payload)
    except grpc.RpcError as error:
        name: str = error.code().name
        return name
    return "OK"


def test_unknown_method_is_unimplemented(collector: Running) -> None:
    assert failure(collector.grpc, b"", "/x.Y/Export").code() is grpc.StatusCode.UNIMPLEMENTED


@pytest.mark.parametrize("compression", list(grpc.Compression))
def test_too_large_is_exhausted_for_good(collector: Running, compression: grpc.Compression) -> None:
    error = failure(collector.grpc, now_spans({"miops.feature.x": "x" * (LIMIT + 1)}), compression=compression)

    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "google.rpc.retryinfo-bin" not in dict(error.trailing_metadata())


def test_largest_request_passes(collector: Running) -> None:
    payload = now_spans({"http.body": "x" * (LIMIT - 200)})

    assert LIMIT - 200 < len(payload) <= LIMIT
    assert call(collector.grpc, payload) == b""


@pytest.mark.parametrize("payload", [b"\x1f\x8bgarbage", b"\x78\x9cgarbage", gzip.compress(b"\x0a\x00" * 50)[:-4]])
def test_broken_compression_is_an_invalid_argument(collector: Running, payload: bytes) -> None:
    error = failure(collector.grpc, payload)

    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT


BOMBED = """
import asyncio, resource, sys
from concurrent.futures import Future
from miops_collector.receivers.grpc import GrpcReceiver

async def serve():
    receiver = GrpcReceiver(lambda *_, **__: Future(), max_request_bytes=1 << 20)
    print(await receiver.start("127.0.0.1:0"), flush=True)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    await asyncio.to_thread(sys.stdin.readline)
    print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024, flush=True)
    await receiver.stop(0)

asyncio.run(serve())
"""


def test_a_gzip_bomb_costs_little_memory() -> None:
    with subprocess.Popen([sys.executable, "-c", BOMBED], stdin=PIPE, stdout=PIPE, text=True) as process:
        assert process.stdin
        assert process.stdout
        port = process.stdout.readline().strip()
        error = failure(f"127.0.0.1:{port}", bytes(400 << 20), compression=grpc.Compression.Gzip)
        process.stdin.write("\n")
        process.stdin.flush()
        mebibytes = int(process.stdout.readline())

    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert mebibytes < 40


def test_overload_says_when_to_come_again_in_both_dialects() -> None:
    sink = MemorySink()
    sink.hold.clear()
    with running(
        sink, IngestSettings(max_waiting_bytes=1000, retry_after_seconds=7.0, retry_spread_seconds=0, linger_seconds=0)
    ) as it:
        with ThreadPoolExecutor(1) as pool:
            first = pool.submit(call, it.grpc, now_spans({"miops.feature.x": "x" * 2000}))
            while not value(it.telemetry, "queue.size"):
                time.sleep(0.01)
            error = failure(it.grpc, now_spans({}))
            sink.hold.set()
            assert first.result(10) == b""

        assert error.code() is grpc.StatusCode.UNAVAILABLE
        trailing = dict(error.trailing_metadata())
        packed = Status.FromString(trailing["grpc-status-details-bin"]).details[0]
        retry = RetryInfo()
        assert packed.Unpack(retry)
        assert retry.retry_delay.seconds == 7
        assert RetryInfo.FromString(trailing["google.rpc.retryinfo-bin"]).retry_delay.seconds == 7
        assert not error.initial_metadata()


def test_what_the_store_cannot_take_now_is_to_be_retried() -> None:
    with running() as it:
        it.sink.errors += [StoreError("disk full"), OSError("surprise")]

        errors = [failure(it.grpc, now_spans({})) for _ in range(2)]
        answer = call(it.grpc, now_spans({}))

        assert [e.code() for e in errors] == [grpc.StatusCode.UNAVAILABLE] * 2
        assert [e.details() for e in errors] == ["disk full", "the rows could not be committed: surprise"]
        assert answer == b""


def test_our_own_faults_are_internal_and_not_retried(collector: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("miops_collector.ingest.decode", lambda *_, **__: 1 / 0)

    assert failure(collector.grpc, now_spans({})).code() is grpc.StatusCode.INTERNAL


def test_rejected_log_records() -> None:
    with running() as it:
        answer = call(it.grpc, events("miops.prediction.batch", {"miops.model.name": "m"}), LOGS)

        assert ExportLogsServiceResponse.FromString(answer).partial_success.rejected_log_records == 1


def test_a_second_collector_on_one_port_is_refused(collector: Running) -> None:
    with pytest.raises(ConfigError, match=collector.grpc):
        asyncio.run(GrpcReceiver(collector.ingest.submit).start(collector.grpc))
