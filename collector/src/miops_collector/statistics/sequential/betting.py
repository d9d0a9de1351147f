"""Bets on the next number: where the mean has left what it was, and what the mean may be, however often one looks."""

from __future__ import annotations

from math import inf, isfinite, log, nan
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from miops_collector.binning.compiled import compiled
from miops_collector.statistics.sequential._detections import CALM, CHANGED, Detections, detect
from miops_collector.summary import FloatArray

__all__ = ["MeanInterval", "betting", "mean_interval"]

CAUTION = 0.5
"""Share of its capital that a bet may lose at most, so that no single number ruins it."""
START = (0.0, 0.0, 0.0, 0.0, 0.0, CALM)
"""Numbers seen, their mean, their squared deviations, log capital of bets on more and of bets on less, zone."""
BISECTIONS = 50


class MeanInterval(NamedTuple):
    """The mean of all numbers so far and a confidence sequence of it; ``high`` is infinite without a bound."""

    mean: float
    low: float
    high: float


def betting(
    values: ArrayLike,
    state: FloatArray | None = None,
    *,
    mean: float,
    most: float = inf,
    doubt: float = 0.05,
) -> Detections:
    r"""Where the mean of numbers from 0 to ``most`` is no longer what it was in the reference.

    .. math:: K_t = K_{t-1} (1 ± λ_t (x_t - mean)), \quad
        λ_t = \sqrt{\frac{2 \ln (2 / doubt)}{\hat σ_{t-1}^2 \, t \ln (t + 1)}}
        \text{ as far as a bet loses no more than half}

    Two players begin with 1, and bet before each number that it is more, and that it is less, by what they have seen
    until then. A change is where either has ``2 / doubt``; both begin anew with the next number.

    Parameters
    ----------
    values
        ``(n,)`` in event time, none below 0 nor above ``most``; no nan. Losses, errors, waiting times.
    state
        Of the batch before; ``None`` at the beginning of the stream.
    mean
        What is usual, in ``(0, most)``.
    most
        The largest number there can be: 1 for errors. Without one only rises are found: of the mean of numbers that
        may be arbitrarily large nothing can be said from above.
    doubt
        Chance of a false alarm, ever, if every number's expectation, given those before, is ``mean``.

    Returns
    -------
    Detections
        Positions of changes; it has no warning zone.

    Notes
    -----
    No law, variance or independence is assumed. In turn a mean that was known from a few rows of a reference is not
    usual enough: over long it proves that the reference had an error. It is about the mean of a whole stream: errors
    that are 15 % instead of 10 % from the first row on are found after a median of 670 rows, 20 % after 150, but after
    2,000 usual rows only 4,300 and 1,900 later (simulated), for the capital was bet on those. For changes the default
    alarm on truth is sooner: it bets as this does, begins anew with every window, and allows for the reference's error.

    Examples
    --------
    >>> betting([0.0, 1.0] * 60, mean=0.25, most=1.0).changes.tolist()
    [33, 67, 101]

    References
    ----------
    I. Waudby-Smith, A. Ramdas, "Estimating means of bounded random variables by betting", Journal of the Royal
    Statistical Society B 86(1), 2024, doi:10.1093/jrsssb/qkad009: the hedged capital process.
    """
    return detect(_run, values, state, START, mean, most, _prior(most), log(2.0 / doubt))


@compiled
def _run(
    values: FloatArray,
    state: FloatArray,
    fresh: FloatArray,
    zones: NDArray[np.int8],
    mean: float,
    most: float,
    prior: float,
    enough: float,
) -> None:
    for i in range(values.size):
        if state[5] == CHANGED:
            state[:] = fresh
        x = values[i]
        t = state[0] + 1.0
        bet = 0.0
        if prior + state[2] > 0.0:
            bet = np.sqrt(2.0 * enough / ((prior + state[2]) * np.log(t + 1.0)))
        state[3] += np.log1p(min(bet, CAUTION / mean) * (x - mean))
        state[4] += np.log1p(-min(bet, CAUTION / (most - mean)) * (x - mean))
        state[0] += 1.0
        before = x - state[1]
        state[1] += before / state[0]
        state[2] += before * (x - state[1])
        state[5] = CHANGED if max(state[3], state[4]) >= enough else CALM
        zones[i] = int(state[5])


def mean_interval(values: ArrayLike, *, most: float = inf, doubt: float = 0.05) -> MeanInterval:
    """What the mean of a stream may be after all these numbers: every mean against which nobody has become rich.

    The intervals after each row all hold together with a chance of ``1 - doubt``: one may look whenever one likes, and
    stop when one likes what one sees.

    Parameters
    ----------
    values
        ``(n,)`` in the order they came, none below 0 nor above ``most``; no nan.
    most, doubt
        As for :func:`betting`.

    Examples
    --------
    >>> found = mean_interval([0.0, 0.0, 0.0, 1.0] * 100, most=1.0)
    >>> round(found.mean, 3), round(found.low, 3), round(found.high, 3)
    (0.25, 0.17, 0.325)

    References
    ----------
    As :func:`betting`; section 4.4 has the intervals.
    """
    numbers = np.ascontiguousarray(values, np.float64)
    if not numbers.size:
        return MeanInterval(nan, 0.0, most)
    enough = log(2.0 / doubt)
    bets, mean = _bets(numbers, _prior(most), enough), float(numbers.mean())
    low = _end(numbers, bets, mean, enough)
    high = most - _end(most - numbers, bets, most - mean, enough) if isfinite(most) else inf
    return MeanInterval(mean, low, high)


def _prior(most: float) -> float:
    """Squared deviation that is taken as seen beforehand: half the range; without a range there is none."""
    return most * most / 4.0 if isfinite(most) else 0.0


def _bets(numbers: FloatArray, prior: float, enough: float) -> FloatArray:
    """Stakes before each number, before caution; 0 while there is no idea of the scale."""
    t = np.arange(1.0, numbers.size + 1.0)
    centered = numbers - numbers[0]
    sums, squares = (np.concatenate(([0.0], np.cumsum(c)[:-1])) for c in (centered, centered * centered))
    spread = prior + np.maximum(squares - sums * sums / np.maximum(t - 1.0, 1.0), 0.0)
    known = spread > 0.0
    return np.where(known, np.sqrt(2.0 * enough / (np.where(known, spread, 1.0) * np.log(t + 1.0))), 0.0)


def _end(numbers: FloatArray, bets: FloatArray, mean: float, enough: float) -> float:
    """The smallest mean at which bets on more have not won: they win the less the larger it is."""
    low, high = 0.0, mean
    for _ in range(BISECTIONS):
        middle = (low + high) / 2.0
        if middle <= 0.0:
            return 0.0
        capital = float(np.log1p(np.minimum(bets, CAUTION / middle) * (numbers - middle)).sum())
        low, high = (middle, high) if capital >= enough else (low, middle)
    return low
