"""How far a regression's predictions were from the truth."""

from __future__ import annotations

from dataclasses import dataclass

from miops_collector.summary._additive import Additive, FloatArray, summed

__all__ = ["ErrorProfile", "Residuals"]


@dataclass(frozen=True, slots=True, eq=False)
class Residuals(Additive):
    """Errors ``e = prediction - truth`` of labelled rows of a regression.

    ``sums`` is ``(9,)``: weight, Σe, Σe², Σ|e|, weight of rows with truth ≠ 0, Σ|e / truth| over them,
    Σ(truth - center), Σ(truth - center)², Σe⁴.
    """

    center: float
    sums: FloatArray = summed()


@dataclass(frozen=True, eq=False)  # no slots: sums that several statistics need are taken once
class ErrorProfile(Additive):
    """Errors of a regression by what was predicted.

    Attributes
    ----------
    rows
        ``(b + 2,)`` all rows by bin of the prediction: below, every bin, above.
    labelled
        ``(b + 2, 4)`` over labelled rows: weight, Σ|e|, Σe², Σe⁴ with ``e = prediction - truth``.
    """

    rows: FloatArray = summed()
    labelled: FloatArray = summed()
