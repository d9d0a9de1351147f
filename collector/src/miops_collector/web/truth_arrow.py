"""Ground truth posted as an Arrow stream: the columns of a ``miops.ground_truth.batch`` event."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from miops import semconv
from miops_collector.errors import InputError, did_you_mean
from miops_collector.web.ids import hex_of

__all__ = ["table_from_arrow"]

_NAMES = {
    semconv.COLUMN_PREDICTION_ID: "prediction_id",
    semconv.COLUMN_TRACE_ID: "trace_id",
    semconv.COLUMN_ROW: "row",
    semconv.COLUMN_ENTITY_ID: "entity_id",
    semconv.COLUMN_VALUE: "value",
    semconv.COLUMN_TIME: "time",
    semconv.COLUMN_PREDICTION_TIME: "prediction_time",
}
"""Names on the wire, and as a JSON element would name them; an Arrow stream may use either."""
_TARGETS = {
    "prediction_id": pa.string(), "trace_id": pa.string(), "row": pa.int32(), "entity_id": pa.string(),
    "time": pa.int64(), "prediction_time": pa.int64(),
}  # fmt: skip


def table_from_arrow(given: pa.Table) -> pa.Table:
    """The same columns as :func:`~miops_collector.web.truth_json.table_from_json` makes.

    Raises
    ------
    InputError
        For an unknown column, a type that cannot be read, or a missing value.
    """
    columns: dict[str, pa.Array] = {}
    for given_name in given.column_names:
        array = given.column(given_name).combine_chunks()
        name = _NAMES.get(given_name, given_name)
        if name == "value":
            columns |= split_value(array, given_name, ("truth_number", "truth_text"))
        elif name in _TARGETS:
            columns[name] = _cast(_plain(array, name), _TARGETS[name], given_name)
        elif name.startswith(semconv.COLUMN_OUTCOME_PREFIX) and name != semconv.COLUMN_OUTCOME_PREFIX:
            columns[name] = _cast(array, pa.float64(), given_name)
        else:
            allowed = [*_NAMES, *_NAMES.values(), f"{semconv.COLUMN_OUTCOME_PREFIX}<name>"]
            msg = f"unknown column {given_name!r}{did_you_mean(given_name, set(allowed))}"
            raise InputError(msg)
    if "truth_number" not in columns:
        msg = f"column {semconv.COLUMN_VALUE!r} is missing: what turned out to be true"
        raise InputError(msg)
    return pa.table(columns)


def split_value(array: pa.Array, name: str, targets: tuple[str, str]) -> dict[str, pa.Array]:
    """A column of truths or decisions as a number column and a text column; booleans are the texts true and false.

    Raises
    ------
    InputError
        If the column is of another type.
    """
    number, text = targets
    kind = array.type
    if pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_null(kind) or pa.types.is_decimal(kind):
        return {number: array.cast(pa.float64(), safe=False), text: pa.nulls(len(array), pa.string())}
    if pa.types.is_dictionary(kind):
        return split_value(array.dictionary_decode(), name, targets)
    if pa.types.is_boolean(kind) or pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return {number: pa.nulls(len(array), pa.float64()), text: array.cast(pa.string())}
    msg = f"column {name!r} is {kind}; it must be numbers, texts or booleans"
    raise InputError(msg)


def _plain(array: pa.Array, name: str) -> pa.Array:
    """Dictionaries decoded, times as nanoseconds, ids of 16 bytes as hexadecimal text."""
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if pa.types.is_timestamp(array.type):
        return array.cast(pa.timestamp("ns", array.type.tz)).cast(pa.int64())
    if pa.types.is_fixed_size_binary(array.type) and array.type.byte_width == 16:
        return hex_of(array, dashes=name == "prediction_id")
    return array


def _cast(array: pa.Array, target: pa.DataType, name: str) -> pa.Array:
    binary = pa.types.is_binary(array.type) or pa.types.is_large_binary(array.type)
    if pa.types.is_string(target) and not (_is_text(array.type) or binary or pa.types.is_null(array.type)):
        msg = f"column {name!r} is {array.type}; it must be text"
        raise InputError(msg)
    try:
        return pc.cast(array, target)
    except pa.ArrowException as error:
        msg = f"column {name!r} is {array.type} and cannot be read as {target}: {error}"
        raise InputError(msg) from error


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))
