"""How much a receiver takes at once, on either side of decompression, and how it says that it was too much."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from tests.otlp_conformance.answer import Answer
from tests.otlp_conformance.case import ALL, HTTP, MUST, SHOULD, Skip, case
from tests.otlp_conformance.requests import request
from tests.otlp_conformance.wire import Wire

MIB = 1024 * 1024
_HTTP_LIMIT = "otlphttp-request"
_COLLECTOR = "https://github.com/open-telemetry/opentelemetry-collector-contrib/issues/32590"
_TONIC = "https://github.com/pydantic/logfire/pull/2263"


@case(SHOULD, _COLLECTOR, on=ALL)
def request_below_the_limit(wire: Wire) -> None:
    """A request of a mebibyte less than the limit is accepted, not only 4 MiB"""
    wire.send_bytes("traces", _padded(wire, wire.target.limit - MIB)).response()


@case(SHOULD, _COLLECTOR, on=ALL)
def compressed_request_below_the_limit(wire: Wire) -> None:
    """A gzip request that inflates to a mebibyte less than the limit is accepted"""
    wire.send_bytes("traces", _padded(wire, wire.target.limit - MIB), compression="gzip").response()


@case(MUST, _HTTP_LIMIT, on=ALL)
def request_above_the_limit(wire: Wire) -> None:
    """A request above the limit is refused, and not with a status that clients retry, such as OUT_OF_RANGE"""
    _refused(wire.send_bytes("traces", _padded(wire, wire.target.limit + MIB)))


@case(SHOULD, _TONIC, on=ALL)
def status_above_the_limit(wire: Wire) -> None:
    """A request above the limit is RESOURCE_EXHAUSTED without RetryInfo, or 413"""
    _too_large(wire.send_bytes("traces", _padded(wire, wire.target.limit + MIB)))


@case(MUST, "failures-1", on=HTTP)
def body_of_413(wire: Wire) -> None:
    """The body of what was refused for its size is a google.rpc.Status in the encoding of the request"""
    wire.send_bytes("traces", _padded(wire, wire.target.limit + MIB)).problem()


@case(MUST, _HTTP_LIMIT, on=HTTP)
def chunked_above_the_limit(wire: Wire) -> None:
    """A chunked body, whose length is not announced, is refused at the limit"""
    body = _padded(wire, wire.target.limit + MIB)
    _refused(wire.ask("/v1/traces", (body[at : at + MIB] for at in range(0, len(body), MIB))))


@case(MUST, _HTTP_LIMIT, on=ALL)
def bomb(wire: Wire) -> None:
    """A small gzip body that inflates to eight times the limit is refused for good"""
    _refused(_bombed(wire))


@case(MUST, _HTTP_LIMIT, on=ALL)
def memory_of_a_bomb(wire: Wire) -> None:
    """A gzip bomb of eight times the limit costs at most three times the limit in memory"""
    with _memory(wire) as grown:
        _bombed(wire)
    mebibytes = grown() // MIB
    assert mebibytes < 3 * wire.target.limit // MIB, f"resident memory grew by {mebibytes} MiB"


@case(SHOULD, "otlphttp-response", on=ALL)
def answer_is_small(wire: Wire) -> None:
    """An answer stays below 4 MiB, whatever was refused"""
    answer = wire.send("traces", request("traces", values={"miops.model.name": "m" * 5 * MIB}))
    assert len(answer.body) < 4 * MIB, f"{len(answer.body)} bytes"


def _padded(wire: Wire, size: int) -> bytes:
    """A request of this size; the text is one that gzip cannot make nothing of."""
    empty = len(wire.encoded(request("traces", values={"padding": ""})))
    return wire.encoded(request("traces", values={"padding": _text()[: size - empty]}))


@cache
def _text() -> str:
    return "".join(f"{number:08x}" for number in range(1 << 17)) * 70


def _refused(answer: Answer) -> None:
    assert not answer.ok, "it was accepted"
    assert not answer.retryable, f"clients would send it again after {answer}"


def _too_large(answer: Answer) -> None:
    assert answer.status in {"RESOURCE_EXHAUSTED", "413"}, str(answer)
    assert not answer.retryable, f"clients would send it again after {answer}"


def _bombed(wire: Wire) -> Answer:
    if wire.name == "grpc":
        return wire.send_bytes("traces", bytes(8 * wire.target.limit), compression="gzip")
    return wire.ask("/v1/traces", _bomb(8 * wire.target.limit), {"Content-Encoding": "gzip"})


@cache
def _bomb(size: int) -> bytes:
    """Spaces, which JSON skips and protobuf takes for a field, as one gzip stream."""
    stream = zlib.compressobj(1, zlib.DEFLATED, zlib.MAX_WBITS | 16)
    return b"".join(stream.compress(b" " * MIB) for _ in range(size // MIB)) + stream.flush()


@contextmanager
def _memory(wire: Wire) -> Iterator[Callable[[], int]]:
    """How many bytes the peak of the receiver's resident memory has grown by since."""
    if wire.target.pid is None or not Path("/proc/self/clear_refs").exists():
        raise Skip("the process of the receiver is not known (--pid), or this is not Linux")
    folder = Path(f"/proc/{wire.target.pid}")
    (folder / "clear_refs").write_text("5")  # the peak starts again from what is resident now
    before = _peak(folder)
    yield lambda: _peak(folder) - before


def _peak(folder: Path) -> int:
    line = next(line for line in (folder / "status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024
