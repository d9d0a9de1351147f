"""Ground truth as a table: a data frame of any library, or a mapping of columns → arguments by wire name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from miops import semconv

__all__ = ["columns_of", "is_table"]

_NAMES: Final[Mapping[str, str]] = {
    "prediction_id": semconv.COLUMN_PREDICTION_ID,
    "trace_id": semconv.COLUMN_TRACE_ID,
    "row": semconv.COLUMN_ROW,
    "entity_id": semconv.COLUMN_ENTITY_ID,
    "value": semconv.COLUMN_VALUE,
    "ground_truth": semconv.COLUMN_VALUE,
    "time": semconv.COLUMN_TIME,
    "prediction_time": semconv.COLUMN_PREDICTION_TIME,
}
_NAMING: Final = (semconv.COLUMN_PREDICTION_ID, semconv.COLUMN_TRACE_ID, semconv.COLUMN_ENTITY_ID)


def is_table(values: Any) -> bool:
    """Whether this is a mapping of columns or a data frame, not a column of ids."""
    return isinstance(values, Mapping) or (hasattr(values, "columns") and hasattr(values, "__getitem__"))


def columns_of(table: Any, renamed: Mapping[str, str] | None) -> dict[str, list[Any]]:
    """Lists by wire name, without the rows in which nothing is told: a table joined from others has such.

    Parameters
    ----------
    renamed
        Names of the table's columns → ``prediction_id``, ``value``, ``outcome.revenue`` …; others are then ignored.

    Raises
    ------
    ValueError
        If a column has a name that means nothing, or columns differ in length.
    """
    names = list(table) if isinstance(table, Mapping) else list(table.columns)
    chosen = {name: name for name in names} if renamed is None else {n: renamed[n] for n in names if n in renamed}
    missing = sorted(set(renamed or ()) - set(names))
    if missing:
        raise ValueError(f"the table has no columns {missing}; it has {names}")
    columns = {_wire(str(said)): _listed(table[name]) for name, said in chosen.items()}
    if len(set(map(len, columns.values()))) != 1:
        raise ValueError(f"columns have different lengths: { {name: len(c) for name, c in columns.items()} }")
    kept = _told(columns)
    return {name: _objects(values)[kept].tolist() for name, values in columns.items()}


def _wire(name: str) -> str:
    if name.startswith(semconv.COLUMN_OUTCOME_PREFIX):
        return name
    if name not in _NAMES:
        allowed = ", ".join((*_NAMES, f"{semconv.COLUMN_OUTCOME_PREFIX}<name>"))
        raise ValueError(f"column {name!r} means nothing; allowed: {allowed}; or say with columns= what it is")
    return _NAMES[name]


def _listed(column: Any) -> list[Any]:
    """Python values; times as datetimes or nanoseconds, whatever the library."""
    if getattr(getattr(column, "dtype", None), "kind", "") == "M":
        nanos: list[Any] = np.asarray(column, dtype="datetime64[ns]").view(np.int64).tolist()
        return nanos
    if isinstance(column, list | tuple):
        return list(column)
    listed: list[Any] = column.tolist() if hasattr(column, "tolist") else column.to_list()
    return listed


def _told(columns: Mapping[str, list[Any]]) -> NDArray[np.bool_]:
    """``(n,)`` whether a row names a prediction and says something about it."""
    said = [c for name, c in columns.items() if name == semconv.COLUMN_VALUE or _is_outcome(name)]
    named = [c for name, c in columns.items() if name in _NAMING]
    if not said or not named:
        raise ValueError("truth must name its prediction (prediction_id, trace_id or entity_id) and have a value")
    told: NDArray[np.bool_] = np.any(list(map(_present, said)), axis=0) & np.any(list(map(_present, named)), axis=0)
    return told


def _is_outcome(name: str) -> bool:
    return name.startswith(semconv.COLUMN_OUTCOME_PREFIX)


def _present(values: list[Any]) -> NDArray[np.bool_]:
    """Neither ``None`` nor any library's not-a-number, which alone differ from themselves."""
    missing = {type(None), *(t for t in set(map(type, values)) if t.__name__ in ("NAType", "NaTType"))}
    return np.fromiter((type(v) not in missing and v == v for v in values), dtype=np.bool_, count=len(values))


def _objects(values: list[Any]) -> NDArray[Any]:
    boxed = np.empty(len(values), dtype=object)
    boxed[:] = values
    return boxed
