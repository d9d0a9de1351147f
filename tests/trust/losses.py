"""The alarm on real-valued losses, by simulation: bets against the reference's bound, as ``Labelled`` places them.

Hours of so many labels, a reference of 10,000, one false alarm a month of which all is for this alarm. Many months run
side by side, each with a reference of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.random import Generator
from scipy.signal import lfilter
from scipy.special import log_ndtr

from miops_collector.labelled import DOUBT, MONTH, RELATIVE_TOLERANCE, UNITS, _dispersion
from miops_collector.statistics.sequential.shiryaev_roberts import STAKES, bet_log_ratios, mean_bound
from miops_collector.window import parse_length

__all__ = ["losses"]

HOUR = parse_length("1h")
THRESHOLD = MONTH / HOUR
ROWS, REFERENCE, STREAMS = 200, 10_000, 60
CALM, BEFORE, HORIZON = 768, 168, 96
MEASURED = tuple(UNITS * 2**k for k in range(6))
"""Windows after which dispersion is measured: the history has doubled."""
JOINED = 24
SHIFTS = (1.1, 1.25, 1.5)
Hours = Iterator[np.ndarray]
Law = Callable[[Generator, int], Hours]


def losses() -> list[dict[str, Any]]:
    """One entry per law: false alarms, months, and median delays in windows with how often it was found."""
    return [_of_law(name, law, np.random.default_rng([5, i])) for i, (name, law) in enumerate(LAWS.items())]


def _of_law(name: str, law: Law, rng: Generator) -> dict[str, Any]:
    alarms = _alarms(law, rng, CALM, 1.0, CALM)
    entry: dict[str, Any] = {"law": name, "alarms": _raised(alarms), "months": STREAMS * CALM * HOUR / MONTH}
    for shift in SHIFTS:
        after = _alarms(law, rng, BEFORE + HORIZON, shift, BEFORE)[BEFORE:]
        delay = np.where(after.any(axis=0), after.argmax(axis=0) + 1.0, np.inf)
        median = float(np.median(delay))
        found = float(np.isfinite(delay).mean())
        entry[f"x{shift:g}"] = {"delay": median if np.isfinite(median) else None, "found": found}
    return entry


def _raised(alarms: np.ndarray) -> int:
    """Those after a quiet day: before, it is the same alarm."""
    quiet = np.stack([~alarms[max(i - JOINED, 0) : i].any(axis=0) for i in range(len(alarms))])
    return int((alarms & quiet).sum())


def _alarms(law: Law, rng: Generator, hours: int, shift: float, onset: int) -> np.ndarray:
    """``(hours, streams)`` where each alarms; dispersion is measured after as many windows as the collector waits."""
    drawn = law(rng, STREAMS)
    mean, deviation = _reference(drawn)
    bound = np.array([_bound(*r) for r in zip(mean, deviation, strict=True)])
    dispersion, values = np.ones(STREAMS), np.full((STREAMS, len(STAKES)), -np.inf)
    fired, seen = np.zeros((hours, STREAMS), bool), []
    for i in range(hours):
        x = next(drawn) * (shift if i >= onset else 1.0)
        seen.append(x.mean(axis=1))
        sums: Any = x.sum(axis=1)[:, None], (x**2).sum(axis=1)[:, None], ROWS, bound[:, None]
        values = np.logaddexp(0.0, values) + bet_log_ratios(*sums) / dispersion[:, None]
        evidence = np.logaddexp.reduce(values, axis=1) - np.log(len(STAKES))
        fired[i] = evidence >= np.log(THRESHOLD)
        values[fired[i]] = -np.inf
        if i + 1 in MEASURED:
            dispersion = _measured(np.array(seen), deviation)
    return fired


def _reference(drawn: Hours) -> tuple[np.ndarray, np.ndarray]:
    hours = [next(drawn) for _ in range(REFERENCE // ROWS)]
    rows = np.concatenate(hours, axis=1)
    return rows.mean(axis=1), rows.std(axis=1)


def _bound(mean: float, deviation: float) -> float:
    return mean_bound(mean, deviation, REFERENCE, doubt=DOUBT, tolerance=RELATIVE_TOLERANCE)


def _measured(means: np.ndarray, deviation: np.ndarray) -> np.ndarray:
    ends, rows = np.arange(1, len(means) + 1), np.full(len(means), float(ROWS))
    standard = (means - means.mean(axis=0)) / deviation
    return np.array([_dispersion(ends, column, rows, 1) for column in standard.T])


# --- laws ------------------------------------------------------------------------------------------------------------


def _each(make: Callable[[Generator, tuple[int, int]], np.ndarray]) -> Law:
    def law(rng: Generator, streams: int) -> Hours:
        while True:
            yield make(rng, (streams, ROWS))

    return law


def _heavy(rng: Generator, shape: tuple[int, int]) -> np.ndarray:
    return np.minimum(rng.lognormal(sigma=1.5, size=shape), 20.0)


def _autoregressive(rng: Generator, streams: int) -> Hours:
    """Exponential losses; each is like the one before."""
    state = 0.5 * rng.normal(size=(streams, 1))
    while True:
        noise = rng.normal(size=(streams, ROWS)) * np.sqrt(0.75)
        values, state = lfilter([1.0], [1.0, -0.5], noise, axis=1, zi=state)
        yield -log_ndtr(-values)


def _wandering(rng: Generator, streams: int) -> Hours:
    """Exponential losses whose mean is like that of the hour before and moves by 5 %."""
    level = rng.normal(size=(streams, 1))
    while True:
        yield rng.exponential(size=(streams, ROWS)) * (1.0 + 0.05 * level)
        level = 0.9 * level + np.sqrt(1.0 - 0.9**2) * rng.normal(size=level.shape)


LAWS: Mapping[str, Law] = {
    "Beta(2, 8)": _each(lambda rng, shape: rng.beta(2.0, 8.0, size=shape)),
    "lognormal (σ = 1.5), at most 20": _each(_heavy),
    "exponential, neighbours correlate by 0.5": _autoregressive,
    "exponential, mean of the hour wanders by 5 %": _wandering,
}
