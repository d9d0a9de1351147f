"""Which values attributes and bodies may have, wherever they stand."""

from __future__ import annotations

from typing import Any

from google.protobuf.message import Message

from tests.otlp_conformance.answer import KINDS
from tests.otlp_conformance.case import ALL, MUST, SHOULD, case
from tests.otlp_conformance.requests import any_value, attributes, log_record, prediction, request, span
from tests.otlp_conformance.wire import Wire

_ANY_VALUE = "https://opentelemetry.io/docs/specs/otel/common/#attribute"
_SCALARS: dict[str, object] = {
    "string": "text", "empty": "", "unicode": "ж𝄞\0", "bool": True, "int": -(2**63), "large": 2**63 - 1, "double": 0.1,
}  # fmt: skip
_COMPLEX: dict[str, object] = {
    "null": None, "bytes": b"\0\xff", "mixed": [1, "a", None, 2.5, False, b"\1"], "empty_list": [], "empty_map": {},
    "nested": {"a": {"b": [{"c": None}]}},
}  # fmt: skip


@case(MUST, _ANY_VALUE, on=ALL)
def scalars(wire: Wire) -> None:
    """Texts, booleans, integers to the edge of 64 bits and doubles are accepted"""
    for kind in KINDS:
        _accepted(wire, request(kind, values=_SCALARS), kind)


@case(MUST, _ANY_VALUE, on=ALL)
def null_bytes_mixed_and_nested(wire: Wire) -> None:
    """Null, bytes, mixed arrays and maps are accepted as attributes of items (OTLP 1.9)"""
    for kind in KINDS:
        _accepted(wire, request(kind, values=_COMPLEX), kind)


@case(MUST, _ANY_VALUE, on=ALL)
def complex_values_anywhere(wire: Wire) -> None:
    """The same as attributes of resource, scope, span event and link"""
    item = span()
    item.events.add(name="event", time_unix_nano=1).attributes.extend(attributes(_COMPLEX))
    item.links.add(trace_id=bytes(15) + b"\1", span_id=bytes(7) + b"\1").attributes.extend(attributes(_COMPLEX))
    made = request("traces", item)
    made.resource_spans[0].resource.attributes.extend(attributes(_COMPLEX))
    made.resource_spans[0].scope_spans[0].scope.attributes.extend(attributes(_COMPLEX))
    _accepted(wire, made, "traces")


@case(MUST, "https://opentelemetry.io/docs/specs/otel/logs/data-model/#field-body", on=ALL)
def bodies(wire: Wire) -> None:
    """The body of a log record may be any value, or absent"""
    some = [log_record(body=any_value(value)) for value in (*_SCALARS.values(), *_COMPLEX.values())]
    absent = log_record()
    absent.ClearField("body")
    _accepted(wire, request("logs", *some, absent), "logs")


@case(MUST, _ANY_VALUE, on=ALL)
def values_of_a_prediction(wire: Wire) -> None:
    """Odd values beside those a collector of predictions reads do not cost the prediction"""
    odd: dict[str, Any] = {f"miops.feature.{key}": value for key, value in (_SCALARS | _COMPLEX).items()}
    _accepted(wire, request("traces", prediction(**odd)), "traces")


@case(SHOULD, _ANY_VALUE, on=ALL)
def many_attributes(wire: Wire) -> None:
    """An item with a thousand attributes, and an attribute of a million characters, are accepted"""
    for kind in KINDS:
        _accepted(wire, request(kind, values={f"key.{i}": i for i in range(1000)}), kind)
        _accepted(wire, request(kind, values={"long": "x" * 1_000_000}), kind)


@case(SHOULD, _ANY_VALUE, on=ALL)
def nested_thirty_deep(wire: Wire) -> None:
    """A value nested thirty deep is accepted"""
    value: object = 1
    for level in range(30):
        value = [value] if level % 2 else {"k": value}
    _accepted(wire, request("traces", values={"deep": value}), "traces")


def _accepted(wire: Wire, message: Message, kind: Any) -> None:
    partial = wire.send(kind, message).partial()
    assert partial is None, f"{kind}: {partial}"
