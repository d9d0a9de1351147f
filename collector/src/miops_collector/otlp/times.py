"""Event times that senders write as nanoseconds or as ISO 8601."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from miops_collector.otlp.column import Array, Column
from miops_collector.otlp.types import Flags, Longs

__all__ = ["nanoseconds", "parse_times"]

_ISO = (
    r"^(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)"
    r"(?:[T ](?P<hour>\d\d):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,](?P<fraction>\d{1,9})\d*)?)?"
    r"(?:[zZ]|(?P<sign>[+-])(?P<offset_hour>\d\d):?(?P<offset_minute>\d\d)?)?)?$"
)
_LIMITS = {"month": (1, 12), "hour": (0, 23), "minute": (0, 59), "second": (0, 60), "offset_hour": (0, 23)}
_DAYS = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])


def nanoseconds(column: Column, otherwise: Longs, bad: Flags) -> Longs:
    """Times of a column, ``otherwise`` where it has none; ``bad`` becomes true where a text is no time."""
    found = otherwise.copy()
    numbers = column.numbers()
    integers = column.integers()
    if numbers is not None and integers is None:
        values = pc.fill_null(numbers, np.nan).to_numpy(zero_copy_only=False)
        fits = np.abs(values) < 2.0**63
        found[fits] = values[fits].astype(np.int64)
        bad |= np.isfinite(values) & ~fits
    if integers is not None:
        given = integers.is_valid().to_numpy(zero_copy_only=False)
        found[given] = pc.fill_null(integers, 0).to_numpy(zero_copy_only=False)[given]
    texts = column.texts(bad)
    if texts is not None:
        parsed, fine = parse_times(texts.dictionary_decode() if pa.types.is_dictionary(texts.type) else texts)
        given = texts.is_valid().to_numpy(zero_copy_only=False)
        found[given & fine] = parsed[given & fine]
        bad |= given & ~fine
    return found


def parse_times(texts: Array) -> tuple[Longs, Flags]:
    """Nanoseconds since 1970 and whether each text is a time: digits, or ISO 8601 (UTC where it says no offset)."""
    digits = pc.fill_null(pc.match_substring_regex(texts, r"^-?[0-8]?\d{1,18}$"), False)  # noqa: FBT003
    numbers = pc.cast(pc.if_else(digits, texts, "0"), pa.int64()).to_numpy(zero_copy_only=False)
    is_number = digits.to_numpy(zero_copy_only=False)
    nanos, fine = _iso(texts)
    nanos_or_number: Longs = np.where(is_number, numbers, nanos)
    return nanos_or_number, fine | is_number


def _iso(texts: Array) -> tuple[Longs, Flags]:
    parts = pc.extract_regex(texts, _ISO)
    fine = parts.is_valid().to_numpy(zero_copy_only=False)
    sign = pc.fill_null(pc.equal(pc.struct_field(parts, "sign"), "-"), False)  # noqa: FBT003
    fraction = pc.utf8_rpad(pc.coalesce(pc.struct_field(parts, "fraction"), ""), 9, "0")
    n = {name: _number(pc.struct_field(parts, name)) for name in (*_LIMITS, "year", "day", "offset_minute")}
    for name, (low, high) in _LIMITS.items():
        fine &= (n[name] >= low) & (n[name] <= high)
    year, month = n["year"], np.clip(n["month"], 1, 12)
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    fine &= (n["day"] >= 1) & (n["day"] <= _DAYS[month - 1] + (leap & (month == 2)))
    fine &= (year > 1700) & (year < 2250) & (n["offset_minute"] < 60)
    days = (year - 1970).astype("M8[Y]").astype("M8[M]").astype(np.int64) + month - 1
    days = days.astype("M8[M]").astype("M8[D]").astype(np.int64) + n["day"] - 1
    offset = (n["offset_hour"] * 60 + n["offset_minute"]) * np.where(sign.to_numpy(zero_copy_only=False), -1, 1)
    seconds = ((days * 24 + n["hour"]) * 60 + n["minute"] - offset) * 60 + n["second"]
    return np.where(fine, seconds, 0) * 1_000_000_000 + _number(fraction), fine


def _number(texts: Array) -> Longs:
    """Digits as a number, 0 where there are none."""
    filled = pc.if_else(pc.equal(pc.coalesce(texts, ""), ""), "0", pc.coalesce(texts, "0"))
    numbers: Longs = pc.cast(filled, pa.int64()).to_numpy(zero_copy_only=False)
    return numbers
