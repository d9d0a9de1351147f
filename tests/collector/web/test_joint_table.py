"""All columns together, as a table."""

from __future__ import annotations

from math import nan

from miops import semconv
from miops_collector.web.joint_table import joint_table
from tests.collector.alerts.makers import observation


def test_each_question_is_a_row_with_what_it_rests_on() -> None:
    table = joint_table(
        [
            observation(semconv.METRIC_CHANGED_CORRELATIONS, 2.0, reason="age & pay 0.50 in the reference, 0.01 now"),
            observation(semconv.METRIC_RECONSTRUCTION_SHIFT, 7.0),
            observation(
                semconv.METRIC_RECONSTRUCTION_ERROR, 2.1, n=2000.0, n_reference=1500.0, reference=1.9, p_value=1e-9,
                reason="outside the reference's band, 1.8 to 2",
            ),
            observation("miops.drift.psi", 0.1, column="age"),
        ]
    )  # fmt: skip

    assert table is not None
    assert table.sampled == "2\u202f000 rows of the window and 1\u202f500 of the reference"
    assert [(row.name, row.value, row.reference, row.beside) for row in table.rows] == [
        ("Reconstruction error", "2.1", "1.9", "outside the reference's band, 1.8 to 2, p = 1.00e-09"),
        ("Reconstruction shift", "7", "–", ""),
        ("Changed correlations", "2", "–", "age & pay 0.50 in the reference, 0.01 now"),
    ]


def test_what_is_not_known_says_why() -> None:
    table = joint_table(
        [
            observation(
                semconv.METRIC_MEAN_DISCREPANCY, nan, n_reference=nan, status="insufficient_data",
                reason="no reference sample",
            )
        ]
    )  # fmt: skip

    assert table is not None
    assert [(row.value, row.status, row.beside) for row in table.rows] == [
        ("–", "insufficient_data", "no reference sample")
    ]
    assert "reference" not in table.sampled


def test_without_samples_there_is_no_table() -> None:
    assert joint_table([observation("miops.drift.psi", 0.1)]) is None
