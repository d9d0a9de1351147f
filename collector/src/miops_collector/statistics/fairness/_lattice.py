"""Which groups differ from the rest, over all groups of all axes at once: single features and their intersections."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.special import ndtr, rel_entr

from miops_collector.statistics._once import once
from miops_collector.statistics._ratio import ratio
from miops_collector.statistics._statistic import Statistic
from miops_collector.statistics.fairness._by_group import shares, support
from miops_collector.summary import FloatArray

__all__ = ["adjusted", "p_values"]


def p_values(statistic: Statistic, axes: Sequence[Any], minimum_rows: float) -> list[FloatArray]:
    """Of "this group is like the other groups of its axis", adjusted for the number of groups looked at.

    For a share the likelihood ratio of the group against all others together, else the difference to their mean in
    standard errors; then Benjamini and Hochberg over the whole lattice, so that of the groups with a p-value of at
    most ``q`` a share of about ``q`` or less is like the others. Groups share rows with the groups they intersect, so
    their p-values depend positively on each other, which the procedure allows.

    Parameters
    ----------
    axes
        Summaries of every axis, of the kind the statistic takes.
    minimum_rows
        Groups with fewer rows in the denominator are not looked at.

    Returns
    -------
    list of FloatArray
        ``(g,)`` for each axis, ``nan`` for groups that are not looked at or alone.

    References
    ----------
    Y. Benjamini, D. Yekutieli, "The control of the false discovery rate in multiple testing under dependency", Annals
    of Statistics 29(4), 2001, doi:10.1214/aos/1013699998.
    """
    found = [_against_rest(statistic, groups, minimum_rows) for groups in axes]
    ends = np.cumsum([len(p) for p in found])[:-1]
    return np.split(adjusted(np.concatenate(found)), ends) if found else []


def adjusted(p: FloatArray) -> FloatArray:
    """Smallest level at which each would be rejected by Benjamini and Hochberg; ``nan`` stays ``nan``.

    Examples
    --------
    >>> adjusted(np.array([0.01, np.nan, 0.04, 0.03])).round(3).tolist()
    [0.03, nan, 0.04, 0.04]
    """
    there = np.flatnonzero(~np.isnan(p))
    order = there[np.argsort(p[there], kind="stable")]
    scaled = p[order] * len(order) / np.arange(1, len(order) + 1)
    result = np.full(len(p), np.nan)
    result[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return result


def _against_rest(statistic: Statistic, groups: Any, minimum_rows: float) -> FloatArray:
    rows = support(statistic, groups)
    counted = shares(statistic, groups)
    z = _of_means(statistic, groups, rows) if counted is None else _of_shares(*counted)
    others = rows.sum() - rows
    return np.where((rows >= minimum_rows) & (others >= minimum_rows), 2 * ndtr(-np.abs(z)), np.nan)


def _of_shares(hits: FloatArray, rows: FloatArray) -> FloatArray:
    """Root of the likelihood ratio: nearly standard normal in size, also where hits are few."""
    others, every = hits.sum() - hits, rows.sum() - rows
    pooled = ratio(hits + others, rows + every)
    some = rel_entr(hits, rows * pooled) + rel_entr(others, every * pooled)
    none = rel_entr(rows - hits, rows * (1 - pooled)) + rel_entr(every - others, every * (1 - pooled))
    return np.asarray(np.sqrt(np.maximum(2 * (some + none), 0.0)))


def _of_means(statistic: Statistic, groups: Any, rows: FloatArray) -> FloatArray:
    assert statistic.standard_error is not None, statistic.metric
    values, errors = once(statistic.function, groups), once(statistic.standard_error, groups)
    known = ~np.isnan(values) & ~np.isnan(errors)
    weight, total, spread = (np.where(known, part, 0.0) for part in (rows, rows * values, (rows * errors) ** 2))
    others = weight.sum() - weight
    mean = ratio(total.sum() - total, others)
    error = np.sqrt(np.maximum(ratio(spread.sum() - spread, others**2), 0.0) + errors**2)
    return np.where(known, ratio(values - mean, error), np.nan)
