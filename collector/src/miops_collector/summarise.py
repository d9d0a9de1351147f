"""Arrow tables as the store gives them, seen as the plain arrays that are binned into panes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from miops.semconv import COLUMN_CONTEXT_PREFIX, COLUMN_ERROR_TYPE, COLUMN_FEATURE_PREFIX, COLUMN_SCORES_PREFIX
from miops_collector.columns import Column, FloatArray, Numbers, Rows, Texts
from miops_collector.schema import FAULT_SUFFIX

__all__ = ["answered", "columns_of", "rows_of", "scored_classes"]

MONITORED = (COLUMN_FEATURE_PREFIX, COLUMN_CONTEXT_PREFIX)
WORDS_OF_BOOLEANS = ("false", "true")


def rows_of(table: pa.Table, *, classes: Sequence[str] = (), scored: Sequence[str] = ()) -> Rows:
    """Rows of a table of ``predictions`` or ``reference`` (schema.py), or of ``Store.truth_changes``.

    Parameters
    ----------
    table
        Columns that are absent count as missing.
    classes
        Classes of the layout; class scores come out in this order.
    scored
        Classes as the sender listed them: what ``scores.0``, ``scores.1`` … belong to.
    """
    return Rows(
        time=_integers(table, "time"),
        weight=_numbers(table, "weight", missing=1.0),
        duration=_numbers(table, "duration") * 1e-9,
        value=_either(table, "value_number", "value_text"),
        score=_numbers(table, "score"),
        class_scores=_class_scores(table, classes, scored),
        columns=columns_of(table),
        truth=_either(table, "truth_number", "truth_text") if "truth_number" in table.column_names else None,
        sign=_numbers(table, "sign", missing=1.0) if "sign" in table.column_names else None,
        **_failures(table),
    )


def answered(table: pa.Table) -> pa.Table:
    """The rows that the model did not fail on."""
    if COLUMN_ERROR_TYPE not in table.column_names:
        return table
    return table.filter(table.column(COLUMN_ERROR_TYPE).is_null())


def scored_classes(table: pa.Table) -> int:
    """How many class scores the table has."""
    return sum(name.startswith(COLUMN_SCORES_PREFIX) for name in table.column_names)


def _failures(table: pa.Table) -> dict[str, NDArray[np.bool_]]:
    """Which rows the model failed on, and which have any feature: NaN is a value that was given."""
    if COLUMN_ERROR_TYPE not in table.column_names or table.column(COLUMN_ERROR_TYPE).null_count == table.num_rows:
        return {}
    seen = np.zeros(table.num_rows, np.bool_)
    for name in table.column_names:
        if name.startswith(COLUMN_FEATURE_PREFIX):
            seen |= _there(_array(table, name))
    return {"failed": _there(_array(table, COLUMN_ERROR_TYPE)), "seen": seen}


def _there(array: pa.Array) -> NDArray[np.bool_]:
    return np.asarray(array.is_valid().to_numpy(zero_copy_only=False), dtype=np.bool_)


def _array(table: pa.Table, name: str) -> pa.Array:
    return _whole(table.column(name))


def _whole(column: pa.ChunkedArray) -> pa.Array:
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def _integers(table: pa.Table, name: str) -> NDArray[np.int64]:
    return np.asarray(_array(table, name).to_numpy(zero_copy_only=False), dtype=np.int64)


def _numbers(table: pa.Table, name: str, *, missing: float = np.nan) -> FloatArray:
    if name not in table.column_names:
        return np.full(table.num_rows, missing)
    return _floats(_array(table, name), missing)


def _floats(array: pa.Array, missing: float = np.nan) -> FloatArray:
    if not pa.types.is_float64(array.type):  # a cast to what it is costs as much as one of a thousand rows
        array = array.cast(pa.float64(), safe=False)
    if array.null_count:
        array = pc.fill_null(array, missing)
    return np.asarray(array.to_numpy(zero_copy_only=False), dtype=np.float64)


def _texts(array: pa.Array) -> Texts:
    encoded = array if pa.types.is_dictionary(array.type) else array.cast(pa.string()).dictionary_encode()
    codes = encoded.indices
    if codes.null_count:
        codes = pc.fill_null(codes.cast(pa.int32()), -1)
    words = tuple(map(str, encoded.dictionary.to_pylist()))
    return Texts(np.asarray(codes.to_numpy(zero_copy_only=False), dtype=np.int32), words)


def _booleans(array: pa.Array) -> Texts:
    codes = pc.fill_null(array.cast(pa.int32()), -1)
    return Texts(np.asarray(codes.to_numpy(zero_copy_only=False), dtype=np.int32), WORDS_OF_BOOLEANS)


def _plain(array: pa.Array) -> Column:
    kind = array.type
    if pa.types.is_boolean(kind):
        return _booleans(array)
    if pa.types.is_floating(kind) or pa.types.is_integer(kind) or pa.types.is_null(kind):
        return Numbers(_floats(array))
    return _texts(array)


def columns_of(table: pa.Table) -> dict[str, Column]:
    """Feature and context columns by name; there may be thousands, so each is looked up by its place."""
    arrays = {n: array for n, array in zip(table.column_names, table.columns, strict=True) if n.startswith(MONITORED)}
    return {
        name: _column(_whole(array), arrays.get(name + FAULT_SUFFIX))
        for name, array in arrays.items()
        if not name.endswith(FAULT_SUFFIX)
    }


def _column(array: pa.Array, faulty: pa.ChunkedArray | None) -> Column:
    """Values of the wrong type stand in the column with :data:`FAULT_SUFFIX`."""
    column = _plain(array)
    if faulty is None:
        return column
    faults = _there(_whole(faulty))
    if isinstance(column, Numbers):
        return Numbers(column.values, faults)
    return Texts(column.codes, column.words, faults)


def _either(table: pa.Table, number: str, text: str) -> Column:
    """One column from a pair of which each row has at most one: numbers if no row has text, else texts."""
    if text not in table.column_names or table.column(text).null_count == table.num_rows:
        return Numbers(_numbers(table, number))
    texts = _texts(_array(table, text))
    if number not in table.column_names or table.column(number).null_count == table.num_rows:
        return texts
    written = _texts(_array(table, number).cast(pa.string()))
    codes = np.where(texts.codes >= 0, texts.codes, np.where(written.codes >= 0, written.codes + len(texts.words), -1))
    return Texts(codes.astype(np.int32), texts.words + written.words)


def _class_scores(table: pa.Table, classes: Sequence[str], scored: Sequence[str]) -> FloatArray | None:
    count = scored_classes(table)
    if count < 3 or len(scored) != count:
        return None
    place = {name: i for i, name in enumerate(scored)}
    order = [place[c] for c in classes if c in place] if classes else range(count)
    if len(order) != (len(classes) or count):
        return None
    return np.stack([_numbers(table, f"{COLUMN_SCORES_PREFIX}{i}") for i in order], axis=1)
