"""The verdicts in words."""

from __future__ import annotations

from math import nan

from miops_collector.alerts import VERDICTS
from miops_collector.web.verdict_lines import verdict_lines
from tests.collector.alerts.makers import observation

PREDICTION, COVARIATE, CONCEPT = VERDICTS


def test_each_kind_of_drift_is_a_line_with_where_and_how_sure() -> None:
    lines = verdict_lines(
        [
            observation(CONCEPT, nan, status="insufficient_data", reason="too little truth has come"),
            observation(COVARIATE, 2.0, status="alert", reason="age, sex", p_value=1e-9),
            observation(PREDICTION, 0.0, p_value=0.31),
        ]
    )

    assert [(line.name, line.word, line.beside) for line in lines] == [
        ("Prediction drift", "not found", "p = 0.31"),
        ("Covariate drift", "found", "age, sex, p = 1.00e-09"),
        ("Concept drift", "not known", "too little truth has come"),
    ]


def test_without_a_reference_there_is_nothing_to_say() -> None:
    assert verdict_lines([observation("miops.window.rows", 9.0)]) == ()
