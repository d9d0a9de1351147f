"""The drawings of the console as values: heat map, line chart, group and quality tables."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from miops_collector.report import ModelKey, Observation
from miops_collector.web.groups import Gap, GroupValue, group_tables
from miops_collector.web.heat_map import LEVELS, heat_map
from miops_collector.web.line_chart import line_chart
from miops_collector.web.quality_table import quality_table
from miops_collector.window import Window
from tests.collector import sample_report as sample

MODEL = ModelKey("m", "1")
DAY = sample.DAY


def day(index: int) -> Window:
    return Window(index * DAY, (index + 1) * DAY)


def observation(index: int = 0, value: float = 0.5, metric: str = "miops.drift.psi", **more: object) -> Observation:
    given = {"n": 100.0, "status": "ok", "computed_at": day(index).end, "complete": True, **more}
    return Observation(metric, MODEL, day(index), value, **given)  # type: ignore[arg-type]


def levels(*observations: Observation) -> dict[str, list[int]]:
    found = heat_map(observations, most_windows=60)
    assert found is not None
    return {row.column: [cell.level for cell in row.cells] for row in found.rows}


def test_the_largest_value_has_the_strongest_shade_and_zero_none() -> None:
    assert levels(observation(0, 0.0, column="a"), observation(1, 0.8, column="a")) == {"a": [0, LEVELS]}


def test_columns_share_a_scale_unless_each_has_its_own_units() -> None:
    small, large = {"column": "a"}, {"column": "b"}

    shared = levels(observation(0, 0.001, **small), observation(0, 1.0, **large))
    apart = levels(
        observation(0, 0.001, "miops.drift.wasserstein", **small),
        observation(0, 1.0, "miops.drift.wasserstein", **large),
    )

    assert shared == {"b": [LEVELS], "a": [1]}
    assert apart == {"a": [LEVELS], "b": [LEVELS]}


def test_no_rows_and_too_few_rows_look_different() -> None:
    found = heat_map(
        [observation(0, column="a"), observation(1, column="b"), observation(1, math.nan, column="a",
         status="insufficient_data", reason="the window has 3 rows")],
        most_windows=60,
    )  # fmt: skip

    assert found is not None
    by_column = {row.column: row.cells for row in found.rows}
    assert [cell.status for cell in by_column["b"]] == ["absent", "ok"]
    assert by_column["a"][1].status == "insufficient"
    assert "the window has 3 rows" in by_column["a"][1].what


def test_only_the_newest_windows_are_shown() -> None:
    found = heat_map([observation(i, column="a") for i in range(100)], most_windows=60)

    assert found is not None
    assert found.windows == 60
    assert sum(tick.span for tick in found.ticks) == 60
    assert found.ticks[0].text == "1970-02-10"


def test_estimates_are_drawn_where_truth_is_not_known() -> None:
    known = [observation(0, 0.8, "miops.performance.accuracy")]
    expected = [observation(i, 0.8, "miops.estimated_performance.accuracy", standard_error=0.01) for i in (0, 1, 3)]

    both, alone = line_chart(known, {}, expected), line_chart([], {}, expected)

    assert both is not None
    assert alone is not None
    assert [both.estimate.count(step) for step in "ML"] == [2, 1]
    assert both.band.count("Z") == 2
    assert (len(both.marks), len(alone.marks), alone.line) == (1, 0, "")
    assert line_chart([], {}, []) is None


def test_alarming_inputs_come_first_and_outputs_last() -> None:
    found = heat_map(
        [
            observation(0, 0.9, column="score", status="alert"),
            observation(0, 0.2, column="calm"),
            observation(0, 0.1, column="alarming", status="alert"),
        ],
        most_windows=60,
    )

    assert found is not None
    assert [row.column for row in found.rows] == ["alarming", "calm", "score"]


def test_there_is_no_map_of_nothing() -> None:
    assert heat_map([observation(0)], most_windows=60) is None


@given(st.lists(st.tuples(st.integers(0, 20), st.floats(allow_nan=True, allow_infinity=True)), min_size=1, max_size=30))
@settings(deadline=None, max_examples=60)
def test_shades_stay_within_their_range(found: list[tuple[int, float]]) -> None:
    shown = levels(*(observation(index, value, column="a") for index, value in found))

    assert all(-1 <= level <= LEVELS for level in shown["a"])


def test_points_lie_inside_the_drawing_and_higher_is_better_seen() -> None:
    chart = line_chart([observation(0, 0.2, reference=0.5), observation(1, 0.9, reference=0.5)], {})

    assert chart is not None
    low, high = chart.marks
    assert chart.left <= low.x < high.x <= chart.right
    assert 0 < high.y < low.y < chart.floor
    assert chart.reference is not None
    assert high.y < chart.reference < low.y


def test_the_line_breaks_where_a_window_is_missing() -> None:
    chart = line_chart([observation(i) for i in (0, 1, 4)], {})

    assert chart is not None
    assert chart.line.count("M") == 2
    assert chart.line.count("L") == 1


def test_a_point_is_hollow_until_its_window_has_as_much_truth_as_others_got() -> None:
    chart = line_chart([observation(i) for i in range(3)], {day(0): 0.9, day(1): 0.89, day(2): 0.3})

    assert chart is not None
    assert [mark.hollow for mark in chart.marks] == [False, False, True]
    assert "30 % labelled" in chart.marks[2].what


def test_a_window_computed_long_after_its_end_is_restated() -> None:
    chart = line_chart([observation(0), observation(1, computed_at=day(9).end)], {})

    assert chart is not None
    assert [mark.restated for mark in chart.marks] == [False, True]


@pytest.mark.parametrize("value", [0.0, 5.0, -3.0, 1e-9, 1e12])
def test_one_value_is_drawn_in_the_middle(value: float) -> None:
    chart = line_chart([observation(0, value)], {})

    assert chart is not None
    assert 12 < chart.marks[0].y < chart.floor
    assert chart.rows


def test_there_is_no_chart_without_a_value() -> None:
    assert line_chart([observation(0, math.nan)], {day(0): 0.0}) is None


def test_error_bars_end_at_the_edge() -> None:
    chart = line_chart([observation(0, 0.5, standard_error=9.0), observation(1, 0.6)], {})

    assert chart is not None
    assert chart.marks[0].high >= 0
    assert chart.marks[0].low <= chart.floor


@given(
    st.lists(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e12, max_value=1e12), min_size=1, max_size=20)
)
@settings(deadline=None, max_examples=60)
def test_any_values_can_be_drawn(values: list[float]) -> None:
    chart = line_chart([observation(i, v) for i, v in enumerate(values)], {})

    assert chart is not None
    assert len(chart.marks) == len(values)
    assert all(0 <= mark.y <= chart.floor for mark in chart.marks)
    assert len(chart.rows) <= 12


def group(name: str, metric: str, value: float, n: float, **more: object) -> Observation:
    return observation(0, value, f"miops.fairness.{metric}", n=n, sensitive_feature="sex", group=name, **more)


def test_groups_that_are_too_small_are_named_not_compared() -> None:
    (table,) = group_tables([
        group("F", "group_rows", 900.0, 900.0), group("F", "selection_rate", 0.4, 900.0),
        group("X", "group_rows", 3.0, 3.0), group("X", "selection_rate", math.nan, 3.0, status="insufficient_data"),
        group("M", "group_rows", 950.0, 950.0), group("M", "selection_rate", 0.5, 950.0),
        observation(0, 0.1, "miops.fairness.demographic_parity_difference", sensitive_feature="sex"),
    ])  # fmt: skip

    assert [row.group for row in table.rows] == ["M", "F"]
    assert [(row.group, row.count) for row in table.small] == [("X", 3.0)]
    assert table.rows[0].bar == 60.0
    assert table.gaps == (Gap("demographic parity difference", "0.1", ""),)


def test_a_group_says_how_sure_its_number_is_and_whether_it_differs() -> None:
    sure = {"low": 0.35, "high": 0.45, "p_value": 0.01, "reference": 0.5}
    (table,) = group_tables([
        group("F", "selection_rate", 0.4, 900.0, **sure), group("M", "selection_rate", 0.6, 950.0, p_value=0.3),
        observation(0, 0.2, "miops.fairness.roc_auc_difference", sensitive_feature="sex", low=0.1, high=0.3),
    ])  # fmt: skip

    assert table.rows[1].values == (GroupValue("0.4", "0.35 … 0.45", "reference 0.5", differs=True),)
    assert table.rows[0].values == (GroupValue("0.6", "", "", differs=False),)
    assert table.more_gaps == (Gap("roc auc difference", "0.2", "0.1 … 0.3"),)


def test_quality_tells_faulty_columns_from_sound_ones() -> None:
    def quality(column: str, value: float, **more: object) -> Observation:
        return observation(0, value, "miops.quality.missing_share", column=column, **more)

    table = quality_table([quality("bad", 0.3, reference=0.001), quality("good", 0.002, reference=0.001)])

    assert table is not None
    assert [row.column for row in table.faulty] == ["bad"]
    assert [row.column for row in table.sound] == ["good"]
    assert quality_table([]) is None
