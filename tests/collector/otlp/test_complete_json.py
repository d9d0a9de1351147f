"""All of an OTLP/JSON request as protobuf: what is handed on to somebody else loses nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from miops_collector.errors import InputError
from miops_collector.otlp.canonical import REQUESTS
from miops_collector.otlp.complete_json import complete_json_to_protobuf
from miops_collector.otlp.items import read_items

ID = "5b8efff798038103d269b633813fc60c"


def traces(**fields: Any) -> bytes:
    return json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [fields]}]}]}).encode()


def test_links_status_and_enums_are_kept() -> None:
    body = traces(
        traceId=ID, spanId="eee19b7ec3c1b174", name="GET", kind=2, startTimeUnixNano="1544712660000000000",
        status={"code": 2, "message": "late"}, links=[{"traceId": ID, "spanId": "eee19b7ec3c1b173"}],
        events=[{"name": "retry"}], unheardOf={"a": 1},
    )  # fmt: skip

    (resource,) = ExportTraceServiceRequest.FromString(complete_json_to_protobuf("traces", body)).resource_spans

    (span,) = resource.scope_spans[0].spans
    assert (span.trace_id.hex(), span.span_id.hex()) == (ID, "eee19b7ec3c1b174")
    assert (span.kind, span.status.code, span.status.message) == (
        Span.SPAN_KIND_SERVER,
        Status.STATUS_CODE_ERROR,
        "late",
    )
    assert [link.span_id.hex() for link in span.links] == ["eee19b7ec3c1b173"]
    assert [event.name for event in span.events] == ["retry"]


@pytest.mark.parametrize(
    ("name", "kind"), [("trace", "traces"), ("logs", "logs"), ("events", "logs"), ("metrics", "metrics")]
)
def test_official_examples_are_read(shared: Path, name: str, kind: Any) -> None:
    payload = complete_json_to_protobuf(kind, (shared / "otlp" / f"{name}.json").read_bytes())

    assert REQUESTS[kind].FromString(payload).ByteSize() == len(payload) > 100
    if kind == "traces":
        assert len(read_items("traces", payload).times) == 1


@pytest.mark.parametrize("body", [b"", b"[]", b"{", traces(traceId="xyz"), traces(traceId=7), traces(kind={})])
def test_what_is_no_request_is_refused(body: bytes) -> None:
    with pytest.raises(InputError, match="no OTLP/JSON request of traces"):
        complete_json_to_protobuf("traces", body)
