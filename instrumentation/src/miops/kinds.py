"""Which calls may be encoded together: those whose columns are of one kind, so that a fault of one stays in its rows.

An Arrow column has one type. Were a number of one caller and a text of another in the same column, both would be texts.
"""

from __future__ import annotations

import datetime as dt
import decimal
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain, filterfalse
from typing import Any, Final, Literal, TypeAlias

import numpy as np

__all__ = ["Kind", "kinds_of_columns", "kinds_of_values", "together"]

Kind: TypeAlias = Literal["number", "bool", "date", "text", "missing"]
"""What a call's values of a column are. Missing ones, NaN among them, fit in with any other."""
_MOST: Final = 16
"""Batches that calls of one shape may make; the rarest share one more."""
_BY_TYPE: Final[tuple[tuple[tuple[type, ...], Kind], ...]] = (
    ((type(None),), "missing"),
    ((bool, np.bool_), "bool"),
    ((np.timedelta64,), "text"),  # which is an integer to NumPy
    ((int, float, decimal.Decimal, np.integer, np.floating), "number"),
    ((dt.date, np.datetime64), "date"),
)
_BY_DTYPE: Final[dict[str, Kind]] = {
    "f": "number", "i": "number", "u": "number", "c": "number", "b": "bool",
    "M": "date", "m": "date", "U": "text", "S": "text",
}  # fmt: skip
_NUMBERS: Final = frozenset({"number", "bool"})


def kinds_of_values(values: Sequence[Any]) -> list[Kind] | None:
    """Kinds of a column of which every call has one value; ``None`` where all may be together."""
    found = {one: _of_type(one) for one in set(map(type, values))}
    if _agree(found.values()):
        return None
    return _settled(["missing" if _is_nan(value) else found[type(value)] for value in values])


def kinds_of_columns(parts: Sequence[Any]) -> list[Kind] | None:
    """Kinds of a column of which every call has an array, a list or a series; ``None`` where all may be together."""
    if set(map(type, parts)) == {list}:
        agree = _agree(map(_of_type, set(map(type, chain.from_iterable(parts)))))
    else:
        dtypes = {getattr(part, "dtype", None) for part in parts}
        agree = len(dtypes) == 1 and getattr(next(iter(dtypes)), "kind", "O") in _BY_DTYPE
    return None if agree else _settled(list(map(_of_column, parts)))


def together(columns: Iterable[list[Kind] | None], calls: int) -> list[list[int]]:
    """Places of the calls that are encoded together, the first call first: a list for each set of kinds that occurs.

    A column may differ from call to call for good, and several such columns make many sets: the rarest of more than
    sixteen are encoded as one batch, with columns of texts where they differ.
    """
    apart = [kinds for kinds in columns if kinds is not None]
    if not apart:
        return [list(range(calls))]
    places: dict[Any, list[int]] = {}
    for place, key in enumerate(zip(*apart, strict=True)):
        places.setdefault(key, []).append(place)
    groups = sorted(places.values(), key=len, reverse=True)
    rest = sorted(place for group in groups[_MOST:] for place in group)
    return sorted([*groups[:_MOST], rest] if rest else groups)


def _settled(kinds: list[Kind]) -> list[Kind] | None:
    """Booleans beside numbers are 0 and 1; what is missing goes along with most."""
    if _agree(kinds):
        return None
    counted = Counter(kind for kind in kinds if kind != "missing")
    most = counted.most_common(1)[0][0]
    meant: dict[Kind, Kind] = {"missing": most, **({"bool": "number"} if "number" in counted else {})}
    meant["missing"] = meant.get(most, most)
    return [meant.get(kind, kind) for kind in kinds]


def _agree(kinds: Iterable[Kind]) -> bool:
    present = set(kinds) - {"missing"}
    return len(present) < 2 or present == _NUMBERS


def _of_type(one: type) -> Kind:
    if one.__name__ in ("NAType", "NaTType"):
        return "missing"
    return next((kind for types, kind in _BY_TYPE if issubclass(one, types)), "text")


def _of_column(part: Any) -> Kind:
    if part is None:
        return "missing"
    categories = getattr(getattr(part, "cat", None), "categories", None)
    if categories is not None:
        return _of_column(categories)
    dtype = getattr(part, "dtype", None)
    if not isinstance(dtype, np.dtype) or dtype.kind not in _BY_DTYPE:
        return _of_list(_listed(part))
    return "missing" if dtype.kind == "f" and np.isnan(np.asarray(part)).all() else _BY_DTYPE[dtype.kind]


def _listed(part: Any) -> Sequence[Any]:
    if isinstance(part, list | tuple):
        return part
    listed: Sequence[Any] = part.tolist() if hasattr(part, "tolist") else part.to_list()
    return listed


def _of_list(values: Sequence[Any]) -> Kind:
    """One kind for all: a call in which they differ has texts, by its own fault."""
    kinds = set(map(_of_type, set(map(type, values))))
    if "number" in kinds:
        kinds = set(map(_of_type, set(map(type, filterfalse(_is_nan, values)))))
    kinds.discard("missing")
    if len(kinds) < 2:
        return next(iter(kinds), "missing")
    return "number" if kinds == _NUMBERS else "text"


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and value != value
