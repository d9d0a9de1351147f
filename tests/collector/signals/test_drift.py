"""The drift signal."""

from __future__ import annotations

from dataclasses import replace
from math import isnan

import numpy as np
import pytest

from miops_collector.layout import Summaries
from miops_collector.signals.drift import drift
from miops_collector.signals.quality import quality
from miops_collector.statistics.drift import chi_square, psi
from tests.collector.signals.models import AGE, BINARY, CONTEXT, SEX, binary, named, summaries


def test_there_is_no_drift_without_a_reference() -> None:
    assert list(drift(CONTEXT, None, binary())) == []


def test_every_column_prediction_and_score_drifts_by_every_statistic_that_fits() -> None:
    found = {(o.column, o.metric) for o in drift(CONTEXT, binary(5), binary())}

    assert {column for column, _ in found} == {"age", "SEX", "new", "prediction", "score"}
    assert ("age", "miops.drift.wasserstein") in found
    assert ("SEX", "miops.drift.wasserstein") not in found
    assert ("SEX", "miops.drift.jensen_shannon") in found


def test_values_are_those_of_the_statistics() -> None:
    then, now = binary(5), summaries(BINARY, {"column.age": [9, 0, 2, 40, 10, 5, 4, 1]})

    observations = tuple(drift(CONTEXT, then, now))
    found = named(observations, "drift.chi_square", column="age")

    assert found.value == chi_square.chi_square(then.distribution(AGE), now.distribution(AGE)) > 0
    assert found.p_value == chi_square.p_value(then.distribution(AGE), now.distribution(AGE)) < 0.01
    assert (found.n, found.n_reference, found.status) == (62, 475, "ok")
    assert isnan(found.reference)
    assert named(observations, "drift.psi", column="age").p_value == psi.p_value(
        then.distribution(AGE), now.distribution(AGE)
    )


def test_too_few_values_are_not_no_drift() -> None:
    few = summaries(BINARY, {"column.SEX": [500, 0, 20, 9, 0]})

    found = named(tuple(drift(CONTEXT, binary(), few)), "drift.psi", column="SEX")

    assert isnan(found.value)
    assert isnan(found.p_value)
    assert found.status == "insufficient_data"
    assert found.n == 29
    assert found.reason == "the window has 29 rows with a value, fewer than 30"


def test_a_small_reference_is_too_little_data_too() -> None:
    found = named(tuple(drift(CONTEXT, binary(0.2), binary())), "drift.psi", column="SEX")

    assert found.status == "insufficient_data"
    assert found.reason == "the reference has 20 rows with a value, fewer than 30"


@pytest.mark.parametrize("metric", ["drift.psi", "drift.wasserstein", "drift.kolmogorov_smirnov"])
def test_a_column_the_reference_never_held_is_insufficient(metric: str) -> None:
    now = summaries(BINARY, {"column.new": np.array([900, 0, 50, 50])})

    found = named(tuple(drift(CONTEXT, binary(), now)), metric, column="new")

    assert found.status == "insufficient_data"


def test_another_tool_s_definition_says_whose_it_is_and_calls_drift_by_its_own_threshold() -> None:
    then, now = binary(5), summaries(BINARY, {"column.SEX": [0, 0, 100, 375, 0]})

    observations = tuple(drift(replace(CONTEXT, definition="evidently"), then, now))

    found = named(observations, "drift.psi", column="SEX")
    assert (found.definition, found.status) == ("evidently 0.7.23", "warning")
    assert found.value > 0.1
    assert named(observations, "drift.l_infinity", column="SEX").definition == ""
    assert {o.definition for o in drift(CONTEXT, then, now)} == {""}


def test_ours_stays_where_nothing_of_the_tool_s_own_was_frozen() -> None:
    observations = tuple(drift(replace(CONTEXT, definition="nannyml"), binary(5), binary()))

    assert named(observations, "drift.jensen_shannon", column="age").definition == ""
    assert named(observations, "drift.jensen_shannon", column="SEX").definition == "nannyml 0.13.1"


def held_to(*thresholds: tuple[str, str, float, int]) -> Summaries:
    """A window whose layout has these thresholds of NannyML for SEX."""
    sex = replace(SEX, definition_thresholds=thresholds)
    layout = replace(BINARY, columns=tuple(sex if c is SEX else c for c in BINARY.columns))
    return summaries(layout, {"column.SEX": [0, 0, 100, 375, 0]})


@pytest.mark.parametrize(
    ("thresholds", "status", "reason"),
    [
        (
            [("jensen_shannon", "", 0.01, 10)],
            "warning",
            "drift is > 0.01, the mean and 3 standard deviations over 10 ch",
        ),
        ([("jensen_shannon", "", 0.9, 10)], "ok", "drift is > 0.9, the"),
        ([("jensen_shannon", "", 0.9, 10), ("jensen_shannon", "1d", 0.01, 7)], "warning", "over 7 chunks of 1d of the"),
        ([("jensen_shannon", "", 0.9, 10), ("jensen_shannon", "1h", 0.01, 7)], "ok", "over 10 chunks of the"),
        ([("hellinger", "", 0.01, 10)], "ok", ""),
    ],
)
def test_nannyml_calls_drift_by_chunks_of_the_window_s_length_else_by_ten(
    thresholds: list[tuple[str, str, float, int]], status: str, reason: str
) -> None:
    now = held_to(*thresholds)

    observations = tuple(drift(replace(CONTEXT, definition="nannyml"), binary(5), now))

    found = named(observations, "drift.jensen_shannon", column="SEX")
    assert found.status == status
    assert reason in found.reason
    assert found.reason.endswith("chosen by nannyml")


def test_a_data_set_drifts_where_half_of_its_columns_do_by_the_tool_that_says_so() -> None:
    moved = {"column.SEX": [0, 0, 100, 375, 0], "column.prediction": [0, 0, 300, 175, 0]}
    then, now = binary(50), summaries(BINARY, moved | {"volume": [475, 475, 475, 0, 0]})

    observations = tuple(drift(replace(CONTEXT, definition="evidently"), then, now))

    found = named(observations, "drift.drifted_share")
    assert (found.value, found.status, found.n, found.definition) == (0.5, "warning", 475, "evidently 0.7.23")
    assert found.reason == "drift is ≥ 0.5; 1 of 2 columns: SEX"
    assert named(observations, "drift.jensen_shannon", column="SEX").reason == "drift is ≥ 0.1; chosen by evidently"
    for other in ("miops", "nannyml", "azure"):
        theirs = drift(replace(CONTEXT, definition=other), then, now)
        assert not any(o.metric == "miops.drift.drifted_share" for o in theirs)


def test_a_number_that_the_tool_has_not_is_undefined_and_no_drift() -> None:
    alike = {"column.SEX": [0, 0, 0, 475, 0]}
    then, now = summaries(BINARY, alike | {"volume": [2000] * 3 + [0, 0], "column.SEX": [0, 0, 0, 2000, 0]}), alike

    found = named(
        tuple(drift(replace(CONTEXT, definition="evidently"), then, summaries(BINARY, now))), "drift.chi_square",
        column="SEX",
    )  # fmt: skip

    assert isnan(found.value)
    assert (found.status, found.reason) == ("ok", "undefined by evidently")


def test_an_identifier_is_not_compared_and_says_so() -> None:
    column = replace(SEX, categories=("other (9000 more)",), open_pool=True)
    layout = replace(BINARY, columns=(column,), axes=())
    then, now = (summaries(layout, {"column.SEX": [0, 0, n, 0]}) for n in (9_000, 200))

    found = list(drift(replace(CONTEXT, definition="evidently"), then, now))

    assert found
    assert all(isnan(o.value) and isnan(o.p_value) and o.status == "ok" for o in found)
    assert {"undefined: an identifier or free text, nearly every value of the reference is there once"} == {
        o.reason for o in found
    }


def test_nothing_is_unseen_where_categories_have_no_end() -> None:
    column = replace(SEX, categories=("1", "other (9000 more)"), open_pool=True)
    now = summaries(replace(BINARY, columns=(column,), axes=()), {"column.SEX": [0, 0, 60, 40, 0]})

    found = next(o for o in quality(CONTEXT, None, now) if o.metric == "miops.quality.unseen_share")

    assert isnan(found.value)
    assert "rare and unseen ones are one" in found.reason
