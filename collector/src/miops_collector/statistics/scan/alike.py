"""What the columns of a model say about one another's dependence: where none shows any, each is believed sooner."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtri

from miops_collector.statistics.scan.dispersion import LOCATION, SPREAD
from miops_collector.summary import FloatArray

__all__ = ["moderated"]

SCORES: Final = (LOCATION, SPREAD)
CHANCE: Final = 0.01
"""A factor that independent rows exceed more seldom than this is a column's own."""
MOST: Final = 0.75
"""Part of the columns that must look independent before any of them is believed because of the others."""


def moderated(
    factors: FloatArray, freedom: FloatArray, means: FloatArray, unit: NDArray[np.bool_]
) -> tuple[FloatArray, FloatArray]:
    r"""Variance factors and their degrees of freedom, with what the other columns show put in.

    Long look-backs are few: seven days in a week, so that a factor of a single column has 10 degrees of freedom and
    Student's t then demands twice the effect. But a model has many columns. Where at least three quarters of them are
    as independent rows would be at every look-back, those columns are taken to be alike:

    .. math:: \tilde φ_c = \frac{ν φ_c + ν_0 \bar φ}{ν + ν_0}, \qquad ν_0 = ν (k_e - 1)

    with :math:`\bar φ` the mean over them and ``k_e`` how many independent columns they are worth,
    :math:`k^2 / \sum r_{ij}^2` by the correlations of their windows. All others keep their own factor and freedom.

    Fails
        for a column that alone depends on the past so weakly that a week does not show it; its shifts are then of
        the size of the minimum effect, or it would have shown.

    Parameters
    ----------
    factors, freedom
        ``(look_backs, columns, tracked)``, not yet floored at 1.
    means
        ``(windows, columns, tracked)``.
    unit
        ``(columns, tracked)`` where the variance of one row is 1: rank scores.

    References
    ----------
    G. K. Smyth, "Linear models and empirical Bayes methods for assessing differential expression in microarray
    experiments", Statistical Applications in Genetics and Molecular Biology, 2004, doi:10.2202/1544-6115.1027.
    """
    scored = np.flatnonzero(unit[:, LOCATION])
    usual = factors <= chdtri(freedom, CHANCE) / freedom
    alike = scored[usual[:, scored][..., SCORES].all(axis=(0, 2))]
    if len(alike) < 2 or len(alike) < MOST * len(scored):
        return factors, freedom
    factors, freedom = factors.copy(), freedom.copy()
    for place in SCORES:
        own, own_freedom = factors[:, alike, place], freedom[:, alike, place]
        prior_freedom = own_freedom * (_worth(means[:, alike, place]) - 1.0)
        together = own.mean(axis=1, keepdims=True)
        freedom[:, alike, place] = own_freedom + prior_freedom
        factors[:, alike, place] = (own_freedom * own + prior_freedom * together) / freedom[:, alike, place]
    return factors, freedom


def _worth(means: FloatArray) -> float:
    """How many independent columns they are worth; chance alone makes squared correlations of one in a window."""
    windows, columns = means.shape
    deviation = means - means.mean(axis=0)
    scale = np.sqrt((deviation**2).sum(axis=0))
    standard = deviation / np.where(scale > 0.0, scale, 1.0)
    squares = np.maximum((standard.T @ standard) ** 2 - 1.0 / windows, 0.0)
    np.fill_diagonal(squares, 1.0)
    return float(columns * columns / squares.sum())
