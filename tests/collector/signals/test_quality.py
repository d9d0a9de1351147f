"""The quality signal."""

from __future__ import annotations

from math import isnan

import pytest

from miops_collector.signals.quality import quality
from tests.collector.signals.models import BINARY, CONTEXT, binary, named, summaries


def test_every_column_is_checked_for_what_can_be_wrong_with_it() -> None:
    found = {(o.column, o.metric.removeprefix("miops.quality.")) for o in quality(CONTEXT, None, binary())}
    everywhere = {"missing_share", "type_fault_share", "constant"}

    assert {m for c, m in found if c == "age"} == everywhere | {"out_of_range_share"}
    assert {m for c, m in found if c == "SEX"} == everywhere | {"unseen_share"}
    assert {m for c, m in found if c == ""} == {"duplicate_share", "error_rate", "unknown_truth_share"}


def test_value_and_reference() -> None:
    missing = summaries(BINARY, {"column.age": [50, 0, 0, 20, 15, 10, 5, 0]})

    found = named(tuple(quality(CONTEXT, binary(), missing)), "quality.missing_share", column="age")

    assert (found.value, found.reference) == (0.5, pytest.approx(4 / 100))
    assert (found.n, found.n_reference) == (100, 100)
    assert found.standard_error == pytest.approx(0.05)


def test_a_column_gone_missing_is_found_although_it_has_no_values() -> None:
    gone = summaries(BINARY, {"column.age": [100, 0, 0, 0, 0, 0, 0, 0]})

    observations = tuple(quality(CONTEXT, binary(), gone))

    assert named(observations, "quality.missing_share", column="age").value == 1
    assert named(observations, "quality.out_of_range_share", column="age").status == "insufficient_data"


def test_stuck_numeric_column_is_found_by_its_moments() -> None:
    stuck = summaries(BINARY, {"moments.age": [60, 0, 0]}, {"age": (7.0, 7.0)})

    found = named(tuple(quality(CONTEXT, binary(), stuck)), "quality.constant", column="age")

    assert (found.value, found.reference, found.n) == (1, 0, 60)


def test_repeats_count_once_for_the_window() -> None:
    found = named(tuple(quality(CONTEXT, None, binary())), "quality.duplicate_share")

    assert found.value == 25 / 125


def test_range_of_a_column_without_reference_is_undefined_with_a_reason() -> None:
    now = summaries(BINARY, {"column.new": [0, 0, 50, 50]})

    found = named(tuple(quality(CONTEXT, None, now)), "quality.out_of_range_share", column="new")

    assert isnan(found.value)
    assert "no reference range" in found.reason
