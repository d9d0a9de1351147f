"""What the scan says about one column: all that is needed to recompute and to explain an alarm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from miops_collector.layout import Role

__all__ = ["ColumnEvidence", "Statistic"]

Statistic: TypeAlias = Literal["location", "spread", "shape", "category", "missing", "range", "unseen"]


@dataclass(frozen=True, slots=True)
class ColumnEvidence:
    """The strongest evidence about one column over all statistics and look-backs.

    Attributes
    ----------
    status
        ``alert`` when rejected, ``warning`` when only below the level of warnings, or of that at which an open alarm
        stays, ``insufficient_data`` when no look-back has enough rows.
    log_p_value
        Natural logarithm of the column's p-value, already paid for the choice among statistics and look-backs.
    statistic
        ``location`` and ``spread`` (effects in σ-ranks), ``shape`` (φ), ``category``, ``missing``, ``range`` and
        ``unseen`` (change of a share of rows).
    look_back
        How many windows were summed.
    effect, effect_low, effect_high
        Signed, with an interval of about 95 % (not widened for the choice of the strongest).
    n, n_reference
        Rows it rests on.
    dispersion
        Variance factor that was applied.
    threshold
        p-value the column was held to by Benjamini–Hochberg at this tick.
    rejected, stays
        Opens an alarm; keeps an open alarm.
    cause
        First guess at what happened: ``missing_values``, ``type_fault``, ``unit_change``, ``stuck_value``,
        ``shifted_range``, ``new_category``, ``out_of_range`` or empty.
    what
        One sentence for a person; empty unless the column stays or is rejected.
    """

    column: str
    role: Role
    kind: Literal["numeric", "categorical"]
    status: Literal["ok", "warning", "alert", "insufficient_data"]
    log_p_value: float
    p_value: float
    statistic: Statistic
    look_back: int
    effect: float
    effect_low: float
    effect_high: float
    n: float
    n_reference: float
    dispersion: float
    threshold: float
    rejected: bool
    stays: bool
    cause: str = ""
    what: str = ""
