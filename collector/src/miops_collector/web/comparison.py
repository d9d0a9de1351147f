"""``GET /api/v1/comparison``: two versions of a model on the same entities, such as a shadow and its primary."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from miops import semconv
from miops_collector.classes import class_index, class_names
from miops_collector.columns import Column, Numbers, Rows
from miops_collector.errors import InputError, did_you_mean
from miops_collector.statistics.paired import Estimate, cohen_kappa, mcnemar, mean_difference, share
from miops_collector.stores._store import ModelInfo, Pairs, Store
from miops_collector.summarise import rows_of
from miops_collector.summary import FloatArray
from miops_collector.web.encode import iso
from miops_collector.web.query import nanos, only
from miops_collector.web.streamed import written
from miops_collector.window import format_length, parse_length

__all__ = ["PARAMETERS", "comparison_json"]

PARAMETERS: Final = ("model", "version", "other", "within", "from", "to")
MOST: Final = 100_000
"""Rows of each version that are looked at, the newest."""
FEWEST: Final = 30
"""Pairs that a number rests on at least."""
LAST: Final = 2**62
_CLASSIFIES: Final = (semconv.BINARY, semconv.MULTICLASS)
_PARTS: Final = ("one", "other", "truth")
_NUMBERS: Final = (
    "agreement", "kappa", "value_difference", "score_difference", "accuracy", "other_accuracy", "accuracy_difference",
    "mcnemar_p_value", "absolute_error_difference",
)  # fmt: skip


def comparison_json(store: Store, parameters: Mapping[str, str]) -> dict[str, Any]:
    """How the decisions and scores of two versions differ on the same entities, and which is nearer to the truth.

    Raises
    ------
    InputError
        For an unknown parameter, model or version, or a length or time that cannot be read.
    """
    only(parameters, PARAMETERS)
    one, other = _versions(store, parameters)
    start, end = (nanos(parameters[n], n) if parameters.get(n) else at for n, at in (("from", 0), ("to", LAST)))
    within = _within(parameters.get("within", "1m"))
    found = store.pairs(one.key, other.key, start=start, end=end, within=within, rows=MOST)
    count, labelled = found.table.num_rows, _labelled(found.table)
    numbers = _numbers(found.table, one) if count >= FEWEST else {}
    times = found.table.column("time")
    return {
        "model": one.key.name, "version": one.key.version, "other": other.key.version,
        "role": one.role, "other_role": other.role, "within": format_length(within),
        "rows": found.rows, "other_rows": found.other_rows, "truncated": max(found.rows, found.other_rows) > MOST,
        "pairs": count, "labelled": labelled,
        "first": iso(times[0].as_py()) if count else None, "last": iso(times[count - 1].as_py()) if count else None,
        "status": "ok" if count >= FEWEST else "insufficient_data", "reason": _reason(found, labelled, one, other),
        **{name: numbers.get(name) for name in _NUMBERS},
    }  # fmt: skip


def _versions(store: Store, parameters: Mapping[str, str]) -> tuple[ModelInfo, ModelInfo]:
    model = parameters.get("model", "")
    infos = store.models()
    known = {info.key.version: info for info in infos if info.key.name == model}
    if not known:
        msg = f"model: no rows are stored of {model!r}{did_you_mean(model, sorted({i.key.name for i in infos}))}"
        raise InputError(msg)
    for name in ("version", "other"):
        version = parameters.get(name, "")
        if version not in known:
            there = ", ".join(map(repr, sorted(known)))
            msg = f"{name}: no rows are stored of version {version!r} of {model!r}; there are {there}"
            raise InputError(msg)
    if parameters["version"] == parameters["other"]:
        msg = f"other: {parameters['other']!r} is the version itself"
        raise InputError(msg)
    return known[parameters["version"]], known[parameters["other"]]


def _within(text: str) -> int:
    try:
        return parse_length(text)
    except ValueError as error:
        msg = f"within: {error}"
        raise InputError(msg) from None


def _reason(found: Pairs, labelled: int, one: ModelInfo, other: ModelInfo) -> str | None:
    for info, rows in ((one, found.rows), (other, found.other_rows)):
        if not rows:
            return f"no row of version {info.key.version!r} in this time names an entity"
    if found.table.num_rows < FEWEST:
        return f"{found.table.num_rows} pairs; it takes {FEWEST}"
    return None if labelled >= FEWEST else f"truth is known of {labelled} pairs; it takes {FEWEST}"


def _labelled(table: pa.Table) -> int:
    return int(np.count_nonzero(~_missing(table, "truth_number") | ~_missing(table, "truth_text")))


def _missing(table: pa.Table, name: str) -> NDArray[np.bool_]:
    return np.asarray(table.column(name).is_null().to_numpy(), dtype=np.bool_)


def _numbers(table: pa.Table, info: ModelInfo) -> dict[str, Any]:
    one, other, truth = (_part(table, part) for part in _PARTS)
    scores = {"score_difference": _told(mean_difference(one.score, other.score))}
    values = (one.value, other.value)
    if info.task in _CLASSIFIES or info.classes or not all(isinstance(v, Numbers) for v in values):
        return scores | _decided(one.value, other.value, truth.value)
    return scores | _predicted(*(_floats(rows.value) for rows in (one, other, truth)))


def _part(table: pa.Table, part: str) -> Rows:
    """The values, and scores if it has any, of one side of the pairs."""
    names = {"time": "time", f"{part}_number": "value_number", f"{part}_text": "value_text", f"{part}_score": "score"}
    held = [name for name in names if name in table.column_names]
    return rows_of(table.select(held).rename_columns([names[name] for name in held]))


def _floats(column: Column) -> FloatArray:
    return column.values if isinstance(column, Numbers) else np.full(len(column.codes), np.nan)


def _decided(*columns: Column) -> dict[str, Any]:
    texts = [written(column) for column in columns]
    index = class_index(class_names(word for words, _ in texts for word in words))
    one, other, true = (np.array([*(index[word] for word in words), -1])[codes] for words, codes in texts)
    both = (one >= 0) & (other >= 0)
    known = both & (true >= 0)
    right, other_right = (one == true)[known], (other == true)[known]
    return {
        "agreement": _told(share((one == other)[both])),
        "kappa": _enough(cohen_kappa(one[both], other[both]), int(both.sum())),
        "accuracy": _told(share(right)),
        "other_accuracy": _told(share(other_right)),
        "accuracy_difference": _told(mean_difference(right.astype(np.float64), other_right.astype(np.float64))),
        "mcnemar_p_value": _enough(mcnemar(right, other_right), int(known.sum())),
    }


def _predicted(one: FloatArray, other: FloatArray, true: FloatArray) -> dict[str, Any]:
    return {
        "value_difference": _told(mean_difference(one, other)),
        "absolute_error_difference": _told(mean_difference(np.abs(one - true), np.abs(other - true))),
    }


def _told(found: Estimate) -> dict[str, Any] | None:
    if found.n < FEWEST:
        return None
    return {"value": found.value, "low": found.low, "high": found.high, "n": found.n}


def _enough(value: float, n: int) -> float | None:
    return value if n >= FEWEST and isfinite(value) else None
