"""Many clients at once, and many things at once."""

from __future__ import annotations

import time
import uuid
from concurrent.futures import ThreadPoolExecutor

from tests.otlp_conformance.answer import KINDS, Answer
from tests.otlp_conformance.case import ALL, GRPC, SHOULD, case
from tests.otlp_conformance.requests import prediction, request, span
from tests.otlp_conformance.wire import Wire


@case(SHOULD, "otlpgrpc-concurrent-requests", on=ALL)
def requests_at_once(wire: Wire) -> None:
    """Thirty-two requests of all kinds in flight at once succeed"""

    def send(number: int) -> Answer:
        kind = KINDS[number % 3]
        return wire.send(kind, request(kind, values={"number": number}))

    with ThreadPoolExecutor(32) as pool:
        for answer in pool.map(send, range(32)):
            answer.response()


@case(SHOULD, "protocol-details", on=GRPC)
def both_transports_at_once(wire: Wire) -> None:
    """gRPC, HTTP/protobuf and HTTP/JSON requests at once succeed"""
    wires = [Wire(wire.target, name) for name in ALL] * 8
    with ThreadPoolExecutor(len(wires)) as pool:
        for answer in pool.map(lambda each: each.send("traces", request("traces", prediction())), wires):
            answer.response()


@case(SHOULD, "https://github.com/open-telemetry/opentelemetry-collector/issues/8263", on=ALL)
def a_bad_request_among_good_ones(wire: Wire) -> None:
    """A bad request costs nothing to those that come with it"""
    with ThreadPoolExecutor(16) as pool:
        good = [pool.submit(wire.send, "traces", request("traces")) for _ in range(12)]
        bad = [pool.submit(wire.send_bytes, "traces", b"\x0a\xff") for _ in range(4)]
        for each in good:
            each.result().response()
        assert not any(each.result().ok for each in bad), "garbage was accepted"


@case(SHOULD, "otlpgrpc-concurrent-requests", on=ALL)
def first_requests_of_many_sources(wire: Wire) -> None:
    """The first rows of many new models at once, which create what they are stored in, all succeed"""
    run = uuid.uuid4().hex[:8]
    made = [request("traces", prediction(f"{run}-{i}", **{f"miops.feature.f{i}": i})) for i in range(16)]
    with ThreadPoolExecutor(16) as pool:
        for answer in pool.map(lambda each: wire.send("traces", each), made):
            assert answer.partial() is None, str(answer)


@case(SHOULD, "https://github.com/logtide-dev/logtide/issues/309", on=ALL)
def many_traces_in_one_request(wire: Wire) -> None:
    """Two thousand spans, each of its own trace, are answered within ten seconds"""
    made = request("traces", *(span() for _ in range(1000)), *(prediction() for _ in range(1000)))
    started = time.monotonic()
    wire.send("traces", made).response()
    seconds = time.monotonic() - started
    assert seconds < 10, f"it took {seconds:.1f} s"
