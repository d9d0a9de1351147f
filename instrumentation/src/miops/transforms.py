"""What may be done to a column before it leaves the process: ``hash``, ``bucket``, ``round``, ``truncate``, ``drop``.

All of them fail closed: what a transform does not apply to is withheld, never sent as it is.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import math
import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from itertools import pairwise
from types import MappingProxyType
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from miops.columns import Column, doubles

__all__ = ["Rule", "Transform", "check_rules", "keyed_hash", "read_rules", "transform_of"]

Transform: TypeAlias = Callable[[Column], Column | None]
"""From a column to what is sent instead; ``None`` if nothing is."""
Rule: TypeAlias = tuple[str, str]
"""A column name, or a pattern of names, and the transform of columns that match."""
_log = logging.getLogger("miops")
_CALL: Final = re.compile(r"\s*(\w+)\s*(?:\(([^()]*)\))?\s*")
_NUMBERS: Final = frozenset({"double", "int64", "int32", "bool"})
_HASH_DIGITS: Final = 16
"""64 bits: among a million values two get the same hash with a chance of one in thirty million."""


def transform_of(text: str, key: str | None) -> Transform:
    """The transform that a text such as ``bucket(18, 65)`` means.

    Parameters
    ----------
    key
        For ``hash``. Without one the column is dropped: hashes of guessable values could be looked up.

    Raises
    ------
    ValueError
        If it means none.

    Examples
    --------
    >>> from miops.columns import doubles, utf8
    >>> transform_of("bucket(18, 65)", None)(doubles([17, 18, 90])).data
    ['(-inf, 18)', '[18, 65)', '[65, inf)']
    >>> transform_of("round(-3)", None)(doubles([1234.5])).data.tolist()
    [1000.0]
    >>> transform_of("truncate(3)", None)(utf8(["80331"])).data
    ['803']
    """
    found = _CALL.fullmatch(text)
    if found is None or found[1] not in _TRANSFORMS:
        raise ValueError(f"{text!r} is no transform; allowed: {', '.join(_TRANSFORMS)}")
    numbers = [float(part) for part in (found[2] or "").split(",") if part.strip()]
    return _TRANSFORMS[found[1]](numbers, key)


def keyed_hash(text: str, key: str, digits: int = _HASH_DIGITS) -> str:
    """The first hexadecimal digits of the HMAC-SHA256 of a text."""
    return hmac.new(key.encode(), text.encode("utf-8", "replace"), hashlib.sha256).hexdigest()[:digits]


def _hash(numbers: list[float], key: str | None) -> Transform:
    digits = int(_one(numbers, "hash", _HASH_DIGITS))
    if not 8 <= digits <= 64:
        raise ValueError("hash(digits) takes 8 to 64 hexadecimal digits")
    return _drop([], None) if not key else partial(_hashed, key=key, digits=digits)


def _hashed(column: Column, *, key: str, digits: int) -> Column:
    """Each value that occurs is hashed once, as its text; missing values stay missing."""
    values = column.data if column.kind == "utf8" else column.data.tolist()
    table = {value: keyed_hash(_text(value), key, digits) for value in set(values)}
    return Column("utf8", list(map(table.__getitem__, values)), _known(column))


def _text(value: Any) -> str:
    """What is hashed: of whole numbers, which arrive as floats, and of booleans their digits."""
    whole = isinstance(value, bool) or (isinstance(value, float) and value.is_integer())
    return str(int(value) if whole else value)


def _bucket(numbers: list[float], _: str | None) -> Transform:
    if not numbers or sorted(set(numbers)) != numbers or not all(map(math.isfinite, numbers)):
        raise ValueError("bucket(edges) takes ascending numbers: bucket(18, 30, 65)")
    told = [f"{edge:.15g}" for edge in numbers]
    names = [f"(-inf, {told[0]})", *(f"[{a}, {b})" for a, b in pairwise(told)), f"[{told[-1]}, inf)"]
    return partial(_bucketed, edges=np.array(numbers), names=np.array(names, dtype=object))


def _bucketed(column: Column, *, edges: NDArray[np.float64], names: NDArray[Any]) -> Column:
    numbers = _numbers(column)
    places = np.searchsorted(edges, numbers, side="right")
    return Column("utf8", names[places].tolist(), _known(doubles(numbers)))


def _round(numbers: list[float], _: str | None) -> Transform:
    digits = int(_one(numbers, "round", 0))
    return lambda column: doubles(np.round(_numbers(column), digits))


def _truncate(numbers: list[float], _: str | None) -> Transform:
    length = int(_one(numbers, "truncate", None))
    if length < 0:
        raise ValueError("truncate(n) takes how many characters are left")
    return partial(_truncated, length=length)


def _truncated(column: Column, *, length: int) -> Column:
    if column.kind != "utf8":
        return doubles(np.full(len(column), math.nan))
    table = {text: text[:length] for text in set(column.data)}
    return Column("utf8", list(map(table.__getitem__, column.data)), column.valid)


def _drop(numbers: list[float], _: str | None) -> Transform:
    if numbers:
        raise ValueError("drop takes nothing in brackets")
    return lambda _column: None


_TRANSFORMS: Final[Mapping[str, Callable[[list[float], str | None], Transform]]] = MappingProxyType(
    {"bucket": _bucket, "drop": _drop, "hash": _hash, "round": _round, "truncate": _truncate}
)


def _one(numbers: list[float], name: str, default: int | None) -> float:
    if len(numbers) > 1 or (not numbers and default is None) or any(number % 1 for number in numbers):
        raise ValueError(f"{name}(n) takes one whole number")
    return numbers[0] if numbers else float(default or 0)


def _numbers(column: Column) -> NDArray[np.float64]:
    """Values as numbers; texts, and what is missing, are NaN."""
    if column.kind not in _NUMBERS:
        return np.full(len(column), math.nan)
    numbers: NDArray[np.float64] = np.asarray(column.data, dtype=np.float64)
    return numbers if column.valid is None else np.where(column.valid, numbers, math.nan)


def _known(column: Column) -> NDArray[np.bool_] | None:
    """Which values are there, NaN counting as missing; ``None`` if all are."""
    valid = np.ones(len(column), dtype=np.bool_) if column.valid is None else column.valid
    if column.kind == "double":
        valid = valid & ~np.isnan(column.data)
    return None if valid.all() else valid


def check_rules(rules: Iterable[Rule]) -> None:
    """Raise what is wrong with rules that are said in code."""
    for _, text in rules:
        transform_of(text, None)


def read_rules(text: str) -> tuple[Rule, ...]:
    """Rules from ``name=transform;…``. What cannot be read means that the column, or else all, is dropped.

    Examples
    --------
    >>> read_rules("ssn=hash; age=bucket(18, 65); *_name=drop")
    (('ssn', 'hash'), ('age', 'bucket(18, 65)'), ('*_name', 'drop'))
    """
    return tuple(_rule(*part.partition("=")) for part in text.split(";") if part.strip())


def _rule(name: str, separator: str, transform: str) -> Rule:
    pattern = name.strip() if separator and name.strip() else "*"
    try:
        transform_of(transform, "key")
    except ValueError as error:
        _log.warning("miops: columns %r are not sent, their transform cannot be read: %s", pattern, error)
        return pattern, "drop"
    return pattern, transform.strip() if separator else "drop"
