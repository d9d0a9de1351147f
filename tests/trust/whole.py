"""All default alarms at once on models in which nothing changes: drift, truth, estimates, quality and fairness.

A binary classifier with four numbers, a category and a sensitive group; its scores are calibrated, truth comes a day
late. Everything is computed as a collector computes it, with windows of an hour and a day.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
from numpy.random import Generator

from miops_collector import watched
from tests.trust.losses import losses
from tests.trust.recipe import recipe
from tests.trust.served import NEVER, Served

__all__ = ["STREAMS", "whole"]

ROWS, REFERENCE = 100, 10_000
DAY, WEEK, MONTH = 24, 168, 720
STREAMS: Mapping[str, float] = {"rows are independent": 0.0, "every number has a daily sine of 0.3 σ": 0.3}
"""Height of the season."""


def whole(seconds: float, first: int = 0) -> Iterator[list[dict[str, Any]]]:
    """What was raised by rule, day after day, as long as the seconds of CPU time suffice; streams by turns."""
    deadline = time.process_time() + seconds
    found: dict[str, dict[str, Any]] = {name: {"stream": name, "hours": 0, "raised": Counter()} for name in STREAMS}
    for run in count(first):
        name = list(STREAMS)[run % len(STREAMS)]
        for hours, raised in _one(np.random.default_rng([run, 31]), STREAMS[name]):
            found[name]["hours"] += hours
            found[name]["raised"].update(raised)
            yield list(found.values())
            if time.process_time() > deadline:
                return


def _one(rng: Generator, height: float) -> Iterator[tuple[int, list[str]]]:
    """Hours that count, none while it learns, and rules of the alarms that were raised: a week's and a month's days."""
    week = [_hour(rng, hour, height, REFERENCE // WEEK + 1) for hour in range(WEEK)]
    reference = {name: np.concatenate([hour[name] for hour in week])[:REFERENCE] for name in week[0]}
    served = Served(reference, windows=("1h", "1d"), late=True)
    for hour in range(0, WEEK + MONTH, DAY):
        before = set(served.raised)
        served.serve(hour, [_hour(rng, hour + i, height, ROWS) for i in range(DAY)])
        yield DAY if hour >= WEEK else 0, [rule for rule, *_ in served.raised - before]
    served.close()


def _hour(rng: Generator, hour: int, height: float, rows: int) -> dict[str, np.ndarray]:
    numbers = rng.normal(size=(4, rows))
    numbers += height * np.sin(2.0 * np.pi * (hour / DAY + np.arange(4)[:, None] / 7))
    score = 1.0 / (1.0 + np.exp(-1.5 * numbers[0] - 0.7 * numbers[1]))
    columns = {f"feature.x{i}": values for i, values in enumerate(numbers)}
    columns["feature.kind"] = np.array([f"kind {k}" for k in range(6)])[rng.integers(6, size=rows)]
    columns["context.group"] = np.array(["f", "m"])[rng.integers(2, size=rows)]
    truth = (rng.random(rows) < score).astype(np.float64)
    return {**columns, "score": score, "value_number": (score > 0.5).astype(np.float64), "truth_number": truth}


if __name__ == "__main__":
    watched.SAVE_SECONDS = NEVER
    out, part, given = Path(sys.argv[1]), sys.argv[2], float(sys.argv[3])
    made: dict[str, Any] = {"whole": lambda: whole(given, 7 * int(part[5:] or 0)), "losses": lambda: [losses()]}
    for entries in {**made, "recipe": lambda: [recipe()]}["whole" if part.startswith("whole") else part]():
        out.write_text(json.dumps(entries))
