"""What a request that cannot be taken is answered with, and that clients do not send it again."""

from __future__ import annotations

from tests.otlp_conformance.answer import KINDS, MEDIA, Answer
from tests.otlp_conformance.case import ALL, GRPC, HTTP, MAY, MUST, SHOULD, case
from tests.otlp_conformance.http2 import shape_of_answer
from tests.otlp_conformance.requests import EMPTY
from tests.otlp_conformance.wire import SERVICES, Wire

GARBAGE = b"\x0a\xffgarbage"
_OTEL_JAVA = "https://github.com/open-telemetry/opentelemetry-java/issues/8843"


@case(MUST, "failures-1", on=ALL)
def garbage_is_not_retried(wire: Wire) -> None:
    """Bytes that are no request are refused, with a status that clients do not retry"""
    for kind in KINDS:
        answer = wire.send_bytes(kind, GARBAGE)
        assert not answer.ok, f"{kind}: garbage was accepted"
        assert not answer.retryable, f"{kind}: clients would send it again after {answer}"


@case(SHOULD, "failures", on=GRPC)
def garbage_is_invalid_argument(wire: Wire) -> None:
    """Bytes that are no request are INVALID_ARGUMENT"""
    for kind in KINDS:
        answer = wire.send_bytes(kind, GARBAGE)
        assert answer.status == "INVALID_ARGUMENT", f"{kind}: {answer}"


@case(MUST, "bad-data", on=HTTP)
def garbage_is_400(wire: Wire) -> None:
    """Bytes that are no request are 400"""
    for kind in KINDS:
        answer = wire.send_bytes(kind, GARBAGE)
        assert answer.status == "400", f"{kind}: {answer}"


@case(SHOULD, "bad-data", on=HTTP)
def garbage_is_described(wire: Wire) -> None:
    """The Status of a 400 has a BadRequest among its details"""
    answer = wire.send_bytes("traces", GARBAGE)
    assert answer.bad_request() is not None, f"no BadRequest in {answer.problem()}"


@case(MAY, "failures", on=GRPC)
def garbage_is_described_in_trailers(wire: Wire) -> None:
    """grpc-status-details-bin of an INVALID_ARGUMENT has a BadRequest"""
    answer = wire.send_bytes("traces", GARBAGE)
    assert answer.bad_request() is not None, f"no BadRequest in {answer.problem()}"


@case(MUST, "otlphttp-response", on=HTTP)
def body_of_400(wire: Wire) -> None:
    """The body of a 400 is a google.rpc.Status in the encoding of the request, and says so"""
    _is_status(wire.send_bytes("traces", GARBAGE), wire)


@case(MUST, "failures-1", on=HTTP)
def body_of_404(wire: Wire) -> None:
    """An unknown path is 404 with a Status"""
    answer = wire.ask("/v1/conformance", wire.encoded(EMPTY["traces"]()))
    assert answer.status == "404", str(answer)
    _is_status(answer, wire)


@case(MUST, "failures-1", on=HTTP)
def body_of_405(wire: Wire) -> None:
    """Methods other than POST are 405 with a Status"""
    for method in ("GET", "PUT", "PATCH", "DELETE"):
        answer = wire.ask("/v1/traces", method=method)
        assert answer.status == "405", f"{method}: {answer}"
        _is_status(answer, wire)


@case(MUST, "https://www.rfc-editor.org/rfc/rfc9110#name-405-method-not-allowed", on=HTTP)
def allow_of_405(wire: Wire) -> None:
    """A 405 says in Allow that POST is right"""
    answer = wire.ask("/v1/traces", method="PATCH")
    assert "POST" in answer.headers.get("allow", ""), f"Allow: {answer.headers.get('allow')!r}"


@case(MUST, "failures-1", on=("protobuf",))
def body_of_415(wire: Wire) -> None:
    """A missing or foreign Content-Type is refused for good, with a Status"""
    for media in (None, "text/plain", "application/x-www-form-urlencoded", "garbage"):
        answer = wire.ask("/v1/traces", b"", {"Content-Type": media})
        assert answer.status in {"400", "415"}, f"{media}: {answer}"
        answer.problem()


@case(MUST, "failures-1", on=ALL)
def profiles_are_not_retried(wire: Wire) -> None:
    """Profiles, which are in development, are taken, or refused with a status that clients do not retry"""
    if wire.name == "grpc":
        answer = wire.call("/opentelemetry.proto.collector.profiles.v1development.ProfilesService/Export", b"")
    else:
        answer = wire.ask("/v1development/profiles", b"{}" if wire.name == "json" else b"")
    assert answer.status not in {"no answer", "500", "INTERNAL", "UNKNOWN"}, str(answer)
    assert not answer.retryable, f"clients would send it again after {answer}"


@case(MUST, "https://grpc.io/docs/guides/status-codes/", on=GRPC)
def unknown_method(wire: Wire) -> None:
    """A method nobody knows is UNIMPLEMENTED"""
    for method in ("/opentelemetry.proto.collector.trace.v1.TraceService/Import", "/conformance.Service/Export"):
        answer = wire.call(method, b"")
        assert answer.status == "UNIMPLEMENTED", f"{method}: {answer}"


@case(SHOULD, _OTEL_JAVA, on=GRPC)
def trailers_only(wire: Wire) -> None:
    """An error comes without initial headers before it (Trailers-Only), or the Java exporter does not see its status"""
    shape = shape_of_answer(wire.target.grpc, SERVICES["traces"], GARBAGE)
    assert shape == "trailers-only", f"the answer is {shape}"


def _is_status(answer: Answer, wire: Wire) -> None:
    media = answer.headers.get("content-type", "").partition(";")[0].strip()
    assert media == MEDIA[wire.name], f"Content-Type {media!r} of {answer}"
    answer.problem()
