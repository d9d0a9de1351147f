"""How much more the rank scores of a column vary than those of independent rows would."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from miops_collector.summary import FloatArray

__all__ = ["Dispersion"]


@dataclass(frozen=True, slots=True, eq=False)
class Dispersion:
    """Variance factors of the location and spread scores, for columns in the order of ``Scan.columns``.

    1 means rows are independent. A factor above 1 says that rows of one window resemble one another (autocorrelation,
    daily seasons): ``n`` rows are worth ``n / factor``. Estimated from history at each look-back; categorical columns
    ignore theirs.

    Attributes
    ----------
    factors
        ``(look_backs, columns, 2)``, at least 1.
    reference
        ``(columns, 2)`` of the reference itself: the factor at the longest look-back.
    freedom
        ``(look_backs, columns, 2)`` degrees of freedom of the estimate; infinite when the factor is known.
    """

    factors: FloatArray
    reference: FloatArray
    freedom: FloatArray

    @classmethod
    def none(cls, look_backs: int, columns: int) -> Dispersion:
        """Rows are independent."""
        ones = np.ones((look_backs, columns, 2))
        return cls(ones, np.ones((columns, 2)), np.full_like(ones, np.inf))

    def of(self, columns: np.ndarray[tuple[int], np.dtype[np.intp]]) -> Dispersion:
        """Those of some columns."""
        return Dispersion(self.factors[:, columns], self.reference[columns], self.freedom[:, columns])
