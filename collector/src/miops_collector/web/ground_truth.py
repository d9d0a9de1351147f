"""Posted ground truth as the rows a store takes: how each truth names its prediction, and when it became known."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from miops.semconv import COLUMN_OUTCOME_PREFIX
from miops_collector.errors import InputError
from miops_collector.otlp.settings import DecodeSettings
from miops_collector.schema import GROUND_TRUTH, Records
from miops_collector.stores._columns import MOST_OUTCOMES
from miops_collector.web.body import Format, read_arrow, read_json
from miops_collector.web.ids import keys_of, trace_ids_of
from miops_collector.web.truth_arrow import table_from_arrow
from miops_collector.web.truth_json import table_from_json

__all__ = ["ground_truth_records"]

_NO = pa.scalar(value=False)
_LIMITS = DecodeSettings()
"""What is refused over OTLP is refused here."""


def ground_truth_records(body: bytes, form: Format, *, now: int) -> Records:
    """Rows of ``POST /api/v1/ground-truth``; ``now`` is when truth without a time became known.

    Raises
    ------
    InputError
        If anything is wrong with any element: nothing of the body is taken then.
    """
    given = table_from_json(read_json(body)) if form == "json" else table_from_arrow(read_arrow(body))
    _refuse(_nan(given), "value: is missing")
    named = _names(given)
    time = pc.fill_null(_column(given, "time", pa.int64()), now)
    prediction_time = _column(given, "prediction_time", pa.int64())
    _refuse(_unlikely(time, now), f"time: {_UNLIKELY}")
    _refuse(_unlikely(prediction_time, now), f"prediction_time: {_UNLIKELY}")
    by_entity = named["entity_id"].is_valid()
    columns = {
        **named,
        "truth_number": given["truth_number"].combine_chunks(),
        "truth_text": given["truth_text"].combine_chunks(),
        "time": time,
        # The latest prediction about an entity before its truth became known, unless the sender knows better.
        "prediction_time": pc.if_else(pc.and_(by_entity, prediction_time.is_null()), time, prediction_time),
    }
    outcomes = {name: given[name].combine_chunks() for name in _outcomes(given)}
    table = pa.table(
        {**columns, **outcomes},
        schema=pa.schema([*GROUND_TRUTH, *(pa.field(name, pa.float64()) for name in outcomes)]),
    )
    return Records("ground_truth", model="", table=table)


_UNLIKELY = "is before the year 2000 or more than a day ahead; a number counts nanoseconds since 1970"


def _unlikely(times: pa.Array, now: int) -> pa.Array:
    """Times that nobody means, such as seconds for nanoseconds: truth that is dated ahead could never be corrected."""
    outside = pc.or_(pc.less(times, _LIMITS.earliest), pc.greater(times, now + _LIMITS.max_future))
    return pc.fill_null(outside, _NO)


def _outcomes(given: pa.Table) -> list[str]:
    names = [name for name in given.column_names if name.startswith(COLUMN_OUTCOME_PREFIX)]
    if len(names) > MOST_OUTCOMES:
        msg = f"outcome: {len(names)} different names; allowed are {MOST_OUTCOMES}"
        raise InputError(msg)
    longest = max((name.removeprefix(COLUMN_OUTCOME_PREFIX) for name in names), key=len, default="")
    if len(longest) > _LIMITS.max_column_name:
        msg = f"outcome: {longest[:30]!r}… has {len(longest)} characters; allowed are {_LIMITS.max_column_name}"
        raise InputError(msg)
    return names


def _names(given: pa.Table) -> dict[str, pa.Array]:
    """The first way of the three that each element uses: prediction id, trace id and row, entity id."""
    id_text, trace_text = _column(given, "prediction_id", pa.string()), _column(given, "trace_id", pa.string())
    entity, row = _column(given, "entity_id", pa.string()), _column(given, "row", pa.int32())
    trace = trace_ids_of(trace_text)
    _refuse(pc.and_(trace_text.is_valid(), trace.is_null()), "trace_id: must be 32 hexadecimal digits, not all zero")
    _refuse(pc.fill_null(pc.less(row, 0), _NO), "row: must be a whole number from 0")
    _refuse(pc.equal(pc.fill_null(id_text, "-"), ""), "prediction_id: is empty")
    _refuse(pc.equal(pc.fill_null(entity, "-"), ""), "entity_id: is empty")
    unnamed = pc.and_(pc.and_(id_text.is_null(), trace.is_null()), entity.is_null())
    _refuse(unnamed, "names no prediction: give prediction_id, or trace_id and row, or entity_id and prediction_time")
    by_trace = pc.and_(id_text.is_null(), trace.is_valid())
    by_entity = pc.and_(id_text.is_null(), trace.is_null())
    return {
        "key": keys_of(id_text),
        "trace_id": pc.if_else(by_trace, trace, None),
        "row": pc.if_else(by_trace, pc.fill_null(row, 0), None),
        "entity_id": pc.if_else(by_entity, entity, None),
    }


def _column(given: pa.Table, name: str, kind: pa.DataType) -> pa.Array:
    return given[name].combine_chunks() if name in given.column_names else pa.nulls(given.num_rows, kind)


def _nan(given: pa.Table) -> pa.Array:
    """Elements without a usable truth: null in both columns, or a number that is not finite."""
    number, text = given["truth_number"].combine_chunks(), given["truth_text"].combine_chunks()
    finite = pc.fill_null(pc.is_finite(number), _NO)
    return pc.invert(pc.or_(finite, text.is_valid()))


def _refuse(wrong: pa.Array, why: str) -> None:
    """Raise if any element is wrong; say which is the first and how many there are."""
    count = pc.sum(wrong).as_py() or 0
    if count:
        first = pc.index(wrong, True).as_py()
        also = f" (and {count - 1} more)" if count > 1 else ""
        msg = f"element {first}: {why}{also}"
        raise InputError(msg)
