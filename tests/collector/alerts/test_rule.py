from math import nan

import pytest

from miops_collector.alerts import Book, Lifecycle, Rule, advance, rule_findings
from tests.collector.alerts.makers import DAY, HOUR, MODEL, observation, window

PSI = "miops.drift.psi"


def verdicts(rule, *observations):
    return [f.verdict for f in rule_findings([rule], observations)]


@pytest.mark.parametrize(
    ("comparison", "value", "expected"),
    [
        (">", 0.2, "quiet"),
        (">=", 0.2, "breach"),
        ("<", 0.2, "quiet"),
        ("<=", 0.2, "breach"),
        (">", 0.3, "breach"),
        ("<", -0.3, "breach"),
        ("abs>", -0.3, "breach"),
        ("abs>", -0.1, "quiet"),
    ],
)
def test_comparisons(comparison, value, expected):
    assert verdicts(Rule("r", PSI, comparison, 0.2), observation(PSI, value)) == [expected]


@pytest.mark.parametrize(
    ("match", "applies"),
    [
        ({}, True),
        ({"model": "income", "version": "3", "column": "age", "window": "1h"}, True),
        ({"model": "inc*", "column": "[a-b]ge"}, True),
        ({"model": "other"}, False),
        ({"segment": "north"}, False),
        ({"segment": ""}, True),
        ({"window": "1d"}, False),
    ],
)
def test_matchers_are_exact_or_globs(match, applies):
    rule = Rule("r", "miops.drift.*", ">", 0.2, match=match)

    assert rule.applies(observation(PSI, 0.3, column="age")) is applies


def test_a_name_with_glob_characters_matches_itself():
    assert Rule("r", PSI, ">", 0.2, match={"column": "x[0]"}).applies(observation(PSI, 0.3, column="x[0]"))


def test_other_metrics_and_incomplete_windows_are_passed_over():
    rule = Rule("r", PSI, ">", 0.2)

    assert verdicts(rule, observation("miops.drift.hellinger", 1.0), observation(PSI, 1.0, complete=False)) == []
    assert verdicts(Rule("r", PSI, ">", 0.2, complete_only=False), observation(PSI, 1.0, complete=False)) == ["breach"]


def test_too_little_data_is_unknown_whatever_the_threshold():
    rule = Rule("r", PSI, "<", 0.2, minimum_rows=50)

    found = verdicts(
        rule,
        observation(PSI, nan),
        observation(PSI, 0.0, status="insufficient_data"),
        observation(PSI, 0.0, n=49),
    )

    assert found == ["unknown"] * 3


@pytest.mark.parametrize(("error", "expected"), [(0.01, "breach"), (0.05, "quiet"), (nan, "breach")])
def test_a_margin_is_counted_in_standard_errors_where_they_are_known(error, expected):
    rule = Rule("r", "miops.fairness.demographic_parity_ratio", "<", 0.8, margin=2.0)
    ratio = observation("miops.fairness.demographic_parity_ratio", 0.75, standard_error=error, sensitive_feature="sex")

    assert verdicts(rule, ratio) == [expected]


def test_a_users_rule_pends_fires_and_closes_like_a_prometheus_rule():
    rule = Rule("high psi", PSI, ">", 0.2, lifecycle=Lifecycle(HOUR, close_after=1, rejoin_within=0))
    book, states = Book(), []
    for i, value in enumerate((0.3, 0.3, 0.1, 0.3)):
        findings = rule_findings([rule], [observation(PSI, value, i, column="age")])
        book = advance(book, findings, model=MODEL, now=window(i).end)
        states.append(book.alerts[0].state)

    assert states == ["pending", "firing", "resolved", "pending"]


def test_the_sentence_names_series_value_and_rule():
    (found,) = rule_findings([Rule("high psi", PSI, ">", 0.2)], [observation(PSI, 0.31, column="age", n_reference=9.0)])

    assert found.what == "miops.drift.psi of age is 0.31, the rule 'high psi' says > 0.2"
    assert found.evidence == {"comparison": ">", "n": 1000.0, "n_reference": 9.0}


def test_windows_of_a_day_are_judged_in_days():
    (found,) = rule_findings([Rule("r", PSI, ">", 0.2)], [observation(PSI, 1.0, window=window(0, DAY))])

    assert found.key[-1] == "1d"
