"""Which request carries which rows at which event time, which rows are spoilt, and when their truth arrives."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from miops_collector.demo.survey import FEATURES, TRUTH
from miops_collector.window import NANOS

__all__ = ["FAULT", "Call", "Plan", "Truths", "make_plan"]

FAULT = "ages are sent in months instead of years for people born abroad (NATIVITY = 2), from October 2018"
FAULTY_FROM = int(datetime(2018, 10, 1, tzinfo=UTC).timestamp()) * NANOS
BATCH_SIZES = (1, 32, 96, 128)
LABELLED_SHARE = 0.9


@dataclass(frozen=True, slots=True)
class Call:
    """One HTTP request: rows ``start`` to ``stop`` of the plan, made at ``time``."""

    id: str
    time: int
    start: int
    stop: int


@dataclass(frozen=True, slots=True, eq=False)
class Truths:
    """Ground truth in the order it arrives: ``(n,)`` row numbers of the plan and arrival times."""

    rows: NDArray[np.int64]
    arrival: NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """The whole replay. ``rows`` hold the features as sent, ``ids`` and ``times`` of every row, and the truth."""

    rows: pd.DataFrame
    calls: tuple[Call, ...]
    ids: NDArray[np.str_]
    times: NDArray[np.int64]
    truth: NDArray[np.int64]
    truths: Truths
    spoilt: int


def make_plan(served: dict[int, pd.DataFrame], *, truth_delay: int, seed: int) -> Plan:
    """Spread each year's rows evenly over it, cut them into calls, spoil the last quarter, and delay the truth."""
    random = np.random.default_rng(seed)
    rows = pd.concat(served.values(), ignore_index=True)
    moments = np.concatenate([_spread(year, len(part)) for year, part in served.items()])
    sizes = random.choice(BATCH_SIZES, size=len(rows))
    stops = np.minimum(np.cumsum(sizes), len(rows))
    stops = np.unique(stops)
    starts = np.concatenate(([0], stops[:-1]))
    calls = tuple(
        Call(f"acs-{i}", int(moments[start]), int(start), int(stop))
        for i, (start, stop) in enumerate(zip(starts, stops, strict=True))
    )
    times = np.repeat(moments[starts], stops - starts)
    spoilt = (times >= FAULTY_FROM) & (rows["NATIVITY"] == "2").to_numpy()
    rows.loc[spoilt, "AGEP"] *= 12
    return Plan(
        rows=rows[list(FEATURES)],
        calls=calls,
        ids=_ids(starts, stops),
        times=times,
        truth=rows[TRUTH].to_numpy(dtype=np.int64),
        truths=_truths(times, truth_delay, random),
        spoilt=int(spoilt.sum()),
    )


def _spread(year: int, count: int) -> NDArray[np.int64]:
    begin, end = (int(datetime(y, 1, 1, tzinfo=UTC).timestamp()) * NANOS for y in (year, year + 1))
    return begin + ((end - begin) // max(count, 1)) * np.arange(count, dtype=np.int64)


def _ids(starts: NDArray[np.int64], stops: NDArray[np.int64]) -> NDArray[np.str_]:
    """A call of one row has the call's id, a row of a longer call has its index behind it."""
    sizes = stops - starts
    calls = np.char.add("acs-", np.arange(len(starts)).astype(str))
    index = np.arange(sizes.sum()) - np.repeat(starts, sizes)
    numbered = np.char.add(np.char.add(np.repeat(calls, sizes), "/"), index.astype(str))
    return np.where(np.repeat(sizes, sizes) == 1, np.repeat(calls, sizes), numbered)


def _truths(times: NDArray[np.int64], delay: int, random: np.random.Generator) -> Truths:
    """Each truth takes the delay and, on average, a third of it more: so they come out of order."""
    labelled = np.flatnonzero(random.random(len(times)) < LABELLED_SHARE)
    arrival = times[labelled] + delay + (random.exponential(delay / 3, size=len(labelled))).astype(np.int64)
    order = np.argsort(arrival, kind="stable")
    return Truths(labelled[order], arrival[order])
