"""A small seeded copy of ``tests/benchmarks/dependent_alarms.py``: nothing changes, and rows depend on one another."""

from __future__ import annotations

import numpy as np
import pytest

from tests.benchmarks.alarm_streams import STREAMS
from tests.benchmarks.dependent_alarms import Course, run


def course(name: str, hours: int = 100, **changes: float | bool) -> Course:
    return run(
        STREAMS[name], np.random.default_rng(7), rows=100, history=168, hours=hours, models=2, per_model=4,
        **changes,  # type: ignore[arg-type]
    )  # fmt: skip


@pytest.mark.parametrize("name", ["AR(1) .9 in rows", "daily sine, 0.3 σ", "slow wander, 0.1 σ"])
def test_dependence_that_alarms_all_the_time_is_learned_away(name: str) -> None:
    believed, learned = course(name, 40, learn=False), course(name)

    assert believed.alarmed.mean() > 0.3
    assert learned.raised <= 1


def test_independent_rows_are_watched_as_closely_as_before() -> None:
    assert course("independent").raised == 0
    assert np.median(course("independent", 20, shift=0.5).delay) <= 4.0
