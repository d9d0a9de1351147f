"""Numbers and times as people read them; an absent value is a dash."""

from __future__ import annotations

import math
from datetime import UTC, datetime

__all__ = ["ABSENT", "count_text", "day_text", "moment_text", "number_text", "percent_text", "window_text"]

ABSENT = "–"
_DAY = 86_400 * 1_000_000_000
_THIN = "\u202f"


def number_text(value: float) -> str:
    """Three significant digits.

    Examples
    --------
    >>> [number_text(v) for v in (0.123456, 1234.5, 0.00001234, float("nan"), 0.0)]
    ['0.123', '1230', '1.23e-05', '–', '0']
    """
    if not math.isfinite(value):
        return ABSENT if math.isnan(value) else "∞"
    if value == 0 or 1e-4 <= abs(value) < 1e6:
        digits = 2 - math.floor(math.log10(abs(value))) if value else 0
        rounded = round(value, digits)
        return f"{rounded:.{max(digits, 0)}f}".rstrip("0").rstrip(".") if digits > 0 else f"{rounded:.0f}"
    return f"{value:.2e}"


def count_text(value: float) -> str:
    """A whole number in groups of three digits."""
    return f"{value:,.0f}".replace(",", _THIN) if math.isfinite(value) else ABSENT


def percent_text(share: float) -> str:
    """A share of one as per cent, one decimal below ten.

    Examples
    --------
    >>> [percent_text(v) for v in (0.5, 0.0123, 1.0)]
    ['50 %', '1.2 %', '100 %']
    """
    if not math.isfinite(share):
        return ABSENT
    return f"{100 * share:.1f} %" if 0 < share < 0.0995 else f"{100 * share:.0f} %"


def moment_text(nanos: int) -> str:
    """Date and time of day in UTC."""
    return _utc(nanos).strftime("%Y-%m-%d %H:%M") if nanos else ABSENT


def day_text(nanos: int) -> str:
    """Date in UTC."""
    return _utc(nanos).strftime("%Y-%m-%d") if nanos else ABSENT


def window_text(start: int, end: int) -> str:
    """A window of whole days by its dates, a shorter one by its times; the end is not part of it.

    Examples
    --------
    >>> window_text(0, 86_400_000_000_000)
    '1970-01-01'
    >>> window_text(0, 3_600_000_000_000)
    '1970-01-01 00:00 – 01:00'
    """
    if (end - start) % _DAY == 0 and start % _DAY == 0:
        last = day_text(end - 1)
        first = _utc(start).strftime("%Y-%m-%d")
        return first if first == last else f"{first} – {last}"
    ends = "%H:%M" if _utc(start).date() == _utc(end).date() else "%Y-%m-%d %H:%M"
    return f"{_utc(start):%Y-%m-%d %H:%M} – {_utc(end).strftime(ends)}"


def _utc(nanos: int) -> datetime:
    return datetime.fromtimestamp(nanos // 1_000_000_000, tz=UTC)
