"""Numbers and times as people read them; an absent value is a dash."""

from __future__ import annotations

import math
from datetime import UTC, datetime

__all__ = [
    "ABSENT", "chance_text", "count_text", "day_text", "moment_text", "name_text", "number_text", "percent_text",
    "quantity_text", "window_text",
]  # fmt: skip

ABSENT = "–"
_DAY = 86_400 * 1_000_000_000
_THIN = "\u202f"
_MIB = 1024 * 1024
_NAMES = {
    "jensen_shannon": "Jensen–Shannon", "kolmogorov_smirnov": "Kolmogorov–Smirnov", "chi_square": "chi-square",
    "l_infinity": "L∞", "hellinger": "Hellinger", "wasserstein": "Wasserstein", "brier": "Brier", "psi": "PSI",
    "roc": "ROC", "auc": "AUC", "mae": "MAE", "rmse": "RMSE", "mape": "MAPE", "r2": "R²", "f1": "F1",
    "matthews": "Matthews",
}  # fmt: skip
"""Names and words that are not written in small letters."""


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


def name_text(name: str) -> str:
    """A statistic as people write it.

    Examples
    --------
    >>> [name_text(n) for n in ("psi", "roc_auc", "jensen_shannon", "log_loss")]
    ['PSI', 'ROC AUC', 'Jensen–Shannon', 'log loss']
    """
    return _NAMES.get(name) or " ".join(_NAMES.get(word, word) for word in name.split("_"))


def chance_text(p_value: float) -> str:
    """A p-value; one that is smaller than numbers can be is not zero.

    Examples
    --------
    >>> [chance_text(v) for v in (0.03, 2e-40, 0.0)]
    ['p = 0.03', 'p = 2.00e-40', 'p < 1e-300']
    """
    return "p < 1e-300" if p_value < 1e-300 else f"p = {number_text(p_value)}"


def quantity_text(value: float, unit: str) -> str:
    """A count, or a number with its unit.

    Examples
    --------
    >>> [quantity_text(1.5, "s"), quantity_text(3.0, "{row}"), quantity_text(268435456.0, "By")]
    ['1.5 s', '3', '256 MiB']
    """
    if unit == "By":
        return f"{number_text(value / _MIB)} MiB"
    return f"{number_text(value)} s" if unit == "s" else count_text(value)


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
