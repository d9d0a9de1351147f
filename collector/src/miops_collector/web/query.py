"""Query parameters of the API as values, or an error that says which one is wrong and what is allowed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from miops_collector.errors import InputError, did_you_mean
from miops_collector.exporters.descriptions import descriptions
from miops_collector.stores._store import ObservationQuery
from miops_collector.window import format_length, parse_length

__all__ = ["MAX_LIMIT", "nanos", "observation_query", "only"]

MAX_LIMIT = 10_000
METRIC_PREFIX = "miops."
_TEXTS = ("model", "version", "metric", "column", "segment", "window", "cursor")
_TIMES = {"from": "start", "to": "end"}
_OBSERVATION_PARAMETERS = (*_TEXTS, *_TIMES, "limit")


def observation_query(parameters: Mapping[str, str]) -> ObservationQuery:
    """Filters of ``GET /api/v1/observations``.

    Raises
    ------
    InputError
        For an unknown parameter, a time that is no ISO 8601, or a limit out of range.
    """
    only(parameters, _OBSERVATION_PARAMETERS)
    values: dict[str, Any] = {name: parameters[name] for name in _TEXTS if name in parameters}
    _metric(values.get("metric", ""))
    values["window"] = _length(values.get("window", ""))
    values |= {field: nanos(parameters[name], name) for name, field in _TIMES.items() if parameters.get(name)}
    return ObservationQuery(**values, limit=_limit(parameters.get("limit", "1000")))


def _metric(metric: str) -> None:
    """Only what can be no metric is refused: users have statistics of their own."""
    if metric and not metric.startswith(METRIC_PREFIX):
        full = {name.rpartition(".")[2]: name for name in descriptions()}
        msg = f"metric: {metric!r} is none: write its full name, such as {full.get(metric, 'miops.drift.psi')!r}"
        raise InputError(msg)


def _length(window: str) -> str:
    """As observations have it, however it is written: a day is ``1d``, not ``24h``."""
    try:
        return format_length(parse_length(window)) if window else ""
    except ValueError as error:
        msg = f"window: {error}"
        raise InputError(msg) from None


def only(parameters: Mapping[str, str], allowed: tuple[str, ...]) -> None:
    """Refuse parameters that would otherwise be ignored without a word."""
    for name in parameters:
        if name not in allowed:
            msg = f"unknown query parameter {name[:60]!r}{did_you_mean(name, allowed)}"
            raise InputError(msg)


def nanos(text: str, where: str) -> int:
    """Nanoseconds since 1970 of an ISO 8601 time; one without an offset is UTC.

    Examples
    --------
    >>> nanos("2016-01-01T00:00:00Z", "from")
    1451606400000000000
    """
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        msg = f"{where}: {text!r} is no time: write ISO 8601, such as 2026-01-31T12:00:00Z"
        raise InputError(msg) from None
    time = time if time.tzinfo else time.replace(tzinfo=UTC)
    delta = time - datetime(1970, 1, 1, tzinfo=UTC)
    return (delta.days * 86_400 + delta.seconds) * 1_000_000_000 + delta.microseconds * 1_000


def _limit(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= MAX_LIMIT):
        msg = f"limit: {text!r} is not a whole number from 1 to {MAX_LIMIT}"
        raise InputError(msg)
    return int(text)
