"""A value that consists of several, such as a list of tags: as the one text that a column can hold."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import islice
from typing import Any, Final

import numpy as np

__all__ = ["is_composite", "text_of"]

_PARTS: Final = 2000
"""Pieces of JSON that are looked at; what has more is told by its type and length."""


def is_composite(value: Any) -> bool:
    """Whether a value of one row has several values, or none, within."""
    if isinstance(value, str | bytes) or not hasattr(value, "__len__"):
        return False
    return isinstance(value, Mapping | set | frozenset) or np.size(value) != 1


def text_of(value: Any) -> str:
    """JSON, if it is not long.

    Examples
    --------
    >>> text_of(["a", None, 1.5]), text_of({"b": np.arange(2)}), text_of({"z", "a"})
    ('["a", null, 1.5]', '{"b": [0, 1]}', '["a", "z"]')
    >>> text_of(list(range(10_000)))
    'list of 10000'
    """
    encoder = json.JSONEncoder(default=_plain, ensure_ascii=False)
    pieces = list(islice(encoder.iterencode(value), _PARTS + 1)) if len(value) <= _PARTS else None
    return f"{type(value).__name__} of {len(value)}" if pieces is None or len(pieces) > _PARTS else "".join(pieces)


def _plain(value: Any) -> Any:
    if isinstance(value, set | frozenset):
        return sorted(map(str, value))
    if isinstance(value, Mapping):
        return dict(value)
    if hasattr(value, "tolist") and np.size(value) <= _PARTS:
        return value.tolist()
    return str(value)
