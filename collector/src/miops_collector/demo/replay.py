"""Sends the plan: predictions to the model server as HTTP requests, and truth to the collector when it arrives."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeAlias

import numpy as np

from miops.semconv import PREDICTION_ID, PREDICTION_TIME
from miops_collector.client import Client
from miops_collector.demo.plan import Call, Plan
from miops_collector.window import NANOS

__all__ = ["Progress", "Tell", "replay"]

CALLS_AT_ONCE = 4
CALLS_PER_STEP = 40
TRUTHS_PER_POST = 2000
DAY = 86_400 * NANOS


@dataclass(slots=True)
class Progress:
    """What has been sent so far."""

    rows: int = 0
    calls: int = 0
    truths: int = 0
    time: int = 0


Tell: TypeAlias = Callable[[Progress], None]
"""Is told of the progress after every few calls."""


def replay(plan: Plan, *, server: Client, collector: Client, days_per_second: float, tell: Tell) -> Progress:
    """Send everything in order of event time, the truth that has arrived by then after every few calls.

    ``days_per_second`` is the pace in event time; 0 is as fast as it goes.
    """
    progress = Progress(time=plan.calls[0].time)
    started, first = time.monotonic(), plan.calls[0].time
    truths = _Waiting(plan)
    with ThreadPoolExecutor(CALLS_AT_ONCE) as pool:
        for step in range(0, len(plan.calls), CALLS_PER_STEP):
            calls = plan.calls[step : step + CALLS_PER_STEP]
            list(pool.map(lambda call: _predict(server, plan, call), calls))
            progress.calls += len(calls)
            progress.rows += sum(call.stop - call.start for call in calls)
            progress.time = calls[-1].time
            progress.truths += _post_truths(collector, truths.up_to(progress.time))
            tell(progress)
            if days_per_second > 0:
                due = started + (progress.time - first) / DAY / days_per_second
                time.sleep(max(due - time.monotonic(), 0))
        progress.truths += _post_truths(collector, truths.up_to(2**62))
    tell(progress)
    return progress


def _predict(server: Client, plan: Plan, call: Call) -> None:
    """The caller names the prediction and its time in OTel baggage; the model server does not know."""
    rows = plan.rows.iloc[call.start : call.stop].to_dict("records")
    server.post("/predict", rows, {"baggage": f"{PREDICTION_ID}={call.id},{PREDICTION_TIME}={call.time}"})


class _Waiting:
    """Truth that has not arrived yet."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._next = 0

    def up_to(self, moment: int) -> Iterator[list[dict[str, object]]]:
        """Truth that arrives before this moment, in posts of bounded size."""
        truths = self._plan.truths
        stop = int(np.searchsorted(truths.arrival, moment))
        while self._next < stop:
            begin, self._next = self._next, min(self._next + TRUTHS_PER_POST, stop)
            yield [self._item(i) for i in range(begin, self._next)]

    def _item(self, i: int) -> dict[str, object]:
        plan = self._plan
        row = plan.truths.rows[i]
        return {
            "prediction_id": str(plan.ids[row]),
            "value": int(plan.truth[row]),
            "time": _iso(int(plan.truths.arrival[i])),
            "prediction_time": _iso(int(plan.times[row])),
        }


def _post_truths(collector: Client, posts: Iterator[list[dict[str, object]]]) -> int:
    sent = 0
    for post in posts:
        collector.post("/api/v1/ground-truth", post)
        sent += len(post)
    return sent


def _iso(nanos: int) -> str:
    return datetime.fromtimestamp(nanos / NANOS, UTC).isoformat()
