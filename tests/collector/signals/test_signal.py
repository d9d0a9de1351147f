"""All signals together."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from math import isnan

import numpy as np
import pytest

from miops_collector.layout import Layout, Summaries
from miops_collector.report import Observation
from miops_collector.signals import Context, evaluate_all, signals
from miops_collector.statistics import families
from tests.collector.signals.models import BINARY, CONTEXT, MULTICLASS, REGRESSION, binary


def random_summaries(layout: Layout, seed: int, most: int) -> Summaries:
    rng = np.random.default_rng(seed)
    counts = rng.integers(0, most, layout.size).astype(float)
    return Summaries(layout, counts, np.tile([0.0, 1.0], (len(layout.numeric), 1)))


def test_every_family_of_statistics_has_its_signal() -> None:
    names = {signal.__name__ for signal in signals()}

    assert set(families()) <= names
    assert "window" in names


@pytest.mark.parametrize("layout", [BINARY, MULTICLASS, REGRESSION], ids=lambda x: x.task)
@pytest.mark.parametrize("most", [1, 2, 50], ids=["empty", "sparse", "full"])
@pytest.mark.parametrize("referenced", [True, False])
def test_every_observation_is_a_value_or_a_reason(layout: Layout, most: int, *, referenced: bool) -> None:
    reference = random_summaries(layout, 1, 90) if referenced else None

    observations = evaluate_all(CONTEXT, reference, random_summaries(layout, 2, most))

    assert observations
    for o in observations:
        assert isnan(o.value) == bool(o.reason), o
        assert o.status == "ok" or isnan(o.value), o
        for number in (o.value, o.n, o.n_reference, o.reference, o.p_value, o.standard_error):
            assert type(number) is float, o


def test_every_observation_is_its_own_series() -> None:
    observations = evaluate_all(CONTEXT, binary(2), binary())

    assert max(Counter(o.identity for o in observations).values()) == 1


def test_observations_carry_the_context() -> None:
    context = replace(CONTEXT, segment="north")

    observations = evaluate_all(context, binary(), binary())

    assert {(o.model, o.window, o.computed_at, o.complete, o.segment) for o in observations} == {
        (context.model, context.window, context.computed_at, True, "north")
    }


def test_the_same_summaries_give_the_same_observations() -> None:
    def texts() -> list[str]:
        return [repr(o) for o in evaluate_all(CONTEXT, binary(2), binary())]

    assert texts() == texts()


def test_context_counts_days_to_the_middle_of_the_window() -> None:
    assert CONTEXT.days == 10.0
    assert isnan(replace(CONTEXT, reference_time=0).days)


def test_an_unknown_option_is_an_error() -> None:
    with pytest.raises(KeyError):
        CONTEXT.option("nonsense")


def test_context_has_sensible_minima() -> None:
    plain = Context(CONTEXT.model, CONTEXT.window, computed_at=1, complete=False)

    assert plain.minimum_rows == plain.minimum_group_rows == 30


def test_observation_type_is_the_reports() -> None:
    assert all(isinstance(o, Observation) for o in evaluate_all(CONTEXT, None, binary()))
