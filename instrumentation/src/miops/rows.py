"""Calls → rows: the columns of a prediction batch, for all calls of one shape at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, groupby, repeat
from operator import itemgetter
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from miops import semconv
from miops.attributions import attribution_columns
from miops.call import Call, Extras
from miops.columns import Column, from_values, utf8
from miops.ids import IdSpace, given_ids, texts
from miops.kinds import Kind, kinds_of_columns, kinds_of_values, together
from miops.lanes import Lane
from miops.layouts import Layout, Mappings
from miops.lists import list_columns
from miops.models import Model
from miops.scores import Scored, score
from miops.sources import Source

__all__ = ["Rows", "rows_of", "rows_of_lane"]

_SHAPE: Final = itemgetter(0, 1, 2, 3, 4)
_ORDER: Final = itemgetter(0, 2, 4)
"""The shape without its types, which have no order: calls of one layout and output nearly always agree on them."""
_NO_EXTRAS: Final = Extras()
_to_bytes: Final[Any] = int.to_bytes


class Rows(NamedTuple):
    """Rows of one model and schema.

    Attributes
    ----------
    columns
        By wire name.
    durations
        ``(calls,)`` nanoseconds.
    confidence
        ``(rows,)`` score of the predicted class where it is a probability.
    """

    model: Model
    columns: dict[str, Column]
    rows: int
    durations: NDArray[np.int64]
    confidence: NDArray[np.float64] | None
    features: tuple[str, ...]

    @property
    def failed(self) -> bool:
        """Whether the model ended these calls with errors: all of them or none."""
        return semconv.COLUMN_ERROR_TYPE in self.columns


def rows_of(calls: list[Call], ids: IdSpace, *, values: bool) -> Iterator[Rows]:
    """The rows of these calls, one batch per model and schema: calls of one layout have several where kinds differ.

    Parameters
    ----------
    values
        Whether feature values are wanted.
    """
    if len(set(map(_ORDER, calls))) > 1:
        calls.sort(key=_ORDER)
    for _, group in groupby(calls, _SHAPE):
        own = list(group)
        for places in _together(own[0].layout, [call.features for call in own], _kinds_decided(own)):
            part = [own[place] for place in places]
            yield _rows(Call(*map(list, zip(*part, strict=True))), ids, values=values)  # type: ignore[arg-type]


def rows_of_lane(
    lane: Lane, records: Sequence[bytes], features: Sequence[Any], ids: IdSpace, *, values: bool
) -> Iterator[Rows]:
    """The same of packed calls."""
    for places in _together(lane.layout, features):
        whole = len(places) == len(records)
        own = (records, features) if whole else ([records[i] for i in places], [features[i] for i in places])
        yield _rows(lane.calls(*own), ids, values=values)


def _together(layout: Layout, features: Sequence[Any], decided: list[Kind] | None = None) -> list[list[int]]:
    return together([decided, *layout.kinds(features)], len(features)) if len(features) > 1 else [[0]]


def _kinds_decided(calls: list[Call]) -> list[Kind] | None:
    """Kinds of decisions, which only those that are objects do not say by their type."""
    dtype = calls[0].decision_dtype
    if dtype is None or not dtype.hasobject:
        return None
    decisions = [call.decision for call in calls]
    agree = kinds_of_values(list(chain.from_iterable(decisions))) is None
    return None if agree else kinds_of_columns(decisions)


def _rows(calls: Any, ids: IdSpace, *, values: bool) -> Rows:
    """Here every field of ``calls`` is the list of that field over all calls."""
    layout = calls.layout[0]
    source: Source = layout.source
    counts = np.array(calls.rows, dtype=np.int64)
    total = int(counts.sum())
    row = np.arange(total) - np.repeat(np.cumsum(counts) - counts, counts)
    scored = _scored(calls, source, counts)
    columns = {
        **_identity(calls, counts, row, ids),
        **_timing(calls, counts),
        **_trace(calls, counts),
        semconv.COLUMN_ROW: Column("int32", row.astype(np.int32)),
        **scored.columns,
        **_extras(calls.extras, calls.rows, source),
        **_features(layout, calls.features, values=values),
    }
    columns |= list_columns(source, columns, counts)
    durations = np.array(calls.duration, dtype=np.int64)
    columns = source.privacy.columns(columns)
    return Rows(source.model, columns, total, durations, scored.confidence, tuple(source.privacy.names(layout.names)))


def _features(layout: Layout, payloads: list[Any], *, values: bool) -> dict[str, Column]:
    """Features where wanted; context always."""
    if values:
        return layout.columns(payloads)
    if not isinstance(layout, Mappings):
        return {}
    told = layout.columns(payloads).items()
    return {name: column for name, column in told if not name.startswith(semconv.COLUMN_FEATURE_PREFIX)}


def _identity(calls: Any, counts: NDArray[np.int64], row: NDArray[np.int64], ids: IdSpace) -> dict[str, Column]:
    starts = np.repeat(np.array(calls.start, dtype=np.int64), counts)
    numbers = np.repeat(np.array(calls.call, dtype=np.int64), counts)
    own = ids.many(starts, numbers, row)
    given = [None if extras is None else extras.ids for extras in calls.extras]
    if given.count(None) == len(given):
        return {semconv.COLUMN_PREDICTION_ID: Column("binary16", own)}
    bounds = np.cumsum([0, *calls.rows]).tolist()
    mixed: list[str] = []
    for said, start, stop in zip(given, bounds, bounds[1:], strict=False):
        if said is None:
            mixed += texts(own[start:stop])
        else:
            mixed += given_ids(said, stop - start) if isinstance(said, str) else said
    return {semconv.COLUMN_PREDICTION_ID: utf8(mixed)}


def _timing(calls: Any, counts: NDArray[np.int64]) -> dict[str, Column]:
    said = [None if extras is None else extras.time for extras in calls.extras]
    if said.count(None) == len(said):
        times = np.repeat(np.array(calls.start, dtype=np.int64), counts)
    else:
        chosen = zip(said, calls.start, strict=True)
        times = np.array(_spread([s if t is None else t for t, s in chosen], calls.rows), dtype=np.int64)
    durations = np.repeat(np.array(calls.duration, dtype=np.int64), counts)
    return {semconv.COLUMN_TIME: Column("int64", times), semconv.COLUMN_DURATION: Column("int64", durations)}


def _trace(calls: Any, counts: NDArray[np.int64]) -> dict[str, Column]:
    return {
        semconv.COLUMN_TRACE_ID: Column("binary16", *_bytes(calls.trace_id, 16, counts)),
        semconv.COLUMN_SPAN_ID: Column("binary8", *_bytes(calls.span_id, 8, counts)),
    }


def _bytes(numbers: Any, width: int, counts: NDArray[np.int64]) -> tuple[Any, NDArray[np.bool_] | None]:
    if isinstance(numbers, np.ndarray):  # of packed calls: their bytes
        data = np.ascontiguousarray(numbers)
        given = np.asarray(data.view(np.uint64).T.any(axis=0))
        return data, None if given.all() else given
    joined = b"".join(map(_to_bytes, numbers, repeat(width), repeat("big")))
    data = np.repeat(np.frombuffer(joined, dtype=np.uint8).reshape(-1, width), counts, axis=0)
    valid = np.repeat(np.fromiter(map(bool, numbers), dtype=np.bool_, count=len(numbers)), counts)
    return data, None if valid.all() else valid


def _extras(extras: list[Extras | None], rows: Sequence[int], source: Source) -> dict[str, Column]:
    if extras.count(None) == len(extras):
        return {}
    by_field: Any = zip(*(_NO_EXTRAS if one is None else one for one in extras), strict=True)
    fields = Extras(*by_field)
    told: Mapping[str, Any] = {
        semconv.COLUMN_ENTITY_ID: fields.entity,
        semconv.COLUMN_WEIGHT: fields.weight,
        semconv.COLUMN_THRESHOLD: fields.threshold,
        semconv.COLUMN_ERROR_TYPE: fields.error,
    }
    spread = {name: _spread(values, rows) for name, values in told.items() if any(v is not None for v in values)}
    attributions: Any = fields.attributions
    attributed = attribution_columns(attributions, rows)
    if semconv.COLUMN_ENTITY_ID in spread:
        spread[semconv.COLUMN_ENTITY_ID] = source.privacy.entities(spread[semconv.COLUMN_ENTITY_ID])
    return {**{name: from_values(values) for name, values in spread.items()}, **attributed}


def _spread(values: Sequence[Any], rows: Sequence[int]) -> list[Any]:
    """One value per row: a call's list as it is, a call's single value for each of its rows."""
    if not any(isinstance(value, list) for value in values):
        return list(values) if set(rows) == {1} else [v for v, n in zip(values, rows, strict=True) for v in [v] * n]
    lists = (v if isinstance(v, list) else [v] * n for v, n in zip(values, rows, strict=True))
    return [value for part in lists for value in part]


def _scored(calls: Any, source: Source, counts: NDArray[np.int64]) -> Scored:
    """Decision, score and scores of all rows."""
    decision = _stack(calls.decision, calls.decision_dtype[0], 0) if calls.decision[0] is not None else None
    scores = _stack(calls.scores, calls.scores_dtype[0], calls.scores_width[0]) if calls.scores[0] is not None else None
    return score(source, calls.outputs[0], decision, scores, int(counts.sum()))


def _stack(payloads: list[Any], dtype: np.dtype[Any] | None, width: int) -> NDArray[Any]:
    if dtype is None or dtype.hasobject:
        flat = np.empty(sum(map(len, payloads)), dtype=object)
        flat[:] = [value for payload in payloads for value in payload]
        return flat
    joined = np.frombuffer(payloads[0] if len(payloads) == 1 else b"".join(payloads), dtype=dtype)
    return joined.reshape(-1, width) if width else joined
