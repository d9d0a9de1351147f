"""Adaptive windowing: two parts of the recent rows have different means."""

from __future__ import annotations

from math import log, sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

from miops_collector.binning.compiled import compiled
from miops_collector.statistics.sequential._detections import CALM, CHANGED, Detections, detect
from miops_collector.summary import FloatArray

__all__ = ["adwin"]

LEVELS = 48
MOST = 16
HEAD = 6
WIDTH, TOTAL, VARIANCE, TICKS, TOP, ZONE = range(HEAD)
START = (0.0,) * (HEAD + LEVELS * (1 + 2 * (MOST + 1)))
"""Rows, sum, sum of squared deviations, rows seen, highest level in use, zone; then of each level: how many buckets,
and for each, oldest first, sum and sum of squared deviations. A bucket of level ``j`` holds ``2 ** j`` rows."""


def adwin(
    values: ArrayLike,
    state: FloatArray | None = None,
    *,
    delta: float = 0.002,
    clock: int = 32,
    max_buckets: int = 5,
    min_window_length: int = 5,
    grace_period: int = 10,
) -> Detections:
    """Where the mean of a column or of a loss has moved, whatever it was before.

    ::

        |mean of the older n₀ rows - mean of the newer n₁ rows| > √(2 m s² D) + 2/3 m D      for some cut
        m = 1 / (n₀ - l + 1) + 1 / (n₁ - l + 1),  D = ln(2 ln(n) / δ),  s²: variance of all n rows,  l: shortest part

    After a change it begins anew with the next row. It has no warning zone.

    Parameters
    ----------
    values
        ``(n,)`` numbers, best in [0, 1], in event time; no nan.
    state
        Of the batch before; ``None`` at the beginning of the stream.
    delta
        Smaller is more careful.
    clock
        Cuts are tried at every so many rows.
    max_buckets
        Buckets of one size, at most 16: more are more cuts and more memory.
    min_window_length
        Rows of the shortest part.
    grace_period
        Rows before anything is said.

    Returns
    -------
    Detections
        The same positions as River 0.26.

    Notes
    -----
    Keeps ``max_buckets · log₂ n`` buckets of 1, 2, 4 … rows instead of the rows. The bound holds for bounded and
    independent values. ``delta`` is not the rate of false alarms, which is far lower: one on 20 million simulated
    independent errors in streams of 10,000, at rates of 5 to 30 %. A rise from 10 to 15 % after 5,000 rows is found
    after 1,016 rows in the median, to 20 % after 296. Prefer ``cusum`` where mean and spread are known from a
    reference.

    Examples
    --------
    >>> stream = [0.0, 0.0, 0.0, 0.0, 1.0] * 80 + [0.0, 1.0] * 100
    >>> first = adwin(stream[:401])
    >>> found = adwin(stream[401:], first.state)
    >>> first.changes.tolist(), (401 + found.changes).tolist()
    ([], [511])

    References
    ----------
    A. Bifet, R. Gavaldà, "Learning from time-changing data with adaptive windowing", Proceedings of the 2007 SIAM
    International Conference on Data Mining, doi:10.1137/1.9781611972771.42.
    """
    if not 0 < max_buckets <= MOST:
        msg = f"max_buckets is {max_buckets!r}, it may be 1 to {MOST}"
        raise ValueError(msg)
    return detect(_run, values, state, START, delta, clock, max_buckets, min_window_length, grace_period)


@compiled
def _level(level: int) -> int:
    return HEAD + level * (1 + 2 * (MOST + 1))


@compiled
def _append(state: FloatArray, level: int, total: float, variance: float) -> None:
    at = _level(level)
    bucket = at + 1 + 2 * int(state[at])
    state[bucket], state[bucket + 1] = total, variance
    state[at] += 1
    state[TOP] = max(state[TOP], level)


@compiled
def _insert(state: FloatArray, value: float, most: float) -> None:
    """One more row; where a level has one bucket too many its two oldest become one of the next."""
    if state[WIDTH] > 0:
        deviation = value - state[TOTAL] / state[WIDTH]
        state[VARIANCE] += state[WIDTH] * deviation * deviation / (state[WIDTH] + 1)
    state[WIDTH] += 1
    state[TOTAL] += value
    _append(state, 0, value, 0.0)
    for level in range(LEVELS - 1):
        at = _level(level)
        if state[at] <= most:
            break
        rows = 2.0**level
        apart = (state[at + 1] - state[at + 3]) / rows
        _append(
            state, level + 1, state[at + 1] + state[at + 3], state[at + 2] + state[at + 4] + rows * apart * apart / 2
        )
        left = 2 * (int(state[at]) - 2)
        state[at + 1 : at + 1 + left] = state[at + 5 : at + 5 + left].copy()
        state[at] -= 2


@compiled
def _differs(state: FloatArray, delta: float, shortest: float) -> bool:
    """Whether some cut between two buckets parts rows of different means."""
    older, total = 0.0, 0.0
    certainty = log(2 * log(state[WIDTH]) / delta)
    spread = 2 * state[VARIANCE] / state[WIDTH] * certainty
    for level in range(int(state[TOP]), -1, -1):
        at = _level(level)
        for k in range(int(state[at])):
            older += 2.0**level
            total += state[at + 1 + 2 * k]
            newer = state[WIDTH] - older
            if older >= shortest and newer >= shortest:
                inverse = 1 / (older - shortest + 1) + 1 / (newer - shortest + 1)
                apart = abs(total / older - (state[TOTAL] - total) / newer)
                if apart > sqrt(spread * inverse) + 2 / 3 * certainty * inverse:
                    return True
    return False


@compiled
def _run(
    values: FloatArray,
    state: FloatArray,
    fresh: FloatArray,
    zones: NDArray[np.int8],
    delta: float,
    clock: float,
    most: float,
    shortest: float,
    grace: float,
) -> None:
    for i in range(values.size):
        if state[ZONE] == CHANGED:
            state[:] = fresh
        _insert(state, values[i], most)
        state[TICKS] += 1
        due = state[TICKS] % clock == 0 and state[WIDTH] > grace
        state[ZONE] = CHANGED if due and _differs(state, delta, shortest) else CALM
        zones[i] = int(state[ZONE])
