"""Where in its list each row of a ranking stands."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import miops
from miops.testing import Harness, record

RANKER = miops.Model(name="offers", task="ranking")


def places(harness: Harness) -> list[tuple[Any, Any]]:
    return [(row.get("context.list_position"), row.get("context.list_size")) for row in harness.rows()]


@pytest.mark.parametrize("said", ["value", "score"])
def test_a_call_of_a_ranker_is_a_list_with_the_highest_prediction_first(said: str) -> None:
    with record() as harness:
        miops.record_prediction(RANKER, **{said: np.array([0.1, 0.9, 0.4])})
        miops.record_prediction(RANKER, **{said: np.array([5.0, -1.0])})

        assert places(harness) == [(3, 3), (1, 3), (2, 3), (1, 2), (2, 2)]


def test_of_equal_predictions_the_first_row_stands_first() -> None:
    with record() as harness:
        miops.record_prediction(RANKER, value=[1, 2, 2, 1])

        assert places(harness) == [(3, 4), (1, 4), (2, 4), (4, 4)]


def test_a_call_of_one_row_is_no_list() -> None:
    with record() as harness:
        miops.record_prediction(RANKER, value=3.0)
        miops.record_prediction(RANKER, value=[3.0, 4.0])

        assert places(harness) == [(None, None), (2, 2), (1, 2)]


def test_rankers_that_answer_row_by_row_say_nothing_of_lists() -> None:
    with record() as harness:
        miops.record_prediction(RANKER, value=3.0)

        assert "context.list_position" not in harness.rows()[0]


def test_what_the_user_says_of_lists_counts() -> None:
    with record() as harness:
        said = {"list_position": [7, 8], "list_size": [40, 40]}
        miops.record_prediction(RANKER, value=[1.0, 2.0], context=said)

        assert places(harness) == [(7, 40), (8, 40)]


def test_other_models_have_no_lists() -> None:
    with record() as harness:
        miops.record_prediction(miops.Model(name="price", task="regression"), value=[1.0, 2.0])
        miops.record_prediction(miops.Model(name="names", task="ranking"), value=["a", "b"])

        assert places(harness) == [(None, None)] * 4
