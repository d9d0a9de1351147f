"""One bad item must not cost the others of its request: clients drop what is refused as a whole."""

from __future__ import annotations

from google.protobuf.message import Message

from tests.otlp_conformance.answer import Kind
from tests.otlp_conformance.case import ALL, SHOULD, case
from tests.otlp_conformance.requests import log_record, metric, request, span
from tests.otlp_conformance.wire import Wire

_LOGFLARE = "https://github.com/Logflare/logflare/issues/3683"
_MIMIR = "https://github.com/grafana/mimir/pull/14789"


@case(SHOULD, _LOGFLARE, on=ALL)
def ids_of_a_wrong_length(wire: Wire) -> None:
    """A span or log record whose ids have a wrong length costs at most itself"""
    for wrong in (b"abc", bytes(17)):
        _costs_itself(wire, "traces", span(trace_id=wrong), span())
        _costs_itself(wire, "traces", span(span_id=wrong), span())
        _costs_itself(wire, "logs", log_record(trace_id=wrong), log_record())


@case(SHOULD, _MIMIR, on=ALL)
def empty_data_point(wire: Wire) -> None:
    """A metric without points, or with an empty one, costs at most itself"""
    without, empty = metric(), metric()
    without.gauge.data_points.pop()
    empty.gauge.data_points[0].Clear()
    _costs_itself(wire, "metrics", without, metric(), metric())
    _costs_itself(wire, "metrics", empty, metric(), metric())


@case(SHOULD, "partial-success", on=ALL)
def empty_items(wire: Wire) -> None:
    """An item without any field costs at most itself"""
    _costs_itself(wire, "traces", type(span())(), span())
    _costs_itself(wire, "logs", type(log_record())(), log_record())
    _costs_itself(wire, "metrics", type(metric())(), metric())


@case(SHOULD, "partial-success", on=ALL)
def times_out_of_order(wire: Wire) -> None:
    """A span that ends before it starts, or has no time, or one at the edge of 64 bits, costs at most itself"""
    for begin, end in ((2, 1), (0, 0), (2**64 - 1, 2**64 - 1)):
        _costs_itself(wire, "traces", span(start_time_unix_nano=begin, end_time_unix_nano=end), span())


def _costs_itself(wire: Wire, kind: Kind, bad: Message, *good: Message) -> None:
    answer = wire.send(kind, request(kind, good[0], bad, *good[1:]))
    partial = answer.partial()
    assert partial is None or partial.rejected <= 1, f"{kind}: {partial} for one bad item of {len(good) + 1}"
