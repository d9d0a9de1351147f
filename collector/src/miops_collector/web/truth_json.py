"""Ground truth posted as a JSON list: every element is checked, and an error says which one and which field."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from itertools import islice
from typing import Annotated, Any, TypeAlias

import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictFloat, StrictInt, StrictStr, TypeAdapter
from pydantic import ValidationError as PydanticError
from pydantic_core import ErrorDetails

from miops.semconv import COLUMN_OUTCOME_PREFIX
from miops_collector.errors import InputError, did_you_mean
from miops_collector.stores._columns import MOST_OUTCOMES
from miops_collector.web.query import nanos

__all__ = ["table_from_json"]

_MOST_ERRORS = 10
_SLICE = 10_000
_INT64 = 2**63
_Text: TypeAlias = Annotated[StrictStr, Field(min_length=1, max_length=4096)]
_Finite: TypeAlias = Annotated[StrictFloat, Field(allow_inf_nan=False)]
_Whole: TypeAlias = Annotated[StrictInt, Field(ge=0, lt=_INT64)]
_Number: TypeAlias = _Finite | Annotated[StrictInt, Field(gt=-_INT64, lt=_INT64)]


class _Truth(BaseModel):
    """One element of the list."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    prediction_id: _Text | None = None
    trace_id: Annotated[StrictStr, Field(pattern=r"^[0-9A-Fa-f]{32}$")] | None = None
    row: Annotated[StrictInt, Field(ge=0, lt=2**31)] | None = None
    entity_id: _Text | None = None
    value: StrictBool | _Number | StrictStr
    outcome: dict[_Text, _Number] = Field(default={})
    time: StrictStr | _Whole | None = None
    prediction_time: StrictStr | _Whole | None = None


_TRUTHS = TypeAdapter(list[_Truth])
_Make: TypeAlias = Callable[[Sequence[_Truth], int], pa.Array]
"""A column of these elements, the first of which is the so-many-eth of the body."""


def table_from_json(data: Any) -> pa.Table:
    """Columns as an Arrow body would have them, from the list of docs/api.md.

    Raises
    ------
    InputError
        With one line per wrong field, of the first ten.
    """
    if not isinstance(data, list):
        msg = f"the body must be a JSON list of objects, not {type(data).__name__}"
        raise InputError(msg)
    slices = [_columns(data[at : at + _SLICE], at) for at in range(0, max(len(data), 1), _SLICE)]
    _check_outcomes({name for one in slices for name in one.column_names[len(_COLUMNS) :]})
    return pa.concat_tables(slices, promote_options="default")


def _columns(data: list[Any], at: int) -> pa.Table:
    """Of the elements from ``at`` on; only so many are objects at a time, and the first that are wrong are enough."""
    for i, one in enumerate(data, at):
        _check_size(one, i)
    try:
        truths = _TRUTHS.validate_python(data)
    except PydanticError as error:
        raise InputError(_explain(error, at)) from None
    columns = {name: make(truths, at) for name, make in _COLUMNS.items()}
    outcomes = {key for t in truths for key in t.outcome}
    _check_outcomes(outcomes)
    for name in sorted(outcomes):
        columns[COLUMN_OUTCOME_PREFIX + name] = pa.array([_maybe(t.outcome.get(name)) for t in truths], pa.float64())
    return pa.table(columns)


def _check_size(element: Any, i: int) -> None:
    """Each key that is wrong would be an error of its own, and a million of them take gigabytes."""
    if not isinstance(element, dict):
        return
    if len(element) > len(_Truth.model_fields):
        name = next(name for name in element if name not in _Truth.model_fields)
        msg = f"element {i}: unknown field {name!r:.60}{did_you_mean(name, _Truth.model_fields)}"
        raise InputError(msg)
    outcome = element.get("outcome")
    if isinstance(outcome, dict):
        _check_outcomes(outcome)


def _check_outcomes(names: Collection[str]) -> None:
    """A name for every element would make as many columns as elements."""
    if len(names) > MOST_OUTCOMES:
        msg = f"outcome: {len(names)} different names; allowed are {MOST_OUTCOMES}"
        raise InputError(msg)


def _texts(field: str) -> _Make:
    return lambda truths, at: pa.array(
        [_unicode(getattr(t, field), i, field) for i, t in enumerate(truths, at)], pa.string()
    )


def _times(field: str) -> _Make:
    return lambda truths, at: pa.array(
        [_time(getattr(t, field), i, field) for i, t in enumerate(truths, at)], pa.int64()
    )


def _truth_number(truths: Sequence[_Truth], _: int) -> pa.Array:
    values = (t.value for t in truths)
    return pa.array([None if isinstance(v, str | bool) else float(v) for v in values], pa.float64())


def _truth_text(truths: Sequence[_Truth], at: int) -> pa.Array:
    return pa.array([_text_of(t.value, i) for i, t in enumerate(truths, at)], pa.string())


_COLUMNS: dict[str, _Make] = {
    "prediction_id": _texts("prediction_id"),
    "trace_id": _texts("trace_id"),
    "row": lambda truths, _: pa.array([t.row for t in truths], pa.int32()),
    "entity_id": _texts("entity_id"),
    "truth_number": _truth_number,
    "truth_text": _truth_text,
    "time": _times("time"),
    "prediction_time": _times("prediction_time"),
}


def _text_of(value: object, element: int) -> str | None:
    if isinstance(value, bool):
        return str(value).lower()
    return _unicode(value, element, "value") if isinstance(value, str) else None


def _unicode(text: str | None, element: int, field: str) -> str | None:
    """JSON can spell half a surrogate pair, which no UTF-8 can carry."""
    if text is not None and any("\ud800" <= letter <= "\udfff" for letter in text):
        msg = f"element {element}: {field}: is no valid Unicode"
        raise InputError(msg)
    return text


def _time(value: str | int | None, element: int, field: str) -> int | None:
    """Times that no 64 bits can count are as unlikely as any before 2000, and refused as those are."""
    known = nanos(value, f"element {element}: {field}") if isinstance(value, str) else value
    return None if known is None else min(max(known, -_INT64), _INT64 - 1)


def _maybe(value: float | None) -> float | None:
    return None if value is None else float(value)


def _explain(error: PydanticError, at: int) -> str:
    """Unions report one line per alternative; one line per field is enough for a person."""
    found: dict[tuple[int | str, ...], ErrorDetails] = {}
    for one in error.errors(include_url=False):
        found.setdefault(one["loc"][:2], one)
    more = [f"… and {len(found) - _MOST_ERRORS} more"] if len(found) > _MOST_ERRORS else []
    return "\n".join([*(_line(one, at) for one in islice(found.values(), _MOST_ERRORS)), *more])


def _line(one: ErrorDetails, at: int) -> str:
    element, *path = one["loc"]
    element = at + int(element)
    field = str(path[0]) if path else ""
    if one["type"] == "extra_forbidden":
        return f"element {element}: unknown field {field!r}{did_you_mean(field, _Truth.model_fields)}"
    if one["type"] == "missing":
        return f"element {element}: {field} is missing"
    where = f"element {element}: {field}" if field else f"element {element}"
    return f"{where}: {_EXPECTED.get(field, one['msg'])}, not {_short(one['input'])}"


_EXPECTED = {
    "": "must be an object",
    "prediction_id": "must be a text of 1 to 4096 characters",
    "trace_id": "must be 32 hexadecimal digits",
    "row": "must be a whole number from 0",
    "entity_id": "must be a text of 1 to 4096 characters",
    "value": "must be a finite number, a text or a boolean",
    "outcome": "must be an object of finite numbers",
    "time": "must be an ISO 8601 time or nanoseconds since 1970",
    "prediction_time": "must be an ISO 8601 time or nanoseconds since 1970",
}


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}…"
