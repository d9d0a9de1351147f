"""More requests than the receiver can hold: each is taken or refused in words that clients understand.

What cannot be provoked from outside is skipped, not passed.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache

from google.rpc.error_details_pb2 import RetryInfo

from tests.otlp_conformance.answer import MEDIA, Answer
from tests.otlp_conformance.case import ALL, GRPC, HTTP, MAY, MUST, SHOULD, Skip, case
from tests.otlp_conformance.http2 import Shape, shape_of_answer
from tests.otlp_conformance.requests import prediction, request
from tests.otlp_conformance.wire import SERVICES, Wire

CLIENTS, REQUESTS, BYTES = 16, 48, 1_040_000
FLOODS = 20
_THROTTLING = "otlphttp-throttling"
_GRPC_THROTTLING = "otlpgrpc-throttling"
_PYTHON = (
    "https://github.com/open-telemetry/opentelemetry-python/tree/main/exporter/opentelemetry-exporter-otlp-proto-grpc"
)


@case(SHOULD, _GRPC_THROTTLING, on=ALL)
def is_retryable(wire: Wire) -> None:
    """What is refused under overload is UNAVAILABLE, 429 or 503: clients send it again"""
    for answer in _refused(wire):
        assert answer.status in {"UNAVAILABLE", "429", "503"}, str(answer)


@case(MUST, "failures-1", on=ALL)
def refuses_whole_requests(wire: Wire) -> None:
    """Nothing is refused by partial_success under overload, which clients never send again"""
    answers = flood(wire)
    assert all(answer.partial() is None for answer in answers if answer.ok), "a request was taken in part"


@case(MAY, _GRPC_THROTTLING, on=GRPC)
def retry_info(wire: Wire) -> None:
    """An overloaded server says in grpc-status-details-bin when to come again"""
    for answer in _refused(wire):
        info = answer.retry_info()
        assert info is not None, f"no RetryInfo in {sorted(answer.headers)}"
        assert info.retry_delay.ToTimedelta().total_seconds() > 0, str(info)


@case(MAY, _PYTHON, on=GRPC)
def retry_info_of_its_own(wire: Wire) -> None:
    """And in google.rpc.retryinfo-bin, where the Python exporter looks for it"""
    for answer in _refused(wire):
        assert "google.rpc.retryinfo-bin" in answer.headers, str(sorted(answer.headers))
        info = RetryInfo.FromString(answer.headers["google.rpc.retryinfo-bin"])
        assert info.retry_delay.ToTimedelta().total_seconds() > 0, str(info)


@case(MAY, _THROTTLING, on=HTTP)
def retry_after(wire: Wire) -> None:
    """An overloaded server says in Retry-After when to come again, in whole seconds or as a date"""
    for answer in _refused(wire):
        given = answer.headers.get("retry-after", "")
        assert given.isdigit() or given.endswith("GMT"), f"Retry-After: {given!r}"


@case(MUST, "failures-1", on=HTTP)
def body(wire: Wire) -> None:
    """The body is a google.rpc.Status in the encoding of the request"""
    for answer in _refused(wire):
        answer.problem()
        assert answer.headers.get("content-type", "").startswith(MEDIA[wire.name]), str(answer.headers)


@case(SHOULD, "https://github.com/open-telemetry/opentelemetry-java/issues/8843", on=GRPC)
def trailers_only(wire: Wire) -> None:
    """What is refused under overload is refused without initial headers (Trailers-Only)"""
    for _ in range(FLOODS):  # one that is fast enough finds room for all of the small ones
        shapes = set(_shapes_under_flood(wire))
        assert shapes <= {"response", "trailers-only"}, f"answers were {shapes}"
        if shapes != {"response"}:
            return
    raise Skip(f"none of {FLOODS * REQUESTS} small requests was refused beside the large ones")


@case(MUST, _GRPC_THROTTLING, on=ALL)
def goes_on_after_it(wire: Wire) -> None:
    """After an overload requests succeed again"""
    flood(wire)
    wire.send("traces", request("traces")).response()


def _refused(wire: Wire) -> Sequence[Answer]:
    refused = [answer for answer in flood(wire) if not answer.ok]
    if not refused:
        raise Skip(f"{REQUESTS} requests of {BYTES} bytes from {CLIENTS} clients did not overload it")
    return refused


@cache
def flood(wire: Wire) -> tuple[Answer, ...]:
    """Answers to many large requests at once; each receiver is flooded once over each wire."""
    bodies = [wire.encoded(request("traces", prediction(**{"http.body": "x" * BYTES}))) for _ in range(REQUESTS)]
    with ThreadPoolExecutor(CLIENTS) as pool:
        return tuple(pool.map(lambda each: wire.send_bytes("traces", each), bodies))


def _shapes_under_flood(wire: Wire) -> list[Shape]:
    small = wire.encoded(request("traces", prediction(**{"http.body": "x" * 15_000})))
    large = [wire.encoded(request("traces", prediction(**{"http.body": "x" * BYTES}))) for _ in range(REQUESTS)]
    with ThreadPoolExecutor(2 * CLIENTS) as pool:
        shapes = []
        for each in large:
            pool.submit(wire.send_bytes, "traces", each)
            shapes.append(pool.submit(shape_of_answer, wire.target.grpc, SERVICES["traces"], small))
    return [shape.result() for shape in shapes]
