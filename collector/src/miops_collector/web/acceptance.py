"""``POST /api/v1/reference/accept``: what the drift alarms show is how it should be from now on."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field
from pydantic import ValidationError as PydanticError
from pydantic_core import ErrorDetails

from miops.semconv import UNVERSIONED
from miops_collector.accepting import SMALL, Acceptance
from miops_collector.errors import InputError, did_you_mean
from miops_collector.web.body import read_json
from miops_collector.web.encode import iso

__all__ = ["AcceptForm", "acceptance_json", "read_form"]


_MOST_ERRORS = 10


class AcceptForm(BaseModel):
    """Without ``start`` and ``end``: the rows since the first of the open drift alarms of this version."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: str = Field(min_length=1, max_length=1024)
    version: str = UNVERSIONED
    start: AwareDatetime | None = None
    end: AwareDatetime | None = None
    by: str = Field(min_length=1, max_length=200)

    @property
    def bounds(self) -> tuple[int, int] | None:
        """Nanoseconds since 1970, if they were said."""
        if self.start is None and self.end is None:
            return None
        if self.start is None or self.end is None or self.end <= self.start:
            msg = "start and end: give both, the end after the start, or neither"
            raise InputError(msg)
        return _nanos(self.start), _nanos(self.end)


def read_form(body: bytes) -> AcceptForm:
    """Checked; says which field is wrong."""
    try:
        return AcceptForm.model_validate(read_json(body))
    except PydanticError as error:
        raise InputError("\n".join(_line(one) for one in error.errors(include_url=False)[:_MOST_ERRORS])) from error


def _line(one: ErrorDetails) -> str:
    field = str(one["loc"][0]) if one["loc"] else ""
    if one["type"] == "extra_forbidden":
        return f"unknown field {field!r}{did_you_mean(field, AcceptForm.model_fields)}"
    if one["type"] == "missing":
        return f"{field}: is missing: {_EXPECTED[field]}"
    return f"{field or 'the body'}: {_EXPECTED[field]}, not {one['input']!r:.60}"


_TIME = "must be an ISO 8601 time with an offset, such as 2026-01-31T12:00:00Z"
_EXPECTED = {
    "": 'must be an object such as {"model": "credit", "by": "alice"}',
    "model": "must be a text of 1 to 1024 characters",
    "version": "must be a text",
    "start": _TIME,
    "end": _TIME,
    "by": "must be a text of 1 to 200 characters: who decides it",
}


def acceptance_json(a: Acceptance) -> dict[str, Any]:
    """One record; a reference that is too small to see small drift with says so."""
    small = f"a reference of {a.rows} rows hides small drift; better {SMALL}" if a.rows < SMALL else None
    return {
        "model": a.model, "version": a.version, "start": iso(a.start), "end": iso(a.end), "by": a.by, "at": iso(a.at),
        "rows": a.rows, "columns": list(a.columns), "warning": small,
    }  # fmt: skip


def _nanos(time: datetime) -> int:
    delta = time.astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)
    return (delta.days * 86_400 + delta.seconds) * 10**9 + delta.microseconds * 1000
