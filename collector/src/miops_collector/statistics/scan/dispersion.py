"""How much more a column's numbers vary from window to window than those of independent rows would."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np

from miops_collector.summary import FloatArray

__all__ = ["DEPENDENT", "LOCATION", "MISSING", "OUTSIDE", "SPREAD", "Dispersion"]

LOCATION, SPREAD, MISSING, OUTSIDE = range(4)
"""Places on the last axis. Shares of categories have that of ``LOCATION``, unseen values that of ``OUTSIDE``."""
DEPENDENT: Final = 1.5
"""Dispersion from which rows count as dependent: the chi-square is then off, and skewness is that of dependent rows."""


@dataclass(frozen=True, slots=True, eq=False)
class Dispersion:
    """Variance factors at several look-backs, for columns in the order of ``Scan.columns``.

    1 means rows are independent. A factor above 1 says that rows of one window resemble one another (autocorrelation,
    daily seasons): ``n`` rows are worth ``n / factor``. Estimated from history at each look-back, because a daily
    season that is all there is at one hour is gone at 24.

    Attributes
    ----------
    factors
        ``(look_backs, columns, 4)``, at least 1.
    reference
        ``(columns, 4)`` of the reference itself: the factor at a day, or the longest look-back below.
    freedom
        ``(look_backs, columns, 4)`` degrees of freedom of the estimate; infinite when the factor is known.
    typical
        ``(look_backs, columns, 4)`` rows per look-back the factors were measured at. What windows have in common does
        not average out with more rows, so a look-back with more rows than that has a larger factor.
    look_backs
        How many windows each look-back has, where it was estimated.
    """

    factors: FloatArray
    reference: FloatArray
    freedom: FloatArray
    typical: FloatArray = field(default_factory=lambda: np.array(np.inf))
    look_backs: tuple[int, ...] = ()

    @classmethod
    def none(cls, look_backs: int, columns: int) -> Dispersion:
        """Rows are independent."""
        ones = np.ones((look_backs, columns, 4))
        return cls(ones, np.ones((columns, 4)), np.full_like(ones, np.inf))

    def of(self, columns: np.ndarray[tuple[int], np.dtype[np.intp]]) -> Dispersion:
        """Those of some columns."""
        typical = self.typical[:, columns] if self.typical.ndim else self.typical
        return Dispersion(
            self.factors[:, columns], self.reference[columns], self.freedom[:, columns], typical, self.look_backs
        )

    def at(self, look_backs: tuple[int, ...]) -> Dispersion:
        """Those of some look-backs, all of them estimated."""
        places = [self.look_backs.index(count) for count in look_backs]
        typical = self.typical[places] if self.typical.ndim else self.typical
        return Dispersion(self.factors[places], self.reference, self.freedom[places], typical, look_backs)

    def factor(self, place: int, rows: FloatArray) -> FloatArray:
        """``(look_backs, columns)`` factor of one number, for look-backs with so many rows."""
        typical = self.typical[..., place] if self.typical.ndim else self.typical
        return np.asarray(1.0 + (self.factors[..., place] - 1.0) * np.maximum(rows / typical, 1.0))

    def bears_shape(self, rows: FloatArray) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
        """Where rows are so nearly independent that a chi-square may be divided by its factor, and means something.

        A long look-back has few windows to estimate its factor from: it is only believed if the first one agrees.
        """
        worst = np.maximum(self.factor(LOCATION, rows), self.factors[..., SPREAD])
        return np.asarray(np.maximum(worst, worst[:1]) <= DEPENDENT)
