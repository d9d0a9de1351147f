from math import nan

import pytest
from scipy.stats import binom

from miops_collector.alerts import Budget, quality_findings
from tests.collector.alerts.makers import observation

FAULTS = "miops.quality.type_fault_share"
DUPLICATES = "miops.quality.duplicate_share"
ERRORS = "miops.quality.error_rate"


def judge(metric, value, **changes):
    (found,) = quality_findings([observation(metric, value, **changes)], Budget())
    return found


@pytest.mark.parametrize(("share", "expected"), [(0.0, "quiet"), (0.005, "quiet"), (0.03, "breach"), (1.0, "breach")])
def test_values_of_the_wrong_type(share, expected):
    found = judge(FAULTS, share, column="age", reference=0.0, n_reference=5000.0)

    assert (found.verdict, found.column) == (expected, "age")


def test_what_the_reference_already_had_is_quiet():
    assert judge(FAULTS, 0.1, column="age", reference=0.1, n_reference=5000.0).verdict == "quiet"


@pytest.mark.parametrize(("share", "expected"), [(0.04, "quiet"), (0.12, "breach")])
def test_some_repeats_are_normal(share, expected):
    assert judge(DUPLICATES, share).verdict == expected


@pytest.mark.parametrize("changes", [{"value": nan}, {"n": 29.0}, {"status": "insufficient_data"}])
def test_too_little_data_is_unknown(changes):
    found = judge(FAULTS, **({"value": 1.0} | changes))

    assert found.verdict == "unknown"


def test_columns_share_the_level():
    many = [observation(FAULTS, 0.03, column=f"c{i}", n_reference=5000.0, reference=0.0) for i in range(50)]

    found = quality_findings(many, Budget(), lengths=2)

    assert found[0].evidence["level"] == pytest.approx(0.1 / 720 / 100)
    assert {f.verdict for f in found} == {"breach"}


def test_the_sentence_says_how_many():
    assert judge(FAULTS, 0.03, column="age").what == (
        "type fault share of age is 3.0% of 1,000 rows, 0.0% in the reference"
    )


@pytest.mark.parametrize(("share", "expected"), [(0.0, "quiet"), (0.01, "quiet"), (0.05, "breach"), (1.0, "breach")])
def test_calls_that_failed(share, expected):
    assert judge(ERRORS, share, reference=0.0, n_reference=5000.0).verdict == expected


@pytest.mark.parametrize("n", [30, 100, 1000, 20_000])
@pytest.mark.parametrize("m", [nan, 400.0, 1e6])
def test_a_model_that_fails_as_often_as_is_tolerated_is_alarmed_about_no_more_than_the_level_says(n, m):
    """However few rows there are, and whatever the reference, in which none failed."""
    level = judge(ERRORS, 0.5, n=float(n)).evidence["level"]
    most = int(0.05 * n) + 20
    reference = {"reference": 0.0, "n_reference": m} if m == m else {}

    found = [judge(ERRORS, min(x / n, 1.0), n=float(n), **reference).verdict for x in range(most)]

    first = found.index("breach")
    assert 0.001 * level < binom.sf(first - 1, n, 0.01) <= level


@pytest.mark.parametrize("n", [30, 100, 1000])
@pytest.mark.parametrize(("metric", "tolerated"), [(FAULTS, 0.005), (DUPLICATES, 0.05)])
def test_chance_does_not_make_alarms_of_what_is_tolerated(metric, tolerated, n):
    """Two faults of a hundred rows are no alarm where a half of one is tolerated."""
    level = judge(metric, 0.5, n=float(n), reference=0.0, n_reference=5000.0).evidence["level"]

    found = [judge(metric, x / n, n=float(n), reference=0.0, n_reference=5000.0).verdict for x in range(n + 1)]

    assert binom.sf(found.index("breach") - 1, n, tolerated) <= level


def test_a_window_in_which_every_call_failed_has_a_finite_p_value():
    assert judge(ERRORS, 1.0, n=1e6).evidence["log_p_value"] < -600.0
