"""What the caller of a model server may say about a prediction, by OpenTelemetry baggage or by argument."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, Final

from opentelemetry.context import Context

from miops import semconv
from miops.call import Extras
from miops.context_keys import BAGGAGE
from miops.faults import Faults

__all__ = ["from_baggage", "unix_nano"]

_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_LONGEST_ID: Final = 256


def from_baggage(context: Context, faults: Faults) -> Extras | None:
    """Prediction id, entity id and event time of the current context, if any of them is there and valid."""
    baggage = context.get(BAGGAGE)
    if not baggage or not isinstance(baggage, Mapping):
        return None
    given, entity = baggage.get(semconv.PREDICTION_ID), baggage.get(semconv.ENTITY_ID)
    said = baggage.get(semconv.PREDICTION_TIME)
    if given is None and entity is None and said is None:
        return None
    return Extras(
        ids=_identifier(given, "invalid_prediction_id", faults),
        entity=_identifier(entity, "invalid_entity_id", faults),
        time=None if said is None else _time(said, faults),
    )


def _identifier(value: object, reason: str, faults: Faults) -> str | None:
    if value is None:
        return None
    text = str(value).strip()
    if 0 < len(text) <= _LONGEST_ID:
        return text
    faults.add(reason)
    return None


def _time(value: object, faults: Faults) -> int | None:
    try:
        return unix_nano(value)
    except (ValueError, TypeError, OverflowError):
        faults.add("invalid_prediction_time")
        return None


def unix_nano(value: Any) -> int:
    """Nanoseconds since 1970 UTC of an integer of nanoseconds, a datetime, or ISO 8601 text (UTC unless it says).

    Examples
    --------
    >>> unix_nano("2018-01-02T00:00:00Z")
    1514851200000000000
    >>> unix_nano("1514851200000000000")
    1514851200000000000

    Raises
    ------
    ValueError
        If it is no such time, or not after 1970 and before 2262.
    """
    if isinstance(value, str):
        text = value.strip()
        value = int(text) if text.isdecimal() else dt.datetime.fromisoformat(text)
    if isinstance(value, dt.datetime):
        aware = value if value.tzinfo is not None else value.replace(tzinfo=dt.UTC)
        since = aware - _EPOCH
        value = (since.days * 86_400 + since.seconds) * 1_000_000_000 + since.microseconds * 1000
    nanos = int(value)
    if not 0 < nanos < 2**63:
        raise ValueError(f"{nanos} is no time between 1970 and 2262 in nanoseconds")
    return nanos
