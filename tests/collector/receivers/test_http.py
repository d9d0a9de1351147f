from __future__ import annotations

import gzip
import json
import time
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
import zstandard
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

from miops_collector.errors import StoreError
from miops_collector.ingest import IngestSettings
from tests.collector.otlp.payloads import spans
from tests.collector.receivers.running import LIMIT, MemorySink, Running, running, value

PREDICTION = {"miops.model.name": "m", "miops.prediction.value": 1.0}
PROTOBUF, JSON = "application/x-protobuf", "application/json"


@pytest.fixture(scope="module")
def collector() -> Iterator[Running]:
    with running() as it:
        yield it


def now_spans(*each: dict[str, object]) -> bytes:
    return spans(*(PREDICTION | values for values in each), start_time_unix_nano=time.time_ns())


def json_spans(*times: object) -> bytes:
    attributes = [
        {"key": "miops.model.name", "value": {"stringValue": "m"}},
        {"key": "miops.prediction.value", "value": {"doubleValue": 1}},
    ]
    each = [{"startTimeUnixNano": t or str(time.time_ns()), "attributes": attributes} for t in times]
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": each}]}]}).encode()


def post(
    collector: Running, body: Any, media: str | None = PROTOBUF, path: str = "/v1/traces", **headers: str
) -> httpx.Response:
    given = {key.replace("_", "-"): text for key, text in headers.items()} | ({"content-type": media} if media else {})
    return httpx.post(collector.http + path, content=body, headers=given, timeout=20)


@pytest.mark.parametrize("path", ["/v1/traces", "/v1/logs", "/v1/metrics"])
@pytest.mark.parametrize(("media", "empty"), [(PROTOBUF, b""), (JSON, b"{}")])
def test_empty_request_succeeds_with_nothing_to_say(collector: Running, path: str, media: str, empty: bytes) -> None:
    response = post(collector, empty, media, path)

    assert (response.status_code, response.content, response.headers["content-type"]) == (200, empty, media)


@pytest.mark.parametrize(
    "media", [JSON, "Application/JSON", "application/json; charset=utf-8", "application/json ;charset=UTF-8"]
)
def test_media_types_are_compared_as_http_says(collector: Running, media: str) -> None:
    before = collector.sink.rows

    response = post(collector, json_spans(None), media)

    assert (response.status_code, response.json(), response.headers["content-type"]) == (200, {}, JSON)
    assert collector.sink.rows == before + 1


@pytest.mark.parametrize(
    ("encoding", "compress"),
    [
        ("gzip", gzip.compress), ("GZIP", gzip.compress), ("deflate", zlib.compress), ("identity", bytes),
        ("zstd", zstandard.ZstdCompressor().compress),
        ("gzip", lambda data: gzip.compress(data[:50]) + gzip.compress(data[50:])),
        ("zstd", lambda data: zstandard.compress(data[:50]) + zstandard.compress(data[50:])),
    ],
)  # fmt: skip
@pytest.mark.parametrize("media", [PROTOBUF, JSON])
def test_compressed_bodies(collector: Running, media: str, encoding: str, compress: Any) -> None:
    before = collector.sink.rows
    body = now_spans({}) if media == PROTOBUF else json_spans(None)

    response = post(collector, compress(body), media, content_encoding=encoding)

    assert response.status_code == 200
    assert collector.sink.rows == before + 1


def test_chunked_bodies(collector: Running) -> None:
    body = now_spans({}, {})
    before = collector.sink.rows

    response = post(collector, (body[i : i + 7] for i in range(0, len(body), 7)))

    assert response.request.headers["transfer-encoding"] == "chunked"
    assert response.status_code == 200
    assert collector.sink.rows == before + 2


def test_partial_success_in_the_encoding_of_the_request(collector: Running) -> None:
    protobuf = post(collector, now_spans({}, {"miops.prediction.time": 1}))
    as_json = post(collector, json_spans(None, "1"), JSON)

    partial = ExportTraceServiceResponse.FromString(protobuf.content).partial_success
    assert (protobuf.status_code, partial.rejected_spans) == (200, 1)
    assert as_json.json() == {"partialSuccess": {"rejectedSpans": "1", "errorMessage": partial.error_message}}


@pytest.mark.parametrize(
    ("method", "path", "media", "status", "code"),
    [
        ("POST", "/v1/nothing", PROTOBUF, 404, 5), ("POST", "/v1/nothing", JSON, 404, 5), ("POST", "/", None, 404, 5),
        ("GET", "/v1/traces", None, 405, 12), ("PATCH", "/v1/logs", JSON, 405, 12),
        ("PUT", "/v1/traces", PROTOBUF, 405, 12),
        ("POST", "/v1/traces", None, 415, 3), ("POST", "/v1/traces", "text/plain", 415, 3),
        ("POST", "/v1/traces", "application/jsonx", 415, 3),
        ("POST", "/v1/traces", PROTOBUF, 400, 3), ("POST", "/v1/traces", JSON, 400, 3),
        ("POST", "/v1/metrics", PROTOBUF, 400, 3),
    ],
)  # fmt: skip
def test_every_error_has_a_status_in_the_encoding_of_the_request(
    collector: Running, method: str, path: str, media: str | None, status: int, code: int
) -> None:
    headers = {"content-type": media} if media else {}

    response = httpx.request(method, collector.http + path, content=b"\x0a\xff bad", headers=headers)

    assert response.status_code == status
    if media == JSON:
        assert response.headers["content-type"] == JSON
        assert response.json()["code"] == code
    else:
        assert response.headers["content-type"] == PROTOBUF
        found = Status.FromString(response.content)
        assert found.code == code
        assert found.message


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "zstd"])
@pytest.mark.parametrize(
    "body", [b"", b"garbage", gzip.compress(b"x" * 1000)[:-5], zstandard.compress(b"x" * 1000)[:-3]]
)
def test_bodies_that_cannot_be_inflated(collector: Running, encoding: str, body: bytes) -> None:
    response = post(collector, body, content_encoding=encoding)

    assert response.status_code == (400 if body else 200)


def test_unknown_content_encoding(collector: Running) -> None:
    response = post(collector, b"", content_encoding="br")

    assert response.status_code == 415
    assert (
        Status.FromString(response.content).message
        == "content encoding 'br' is not one of deflate, gzip, identity, zstd"
    )


def test_largest_body_passes_and_a_larger_one_does_not(collector: Running) -> None:
    fits = now_spans({"http.body": "x" * (LIMIT - 200)})
    larger = now_spans({"http.body": "x" * LIMIT})

    assert post(collector, fits).status_code == 200
    for body in (larger, (larger[i : i + 99_999] for i in range(0, len(larger), 99_999))):
        response = post(collector, body)
        assert response.status_code == 413
        assert Status.FromString(response.content).code == 8


@pytest.mark.parametrize(
    ("encoding", "compress"),
    [
        ("gzip", gzip.compress), ("deflate", zlib.compress), ("zstd", zstandard.compress),
        ("gzip", lambda data: gzip.compress(data[: LIMIT // 2]) * 3),
        ("zstd", lambda data: zstandard.compress(data[: LIMIT // 2]) * 3),
    ],
)  # fmt: skip
def test_bombs_are_refused(collector: Running, encoding: str, compress: Any) -> None:
    response = post(collector, compress(bytes(20 * LIMIT)), content_encoding=encoding)

    assert response.status_code == 413


def test_overload_says_when_to_come_again() -> None:
    sink = MemorySink()
    sink.hold.clear()
    with running(
        sink, IngestSettings(max_waiting_bytes=1000, retry_after_seconds=6.5, retry_spread_seconds=0, linger_seconds=0)
    ) as it:
        with ThreadPoolExecutor(1) as pool:
            first = pool.submit(post, it, now_spans({"miops.feature.x": "x" * 2000}))
            while not value(it.telemetry, "queue.size"):
                time.sleep(0.01)
            protobuf, as_json = post(it, now_spans({})), post(it, json_spans(None), JSON)
            sink.hold.set()
            assert first.result(10).status_code == 200

        for response in (protobuf, as_json):
            assert (response.status_code, response.headers["retry-after"]) == (503, "7")
        retry = RetryInfo()
        assert Status.FromString(protobuf.content).details[0].Unpack(retry)
        assert retry.retry_delay.ToTimedelta().total_seconds() == 6.5
        assert as_json.json()["details"][0]["retryDelay"] == "6.500s"


def test_what_the_store_cannot_take_now_is_to_be_retried() -> None:
    with running() as it:
        it.sink.errors.append(StoreError("disk full"))

        assert post(it, now_spans({})).status_code == 503
        assert post(it, now_spans({})).status_code == 200


def test_our_own_faults_are_500(collector: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("miops_collector.ingest.decode", lambda *_, **__: 1 / 0)

    assert post(collector, now_spans({})).status_code == 500
