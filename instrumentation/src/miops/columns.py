"""Typed columns on their way to Arrow: from arrays, and from lists of whatever Python values users have."""

from __future__ import annotations

import datetime as dt
import decimal
import math
import operator
from collections.abc import Callable, Mapping, Sequence
from itertools import compress
from typing import Any, Final, Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = ["Column", "Kind", "booleans", "column", "doubles", "from_array", "from_values", "integers", "utf8"]

Kind: TypeAlias = Literal["double", "int64", "int32", "bool", "utf8", "binary16", "binary8"]
Mask: TypeAlias = NDArray[np.bool_]


class Column(NamedTuple):
    """``n`` values of one kind.

    ``data`` is a NumPy array (for ``binary*`` of shape ``(n, width)``), or for ``utf8`` a list of str.
    ``valid`` is ``(n,) bool``, or ``None`` if no value is null; NaN counts as a value.
    """

    kind: Kind
    data: Any
    valid: Mask | None = None

    def __len__(self) -> int:
        return len(self.data)

    def cut(self, start: int, stop: int) -> Column:
        """The rows ``[start, stop)``."""
        valid = None if self.valid is None else self.valid[start:stop]
        return Column(self.kind, self.data[start:stop], valid)

    def at(self, kept: Mask) -> Column:
        """The rows where ``kept`` is true."""
        data = list(compress(self.data, kept)) if self.kind == "utf8" else self.data[kept]
        return Column(self.kind, data, None if self.valid is None else self.valid[kept])


def doubles(values: Any) -> Column:
    return Column("double", np.ascontiguousarray(values, dtype=np.float64))


def integers(values: Any) -> Column:
    return Column("int64", np.ascontiguousarray(values, dtype=np.int64))


def booleans(values: Any) -> Column:
    return Column("bool", np.ascontiguousarray(values, dtype=np.bool_))


def utf8(values: list[str]) -> Column:
    return Column("utf8", values)


def _seconds(values: NDArray[Any]) -> NDArray[np.float64]:
    """Dates as seconds since 1970 UTC and spans as seconds; not-a-time becomes NaN."""
    unit = "datetime64[ns]" if values.dtype.kind == "M" else "timedelta64[ns]"
    nanos = values.astype(unit).view(np.int64).astype(np.float64)
    nanos[np.isnat(values)] = math.nan
    return nanos / 1e9


_BY_DTYPE_KIND: Final[Mapping[str, Callable[[NDArray[Any]], Column]]] = {
    "f": doubles,
    "i": doubles,
    "u": doubles,
    "b": booleans,
    "U": lambda a: utf8(a.tolist()),
    "S": lambda a: utf8(np.char.decode(a, "utf-8", "replace").tolist()),
    "M": lambda a: doubles(_seconds(a)),
    "m": lambda a: doubles(_seconds(a)),
    "c": lambda a: doubles(np.abs(a)),
}


def from_array(values: NDArray[Any], *, keep_integers: bool = False) -> Column:
    """A column from an ``(n,)`` array: numbers become doubles, unless integers are labels and kept."""
    if keep_integers and values.dtype.kind in "iu":
        return integers(values)
    build = _BY_DTYPE_KIND.get(values.dtype.kind)
    return build(values) if build else from_values(values.tolist(), keep_integers=keep_integers)


_NUMBERS: Final = frozenset({int, float, bool, decimal.Decimal})


def from_values(values: Sequence[Any], *, keep_integers: bool = False) -> Column:
    """A column from Python values, by the types that occur; ``None`` and pandas' missing values are null.

    Numbers make doubles, booleans alone booleans, integers alone integers if kept, dates doubles (seconds);
    anything else makes text.
    """
    types = set(map(type, values))
    missing = {t for t in types if t is type(None) or t.__name__ in ("NAType", "NaTType")}
    present = types - missing
    valid = None
    if missing:
        valid = ~np.fromiter(map(missing.__contains__, map(type, values)), dtype=np.bool_, count=len(values))
    if any(issubclass(t, np.generic) for t in present):
        values = np.array(values, dtype=object).tolist() if not missing else values
        values = list(map(_unboxed, values))
        present = set(map(type, values)) - missing
    if float in present and not present <= _NUMBERS:
        present, valid = _without_nan(values, valid)
    return _typed(values, present, valid, keep_integers)


def _without_nan(values: Sequence[Any], valid: Mask | None) -> tuple[set[type], Mask]:
    """Among texts NaN is how pandas says that a value is missing."""
    number = np.fromiter(map(operator.eq, values, values), dtype=np.bool_, count=len(values))
    valid = number if valid is None else valid & number
    kept = np.empty(len(values), dtype=object)
    kept[:] = values
    return set(map(type, kept[valid].tolist())), valid


def _unboxed(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _typed(values: Sequence[Any], present: set[type], valid: Mask | None, keep_integers: bool) -> Column:  # noqa: FBT001
    if present == {str}:
        return Column("utf8", _filled(values, valid, ""), valid)
    if present == {bool}:
        return Column("bool", np.array(_filled(values, valid, False), dtype=np.bool_), valid)  # noqa: FBT003
    if present == {int} and keep_integers:
        return _whole(_filled(values, valid, 0), valid)
    if present <= _NUMBERS:
        return doubles(np.array(_filled(values, valid, math.nan), dtype=np.float64))
    if all(issubclass(t, dt.date) for t in present):
        return doubles(_seconds(np.array(list(map(_naive, _filled(values, valid, None))), dtype="datetime64[ns]")))
    return Column("utf8", list(map(_text, _filled(values, valid, ""))), valid)


def _whole(values: list[int], valid: Mask | None) -> Column:
    if -(2**63) <= min(values) <= max(values) < 2**63:
        return Column("int64", np.array(values, dtype=np.int64), valid)
    known = np.ones(len(values), dtype=np.bool_) if valid is None else valid
    return doubles(np.where(known, np.array(values, dtype=np.float64), math.nan))


def _filled(values: Sequence[Any], valid: Mask | None, fill: Any) -> list[Any]:
    if valid is None:
        return list(values)
    boxed = np.empty(len(values), dtype=object)
    boxed[:] = values
    boxed[~valid] = fill
    filled: list[Any] = boxed.tolist()
    return filled


def _naive(value: Any) -> Any:
    if isinstance(value, dt.datetime) and value.tzinfo is not None:
        return value.astimezone(dt.UTC).replace(tzinfo=None)
    return value


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def column(values: Any, *, keep_integers: bool = False) -> Column:
    """A column from anything that holds ``n`` values: array, series, list, scalar of one row."""
    if isinstance(values, np.ndarray):
        return from_array(values.reshape(len(values)) if values.ndim != 1 else values, keep_integers=keep_integers)
    if isinstance(values, list | tuple | range):
        return from_values(list(values), keep_integers=keep_integers)
    if isinstance(values, str | bytes) or not hasattr(values, "__len__"):
        return from_values([values], keep_integers=keep_integers)
    return _from_series(values, keep_integers=keep_integers)


def _from_series(series: Any, *, keep_integers: bool) -> Column:
    """A pandas or polars series, an extension array, a tensor: known by what it can do."""
    codes = getattr(getattr(series, "cat", None), "codes", None)
    if codes is not None:
        return _from_categories(series, codes, keep_integers=keep_integers)
    dtype = getattr(series, "dtype", None)
    if isinstance(dtype, np.dtype) and dtype.kind in "fiubMm":
        return from_array(np.asarray(series), keep_integers=keep_integers)
    if hasattr(series, "tolist"):
        return from_values(series.tolist(), keep_integers=keep_integers)
    if hasattr(series, "to_list"):
        return _from_polars(series, keep_integers=keep_integers)
    return from_array(np.asarray(series), keep_integers=keep_integers)


def _from_categories(series: Any, codes: Any, *, keep_integers: bool) -> Column:
    """Categories are few: they are converted once and taken by code; code -1 is a missing value."""
    positions = np.asarray(codes)
    kind, data, _ = column(series.cat.categories.tolist(), keep_integers=keep_integers)
    valid = None if (positions >= 0).all() else positions >= 0
    if kind == "utf8":
        labels = np.array([*data, ""], dtype=object)
        return Column("utf8", labels[positions].tolist(), valid)
    if kind == "double":
        return doubles(np.append(data, math.nan)[positions])
    return Column(kind, np.append(data, data.dtype.type(0))[positions], valid)


def _from_polars(series: Any, *, keep_integers: bool) -> Column:
    try:
        numeric = series.dtype.is_numeric() and not series.null_count()
    except AttributeError:
        numeric = False
    if numeric:
        return from_array(series.to_numpy(), keep_integers=keep_integers)
    return from_values(series.to_list(), keep_integers=keep_integers)
