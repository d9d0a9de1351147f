"""What a request that could be taken, wholly or in part, is answered with."""

from __future__ import annotations

from google.protobuf.message import Message

from tests.otlp_conformance.answer import KINDS, MEDIA, Kind
from tests.otlp_conformance.case import ALL, HTTP, MUST, SHOULD, Skip, case
from tests.otlp_conformance.requests import EMPTY, envelope, log_record, prediction, request, span
from tests.otlp_conformance.wire import Wire

_COLLECTOR_ISSUE = "https://github.com/open-telemetry/opentelemetry-collector/issues/"


@case(SHOULD, "full-success", on=ALL)
def empty_request(wire: Wire) -> None:
    """A request without any telemetry succeeds"""
    for kind in KINDS:
        wire.send(kind, EMPTY[kind]()).response()


@case(SHOULD, "empty-telemetry-envelopes", on=ALL)
def empty_envelope(wire: Wire) -> None:
    """A resource and scope with nothing in them succeed"""
    for kind in KINDS:
        wire.send(kind, envelope(kind)).response()


@case(MUST, "full-success", on=ALL)
def partial_success_is_unset(wire: Wire) -> None:
    """Full success leaves partial_success unset"""
    for kind in KINDS:
        assert wire.send(kind, request(kind)).partial() is None, f"partial_success is set for {kind}"


@case(MUST, "full-success-1", on=HTTP)
def status_is_200(wire: Wire) -> None:
    """Success is 200, not 202 or 204"""
    for kind in KINDS:
        answer = wire.send(kind, request(kind))
        assert answer.status == "200", f"expected 200, got {answer}"


@case(MUST, "otlphttp-response", on=HTTP)
def content_type_is_the_request_s(wire: Wire) -> None:
    """The answer has the Content-Type of the request"""
    for kind in KINDS:
        answer = wire.send(kind, request(kind))
        media = answer.headers.get("content-type", "").partition(";")[0].strip()
        assert media == MEDIA[wire.name], f"Content-Type {media!r} for {kind}"


@case(MUST, _COLLECTOR_ISSUE + "9666", on=HTTP)
def body_is_a_response(wire: Wire) -> None:
    """The body is an Export…ServiceResponse in the encoding of the request, never another text"""
    for kind in KINDS:
        wire.send(kind, EMPTY[kind]()).response()
        wire.send(kind, request(kind)).response()


def _refused_by_some(kind: Kind) -> tuple[list[Message], list[Message]]:
    """Items every receiver takes, and items of which many refuse some."""
    if kind == "traces":
        bad = [span(trace_id=b"abc"), span({"miops.prediction.value": 1.0}), span(start_time_unix_nano=2**64 - 1)]
        return [span() for _ in range(3)], [*bad]
    nameless = log_record({"miops.prediction.value": 1.0}, event_name="miops.prediction")
    return [log_record() for _ in range(3)], [log_record(trace_id=b"abc"), nameless]


@case(MUST, "partial-success", on=ALL)
def partial_success_counts(wire: Wire) -> None:
    """What is refused of a request is counted in partial_success, under status OK or 200"""
    for kind in ("traces", "logs"):
        good, bad = _refused_by_some(kind)
        partial = wire.send(kind, request(kind, *good, *bad)).partial()
        if partial is None:
            raise Skip(f"nothing of the {kind} was refused")
        assert 0 < partial.rejected <= len(bad), f"{partial.rejected} of {len(bad)} doubtful {kind} rejected"


@case(SHOULD, "partial-success", on=ALL)
def partial_success_has_a_message(wire: Wire) -> None:
    """A partial success says why"""
    good, bad = _refused_by_some("traces")
    partial = wire.send("traces", request("traces", *good, *bad)).partial()
    if partial is None:
        raise Skip("nothing was refused")
    assert partial.message, "error_message is empty"


@case(SHOULD, "duplicate-data", on=ALL)
def repeated_request(wire: Wire) -> None:
    """A request that is sent again succeeds again"""
    again = request("traces", prediction())
    for _ in range(2):
        assert wire.send("traces", again).partial() is None, "the repeat was rejected"
