"""Ground truth posted as a JSON list: every element is checked, and an error says which one and which field."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypeAlias

import pyarrow as pa
from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictFloat, StrictInt, StrictStr, TypeAdapter
from pydantic import ValidationError as PydanticError
from pydantic_core import ErrorDetails

from miops.semconv import COLUMN_OUTCOME_PREFIX
from miops_collector.errors import InputError, did_you_mean
from miops_collector.web.query import nanos

__all__ = ["table_from_json"]

_MOST_ERRORS = 10
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


def table_from_json(data: Any) -> pa.Table:
    """Columns as an Arrow body would have them, from the list of wire.md.

    Raises
    ------
    InputError
        With one line per wrong field, of the first ten.
    """
    if not isinstance(data, list):
        msg = f"the body must be a JSON list of objects, not {type(data).__name__}"
        raise InputError(msg)
    try:
        truths = _TRUTHS.validate_python(data)
    except PydanticError as error:
        raise InputError(_explain(error)) from None
    columns = {name: make(truths) for name, make in _COLUMNS.items()}
    for name in sorted({key for t in truths for key in t.outcome}):
        columns[COLUMN_OUTCOME_PREFIX + name] = pa.array([_maybe(t.outcome.get(name)) for t in truths], pa.float64())
    return pa.table(columns)


def _texts(field: str) -> Callable[[Sequence[_Truth]], pa.Array]:
    return lambda truths: pa.array([_unicode(getattr(t, field), i, field) for i, t in enumerate(truths)], pa.string())


def _times(field: str) -> Callable[[Sequence[_Truth]], pa.Array]:
    return lambda truths: pa.array([_time(getattr(t, field), i, field) for i, t in enumerate(truths)], pa.int64())


def _truth_number(truths: Sequence[_Truth]) -> pa.Array:
    values = (t.value for t in truths)
    return pa.array([None if isinstance(v, str | bool) else float(v) for v in values], pa.float64())


def _truth_text(truths: Sequence[_Truth]) -> pa.Array:
    return pa.array([_text_of(t.value, i) for i, t in enumerate(truths)], pa.string())


_COLUMNS: dict[str, Callable[[Sequence[_Truth]], pa.Array]] = {
    "prediction_id": _texts("prediction_id"),
    "trace_id": _texts("trace_id"),
    "row": lambda truths: pa.array([t.row for t in truths], pa.int32()),
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
    return nanos(value, f"element {element}: {field}") if isinstance(value, str) else value


def _maybe(value: float | None) -> float | None:
    return None if value is None else float(value)


def _explain(error: PydanticError) -> str:
    """Unions report one line per alternative; one line per field is enough for a person."""
    lines: dict[tuple[int | str, ...], str] = {}
    for one in error.errors(include_url=False):
        lines.setdefault(one["loc"][:2], _line(one))
    more = [f"… and {len(lines) - _MOST_ERRORS} more"] if len(lines) > _MOST_ERRORS else []
    return "\n".join([*list(lines.values())[:_MOST_ERRORS], *more])


def _line(one: ErrorDetails) -> str:
    element, *path = one["loc"]
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
