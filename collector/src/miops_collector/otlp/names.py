"""Which column of a record an attribute fills, whatever name the sender has for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final, TypeAlias

import numpy as np

from miops import semconv
from miops_collector.otlp.items import Items
from miops_collector.otlp.types import Ints
from miops_collector.schema import FAULT_SUFFIX

__all__ = ["COLUMNS", "DYNAMIC", "EVENTS", "TRUTH_EVENTS", "Names", "named", "usable"]

DYNAMIC: Final = (
    semconv.COLUMN_FEATURE_PREFIX,
    semconv.COLUMN_CONTEXT_PREFIX,
    semconv.COLUMN_ATTRIBUTION_PREFIX,
    semconv.COLUMN_SCORES_PREFIX,
    semconv.COLUMN_OUTCOME_PREFIX,
)
"""Prefixes of columns that each model has of its own."""

Columns: TypeAlias = tuple[str, ...]
_REMEMBERED = 65_536
"""Bytes of the keys of a request that are worth remembering; larger ones are the exception."""

_MODEL = (
    semconv.MODEL_NAME, semconv.MODEL_VERSION, semconv.MODEL_TASK, semconv.MODEL_FRAMEWORK, semconv.MODEL_CLASSES,
    semconv.MODEL_POSITIVE_CLASS, semconv.MODEL_SENSITIVE_FEATURES, semconv.MODEL_ROLE, semconv.ATTRIBUTION_METHOD,
    semconv.RECORDED, semconv.PREDICTION_SCORES, semconv.REFERENCE_ID, semconv.REFERENCE_LAST,
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Names:
    """Attribute names and prefixes of a kind of item, and the columns they fill."""

    exact: Mapping[str, str]
    prefixes: Mapping[str, str]

    def column(self, name: str) -> str:
        """The column an attribute fills, or an empty text."""
        found = self.exact.get(name)
        if found is not None:
            return found
        return next(
            (to + name[len(at) :] for at, to in self.prefixes.items() if name.startswith(at) and name != at), ""
        )


_PREFIXES = {
    semconv.FEATURE_PREFIX: semconv.COLUMN_FEATURE_PREFIX,
    semconv.CONTEXT_PREFIX: semconv.COLUMN_CONTEXT_PREFIX,
    semconv.ATTRIBUTION_PREFIX: semconv.COLUMN_ATTRIBUTION_PREFIX,
}
_SAME = {name: name for name in _MODEL}

EVENTS: Final = Names(
    {
        **_SAME,
        semconv.PREDICTION_ID: semconv.COLUMN_PREDICTION_ID,
        semconv.PREDICTION_VALUE: semconv.COLUMN_VALUE,
        semconv.PREDICTION_SCORE: semconv.COLUMN_SCORE,
        semconv.PREDICTION_THRESHOLD: semconv.COLUMN_THRESHOLD,
        semconv.PREDICTION_TIME: semconv.COLUMN_TIME,
        semconv.ENTITY_ID: semconv.COLUMN_ENTITY_ID,
        semconv.SAMPLE_WEIGHT: semconv.COLUMN_WEIGHT,
        semconv.ERROR_TYPE: semconv.COLUMN_ERROR_TYPE,
    },
    _PREFIXES,
)
"""Attributes of spans and single prediction events."""

TRUTH_EVENTS: Final = Names(
    {
        semconv.MODEL_NAME: semconv.MODEL_NAME,
        semconv.PREDICTION_ID: semconv.COLUMN_PREDICTION_ID,
        semconv.GROUND_TRUTH_VALUE: semconv.COLUMN_VALUE,
        semconv.GROUND_TRUTH_TIME: semconv.COLUMN_TIME,
        semconv.GROUND_TRUTH_ROW: semconv.COLUMN_ROW,
        semconv.PREDICTION_TIME: semconv.COLUMN_PREDICTION_TIME,
        semconv.ENTITY_ID: semconv.COLUMN_ENTITY_ID,
    },
    {semconv.OUTCOME_PREFIX: semconv.COLUMN_OUTCOME_PREFIX},
)
"""Attributes of single ground truth events."""

_FIXED = (
    semconv.COLUMN_PREDICTION_ID, semconv.COLUMN_TIME, semconv.COLUMN_DURATION, semconv.COLUMN_TRACE_ID,
    semconv.COLUMN_SPAN_ID, semconv.COLUMN_ROW, semconv.COLUMN_VALUE, semconv.COLUMN_SCORE, semconv.COLUMN_THRESHOLD,
    semconv.COLUMN_ENTITY_ID, semconv.COLUMN_WEIGHT, semconv.COLUMN_GROUND_TRUTH, semconv.COLUMN_PREDICTION_TIME,
    semconv.COLUMN_ERROR_TYPE,
)  # fmt: skip
COLUMNS: Final = Names({name: name for name in _FIXED}, {prefix: prefix for prefix in DYNAMIC})
"""Columns of a batch body."""


def named(items: Items, names: Names, attribute_map: Mapping[str, str]) -> tuple[Items, tuple[str, ...]]:
    """The items with ``slot`` counting columns instead of keys, -1 for attributes of no interest; and the columns.

    ``attribute_map`` says our name of a foreign one; a foreign name that ends with a dot is a prefix. It is applied to
    the distinct keys, never to rows.
    """
    small = sum(map(len, items.keys)) <= _REMEMBERED
    slots, columns = (_slots if small else _slots.__wrapped__)(items.keys, names, tuple(attribute_map.items()))
    return replace(items, slot=slots[items.slot] if len(slots) else items.slot), columns


@lru_cache(maxsize=64)
def _slots(keys: tuple[bytes, ...], names: Names, translations: tuple[tuple[str, str], ...]) -> tuple[Ints, Columns]:
    """Column of each key; a sender's keys are the same from request to request."""
    attribute_map = dict(translations)
    found = [names.column(_ours(_text(key), attribute_map)) for key in keys]
    columns = tuple(dict.fromkeys(column for column in found if column))
    index = {column: i for i, column in enumerate(columns)}
    return np.array([index.get(column, -1) for column in found], np.int32), columns


def _text(key: bytes) -> str:
    """The key, or a name that fills no column where it is no text."""
    try:
        return key.decode()
    except UnicodeDecodeError:
        return ""


def _ours(name: str, attribute_map: Mapping[str, str]) -> str:
    if not attribute_map:
        return name
    direct = attribute_map.get(name)
    if direct is not None:
        return direct
    prefixes = (at for at in attribute_map if at.endswith(".") and name.startswith(at))
    at = max(prefixes, key=len, default="")
    return attribute_map[at] + name[len(at) :] if at else name


def usable(columns: Sequence[str], *, longest: int, most: int) -> frozenset[str]:
    """Dynamic columns within the limits on their names and number; the first ones win."""
    fit = [c for c in columns if c.startswith(DYNAMIC) and _fits(c, longest)]
    return frozenset(fit[:most])


def _fits(column: str, longest: int) -> bool:
    name = column.partition(".")[2]
    return 0 < len(name) <= longest and not column.endswith(FAULT_SUFFIX)
