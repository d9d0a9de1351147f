"""False alarms and delays of the alarm on truth: ``python -m tests.benchmarks.label_alarms``.

Bernoulli errors in hourly windows, the reference's error known from so many rows, one false alarm a month of which all
is for this alarm. Many months run side by side; each has a reference of its own.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import numpy as np
from scipy.special import betaincinv

from miops_collector.labelled import TOLERANCE
from miops_collector.statistics.sequential.shiryaev_roberts import STEPS
from tests.benchmarks.alarm_simulation import interval

__all__ = ["followed"]

MONTH = 720


def bounds(rng: np.random.Generator, error: float, reference: int, streams: int, tolerance: float) -> np.ndarray:
    """What :func:`error_bound` says of references that are drawn anew."""
    wrong = rng.binomial(reference, error, streams)
    upper = betaincinv(wrong + 1.0, reference - wrong, 0.9)
    return np.maximum(upper, wrong / reference + tolerance)


def followed(
    rng: np.random.Generator, rates: np.ndarray, bound: np.ndarray, rows: int, threshold: float = MONTH
) -> np.ndarray:
    """``(windows, streams)`` where each of the streams alarms; ``rates`` is ``(windows, streams)``."""
    worse = np.minimum(bound[:, None] + np.array(STEPS), 0.95)
    gain, loss = np.log(worse / bound[:, None]), np.log((1 - worse) / (1 - bound[:, None]))
    values = np.zeros_like(worse)
    fired = np.zeros(rates.shape, bool)
    for i, rate in enumerate(rates):
        errors = rng.binomial(rows, rate)[:, None]
        values = (1.0 + values) * np.exp(errors * gain + (rows - errors) * loss)
        fired[i] = values.mean(axis=1) >= threshold
        values[fired[i]] = 0.0
    return fired


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--streams", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args(arguments)
    rng = np.random.default_rng(given.seed)
    print("error, labels an hour, reference rows: false alarms per month without and with the default tolerance;")
    print("labels to the alarm with it at +2, +5, +10 points (found within 60 days)")
    for error in (0.05, 0.1, 0.2, 0.3):
        for rows, reference in ((17, 5000), (200, 5000), (1000, 5000), (200, 1000)):
            told = []
            for tolerance in (0.0, TOLERANCE):
                bound = bounds(rng, error, reference, given.streams, tolerance)
                fired = followed(rng, np.full((MONTH, given.streams), error), bound, rows)
                told.append(interval(int(fired.sum()), given.streams * 1000))
            for shift in (0.02, 0.05, 0.1):
                bound = bounds(rng, error, reference, given.streams // 4, TOLERANCE)
                fired = followed(rng, np.full((2 * MONTH, given.streams // 4), error + shift), bound, rows)
                delay = np.where(fired.any(axis=0), (fired.argmax(axis=0) + 1.0) * rows, np.inf)
                told.append(f"{np.median(delay):7.0f} ({np.isfinite(delay).mean():4.0%})")
            print(f"{error:4.0%} {rows:5} {reference:5}  " + "  ".join(told), flush=True)


if __name__ == "__main__":
    main()
