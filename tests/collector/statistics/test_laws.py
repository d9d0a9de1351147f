"""What holds for every statistic that discovery finds; a new one is held to it without being named here."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from miops_collector.report import ModelKey
from miops_collector.signals._context import Context
from miops_collector.signals._rows import COUNTS
from miops_collector.statistics import Statistic, families, statistics_of
from miops_collector.summary import Confusion, Frequencies, Groups
from miops_collector.window import Window
from tests.collector.statistics.summaries import STRATEGIES, emptied, scaled

EVERY = [(s, kind) for family in families() for s in statistics_of(family) for kind in s.takes]
OPTIONS = {"days": 7.0, "minimum_rows": 1.0}

laws = settings(deadline=None, max_examples=15, suppress_health_check=[HealthCheck.too_slow])


def every(*kinds: type, family: str = "") -> pytest.MarkDecorator:
    found = [(s, k) for s, k in EVERY if (not kinds or k in kinds) and family in ("", s.family)]
    return pytest.mark.parametrize(
        ("statistic", "kind"), found, ids=[f"{s.family}.{s.name}-{k.__name__}" for s, k in found]
    )


def call(statistic: Statistic, *summaries: Any, companion: str = "function") -> Any:
    function = getattr(statistic, companion)
    options = {name: OPTIONS[name] for name in statistic.options}
    return np.atleast_1d(function(*summaries[: 1 + statistic.compares], **options))


def two(kind: type) -> st.SearchStrategy[tuple[Any, Any]]:
    """A pair that could be the reference and the window of one model."""
    pair = st.tuples(STRATEGIES[kind], STRATEGIES[kind])
    return pair.filter(lambda p: kind is not Confusion or p[0].classes == p[1].classes)


@every()
@laws
@given(data=st.data())
def test_value_lies_in_its_bounds_or_is_nan(statistic: Statistic, kind: type, data: st.DataObject) -> None:
    low, high = statistic.about.bounds

    values = call(statistic, *data.draw(two(kind)))

    assert all(np.isnan(v) or (low <= v <= high and np.isfinite(v)) for v in values)


@every()
@laws
@given(data=st.data())
def test_counting_every_row_three_times_changes_only_what_says_so(
    statistic: Statistic, kind: type, data: st.DataObject
) -> None:
    pair = data.draw(two(kind))

    before = call(statistic, *pair)
    after = call(statistic, *(scaled(s, 3.0) for s in pair))

    if statistic.about.scale_free:
        defined = ~np.isnan(before)
        np.testing.assert_allclose(before[defined], after[defined], rtol=1e-6, atol=1e-9)


@every()
@laws
@given(data=st.data())
def test_without_rows_only_a_count_has_a_value(statistic: Statistic, kind: type, data: st.DataObject) -> None:
    nothing = emptied(data.draw(STRATEGIES[kind]))

    values = call(statistic, nothing, nothing)

    assert (values == 0).all() if statistic.about.is_count else np.isnan(values).all()


@every()
@laws
@given(data=st.data())
def test_companions_are_probabilities_and_errors(statistic: Statistic, kind: type, data: st.DataObject) -> None:
    pair = data.draw(two(kind))

    for companion, highest in (("p_value", 1.0), ("standard_error", np.inf)):
        if getattr(statistic, companion) is not None:
            values = call(statistic, *pair, companion=companion)
            assert all(np.isnan(v) or (0 <= v <= highest and np.isfinite(v)) for v in values)


@every(family="drift")
@laws
@given(data=st.data())
def test_drift_from_itself_is_zero(statistic: Statistic, kind: type, data: st.DataObject) -> None:
    column = data.draw(STRATEGIES[kind].filter(lambda c: c.values > 0))

    assert call(statistic, column, column)[0] == pytest.approx(0, abs=1e-12)
    if statistic.p_value is not None:
        assert statistic.p_value(column, column) == pytest.approx(1)


@every(family="drift")
@laws
@given(data=st.data())
def test_drift_is_symmetric(statistic: Statistic, kind: type, data: st.DataObject) -> None:
    one, other = data.draw(two(kind))

    np.testing.assert_allclose(call(statistic, one, other), call(statistic, other, one), rtol=1e-9, atol=1e-9)


@every(Frequencies)
@laws
@given(data=st.data(), order=st.permutations(range(4)))
def test_order_of_categories_is_irrelevant(
    statistic: Statistic, kind: type, data: st.DataObject, order: list[int]
) -> None:
    pair = data.draw(two(kind))
    cells = [0, 1, *(2 + i for i in order), 6]

    shuffled = [replace(c, cells=c.cells[cells]) for c in pair]

    np.testing.assert_allclose(call(statistic, *pair), call(statistic, *shuffled), rtol=1e-9, atol=1e-12)


@every(Confusion)
@laws
@given(data=st.data())
def test_order_of_classes_is_irrelevant(statistic: Statistic, kind: type, data: st.DataObject) -> None:
    pair = data.draw(two(kind))

    turned = [
        Confusion(c.classes[::-1], -1 if c.positive < 0 else len(c.classes) - 1 - c.positive, c.cells[::-1, ::-1])
        for c in pair
    ]

    np.testing.assert_allclose(call(statistic, *pair), call(statistic, *turned), rtol=1e-9, atol=1e-12)


@every(Groups)
@laws
@given(data=st.data())
def test_order_of_groups_is_irrelevant(statistic: Statistic, kind: type, data: st.DataObject) -> None:
    groups = data.draw(STRATEGIES[kind])

    turned = replace(groups, names=groups.names[::-1], rows=groups.rows[::-1], confusion=groups.confusion[::-1])

    values, reversed_values = call(statistic, groups), call(statistic, turned)
    np.testing.assert_allclose(values, reversed_values[::-1] if statistic.per_group else reversed_values, rtol=1e-12)


@every()
def test_says_what_a_reader_needs(statistic: Statistic, kind: type) -> None:
    text = statistic.function.__doc__ or ""

    for section in ("Parameters", "Returns", "Notes", "Examples", "References"):
        assert f"\n    {section}\n    {'-' * len(section)}\n" in text
    assert "nan" in text
    assert "doi:" in text
    assert "Prefer" in text or "prefer" in text
    assert "::\n" in text
    assert statistic.about.undefined


@every()
def test_is_usable_by_the_signals(statistic: Statistic, kind: type) -> None:
    context = Context(ModelKey("m", "1"), Window(0, 10), computed_at=20, complete=True)

    assert (kind, statistic.about.rests_on) in COUNTS
    assert all(isinstance(context.option(name), float) for name in statistic.options)
