"""Whether a share of rows (missing, out of range, of one category) differs from the reference's by enough."""

from __future__ import annotations

import numpy as np
from scipy.special import betainc, gammaln, ndtri_exp, rel_entr

from miops_collector.statistics.scan.tails import log_two_sided
from miops_collector.summary import FloatArray

__all__ = ["log_exact_excess", "log_tolerant_difference", "newcombe", "root_likelihood_ratio"]

Z_95 = 1.959963984540054
SMALLEST = 1e-300


def root_likelihood_ratio(x: FloatArray, n: FloatArray, y: FloatArray, m: FloatArray) -> FloatArray:
    """``sqrt(G)`` of the table ``x`` of ``n`` against ``y`` of ``m``: nearly standard normal in size.

    The likelihood ratio keeps its level far into the tail and at small shares, where the difference of shares divided
    by its standard error does not.
    """
    pooled = (x + y) / (n + m)
    hits = rel_entr(x, n * pooled) + rel_entr(y, m * pooled)
    misses = rel_entr(n - x, n * (1.0 - pooled)) + rel_entr(m - y, m * (1.0 - pooled))
    return np.asarray(np.sqrt(np.maximum(2.0 * (hits + misses), 0.0)))


def log_tolerant_difference(
    x: FloatArray, n: FloatArray, y: FloatArray, m: FloatArray, *, tolerance: float,
    allowance: FloatArray | float = 0.0, dispersion: FloatArray | float = 1.0, freedom: FloatArray | float = np.inf,
) -> FloatArray:  # fmt: skip
    """Log p-value of "the shares differ by more than ``tolerance``"; 0 where they do not.

    ``x`` is first moved towards the reference's share by ``allowance`` rows (only when above it), by the tolerance
    and by half a row; if that crosses the reference's share there is nothing to report.

    Parameters
    ----------
    x, n
        Rows of the kind in question, and all rows, of the window. ``n`` and ``m`` are positive.
    y, m
        The same of the reference.
    tolerance
        Share of rows.
    allowance
        Rows that are expected to be above the reference's share anyway.
    dispersion, freedom
        How much more the share varies from window to window than that of independent rows, and the degrees of freedom
        that was estimated with.
    """
    difference = x / n - y / m
    side = np.sign(difference)
    moved = np.clip(x - side * (tolerance * n + 0.5) - np.where(side > 0, allowance, 0.0), 0.0, n)
    beyond = side * (moved / n - y / m) > 0.0
    return np.where(beyond, log_two_sided(root_likelihood_ratio(moved, n, y, m) / np.sqrt(dispersion), freedom), 0.0)


def log_exact_excess(
    x: FloatArray, n: FloatArray, y: FloatArray, m: FloatArray, *, tolerance: float,
    dispersion: FloatArray | float = 1.0, freedom: FloatArray | float = np.inf,
) -> FloatArray:  # fmt: skip
    r"""Log p-value of "the window's share is larger by more than ``tolerance``", for rows of a kind that is rare.

    .. math:: p = 2 \, P(B \ge x), \qquad B \sim \mathrm{Binomial}(x + y, n / (n + m))

    Given how many such rows there are in all, each lies in the window with probability ``n / (n + m)`` if nothing has
    changed: exact however few they are, where likelihood ratios are not. Where the reference has none at all that test
    is several times too cautious, because it does not count that none came: there the smaller counts of it and of the
    chance that none come and then ``x`` do, at the share of such rows for which it is largest,

    .. math:: \max_q (1 - q)^m \binom{n}{x} q^x \quad\text{at } q = x / (m + x)

    The level holds with both together (the sum over all tables is tested). The tolerance is first taken off ``x``.
    Parameters are those of :func:`log_tolerant_difference`.

    Examples
    --------
    Three and four of 200 rows, none of 10,000:

    >>> rows, none, reference = (np.array([v, v]) for v in (200.0, 0.0, 10_000.0))
    >>> np.exp(log_exact_excess(np.array([3.0, 4.0]), rows, none, reference, tolerance=0.0)).round(9).tolist()
    [1.765e-06, 3e-08]

    References
    ----------
    R. D. Boschloo, "Raised conditional level of significance for the 2 × 2-table when testing the equality of two
    probabilities", Statistica Neerlandica, 1970, doi:10.1111/j.1467-9574.1970.tb00104.x: why not to condition.
    """
    excess = np.maximum(x - tolerance * n, 0.0)
    beyond = excess * m > y * n
    safe = np.where(beyond, excess, 1.0)
    log_p = np.log(np.maximum(2.0 * betainc(safe, y + 1.0, n / (n + m)), SMALLEST))
    log_p = np.where(y > 0.0, log_p, np.minimum(log_p, _log_none_before(safe, n, m)))
    z = -ndtri_exp(np.minimum(log_p, 0.0) - np.log(2.0)) / np.sqrt(dispersion)
    return np.where(beyond, log_two_sided(np.maximum(z, 0.0), freedom), 0.0)


def _log_none_before(x: FloatArray, n: FloatArray, m: FloatArray) -> FloatArray:
    """Log of the largest chance of none among ``m`` rows and then ``x`` or more among ``n`` (an upper bound of it)."""
    ways = gammaln(n + 1.0) - gammaln(x + 1.0) - gammaln(np.maximum(n - x, 0.0) + 1.0)
    return np.asarray(ways + x * np.log(x / (m + x)) - m * np.log1p(x / m))


def newcombe(x: FloatArray, n: FloatArray, y: FloatArray, m: FloatArray) -> tuple[FloatArray, FloatArray]:
    """95 % interval of the difference of two shares, from the two Wilson intervals.

    References
    ----------
    R. G. Newcombe, "Interval estimation for the difference between independent proportions: comparison of eleven
    methods", Statistics in Medicine, 1998.
    """
    p, p_low, p_high = _wilson(x, n)
    q, q_low, q_high = _wilson(y, m)
    low = p - q - np.sqrt((p - p_low) ** 2 + (q_high - q) ** 2)
    high = p - q + np.sqrt((p_high - p) ** 2 + (q - q_low) ** 2)
    return low, high


def _wilson(x: FloatArray, n: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    share, weight = x / n, Z_95 * Z_95 / n
    center = (share + weight / 2.0) / (1.0 + weight)
    half = np.sqrt(np.maximum(share * (1.0 - share), 0.0) * weight + weight * weight / 4.0) / (1.0 + weight)
    return share, center - half, center + half
