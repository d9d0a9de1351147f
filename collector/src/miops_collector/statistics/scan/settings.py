"""What the drift scan may be told: one budget of false alarms, and which changes are too small to matter."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["LOOK_BACKS", "ScanSettings"]

LOOK_BACKS = (1, 2, 4, 8, 24)
"""How many of the newest windows are summed and tested, at every tick."""
LOOSEST_WARNING = 0.05
"""Level of one tick that warnings never go beyond: with few ticks a month a budget would let every column warn."""


@dataclass(frozen=True, slots=True)
class ScanSettings:
    """Settings of one scan; everything that decides an alarm follows from the first three.

    With ``F`` false alarms a month, a share ``s`` of them for drift and ``T`` ticks a month the level of one tick is
    ``alpha = F * s / T``: the expected number of ticks with a false alarm in a month is then at most ``F * s`` whatever
    the overlap of windows and look-backs, because expectations add.

    Attributes
    ----------
    budget_per_month
        False alarms a user accepts per model and month, over all families of alarms.
    share
        Part of the budget that drift may spend.
    evaluations_per_month
        Ticks a month: 30 days divided by the smallest window length.
    warnings_per_month
        The same budget for warnings, which are shown and open no alarm; at most one window in twenty may have one.
    tolerance
        "Ignore shifts smaller than": subtracted from the rank scores inside the test, in units of σ-ranks (for a
        normal column about one standard deviation), so that smaller shifts do not alarm however many rows there are.
    minimum_effect
        Estimated rank scores below this are not reported. A gate on the estimate, not a guarantee.
    shape_tolerance, shape_minimum
        The same two for the chi-square of the shape, in units of φ (about the shift in standard deviations).
    rate_tolerance
        Changes of the share of missing or out-of-range rows, or of one category, that are ignored.
    unseen_tolerance, unseen_minimum
        Share of rows with an unseen category that is ignored inside the test, and below which it is not reported.
    mass_minimum
        The shape of a categorical column is only reported when some share changed by this much.
    category_minimum
        A single category is only reported when its share changed by this much.
    minimum_rows
        Effective rows below which a look-back says nothing.
    shape_rows
        The same for the chi-square of numeric columns, which is too liberal on heavy ties below.
    """

    budget_per_month: float = 1.0
    share: float = 0.5
    evaluations_per_month: float = 720.0
    warnings_per_month: float = 30.0
    tolerance: float = 0.01
    minimum_effect: float = 0.05
    shape_tolerance: float = 0.02
    shape_minimum: float = 0.1
    rate_tolerance: float = 0.005
    unseen_tolerance: float = 0.0001
    unseen_minimum: float = 0.001
    mass_minimum: float = 0.01
    category_minimum: float = 0.02
    minimum_rows: float = 30.0
    shape_rows: float = 100.0

    @property
    def alpha(self) -> float:
        """Level of one tick over all columns.

        Examples
        --------
        >>> round(1 / ScanSettings(share=1.0).alpha)
        720
        """
        return min(self.budget_per_month * self.share / self.evaluations_per_month, 1.0)

    @property
    def warning_alpha(self) -> float:
        """Level of one tick for warnings; never stricter than that for alarms, nor looser than one window in twenty.

        Examples
        --------
        >>> round(1 / ScanSettings(share=1.0).warning_alpha)
        24
        >>> ScanSettings(share=1.0, evaluations_per_month=30.0).warning_alpha
        0.05
        """
        wanted = self.warnings_per_month * self.share / self.evaluations_per_month
        return max(min(wanted, LOOSEST_WARNING), self.alpha)
