from __future__ import annotations

from math import isnan, nan

import numpy as np
import pytest

from miops_collector.alerts import Budget, four_fifths_findings
from miops_collector.signals.fairness import fairness
from tests.collector.alerts.makers import DAY, observation, window
from tests.collector.signals.models import BINARY, CONTEXT, summaries

RATIO, RATE = "miops.fairness.demographic_parity_ratio", "miops.fairness.selection_rate"


def judged(value, high, **changes):
    given = {"high": high, "low": 0.1, "sensitive_feature": "sex", "window": window(0, DAY)}
    rates = [
        observation(RATE, rate, window=window(0, DAY), sensitive_feature="sex", group=group)
        for group, rate in (("m", 0.4), ("f", 0.4 * value))
    ]
    (found,) = four_fifths_findings([observation(RATIO, value, **(given | changes)), *rates], Budget())
    return found


def of_window(least, most):
    """What is said of a window in which these of a thousand women and men are selected."""
    rows = [[1000 - most, most], [1000 - least, least]]
    return four_fifths_findings(fairness(CONTEXT, None, summaries(BINARY, {"groups.0": rows})), Budget())[0]


def test_it_warns_only_where_chance_does_not_explain_it() -> None:
    assert judged(0.7, 0.72).verdict == "breach"
    assert judged(0.7, 0.79).verdict == "hold"
    assert judged(0.7, 0.9).verdict == "quiet"
    assert judged(0.85, 0.86).verdict == "quiet"
    assert judged(0.7, 0.72).severity == "warning"


@pytest.mark.parametrize("changes", [{"n": 99.0}, {"status": "insufficient_data"}, {"high": nan}])
def test_too_little_is_unknown(changes) -> None:
    assert judged(0.5, **({"high": 0.6} | changes)).verdict == "unknown"


def test_the_sentence_names_the_groups_and_their_rates() -> None:
    found = judged(0.5, 0.55)

    assert found.what == (
        "sex f is selected 20.0% of the time, 50% as often as m (40.0%): under four fifths by more than chance"
    )
    assert (found.evidence["least_favoured"], found.evidence["most_favoured"]) == ("f", "m")


def test_a_group_that_is_never_selected_warns() -> None:
    assert of_window(0, 300).verdict == "breach"
    assert of_window(150, 300).verdict == "breach"
    assert of_window(245, 300).verdict == "quiet"


def test_windows_that_are_not_complete_and_segments_are_passed_over() -> None:
    assert four_fifths_findings([observation(RATIO, 0.1, high=0.2, complete=False)], Budget()) == ()
    assert four_fifths_findings([observation(RATIO, 0.1, high=0.2, segment="north")], Budget()) == ()


def test_at_exactly_four_fifths_it_keeps_its_level() -> None:
    rng, found, trials = np.random.default_rng(8), [], 2_000
    for women, men in rng.binomial(1000, [0.24, 0.3], (trials, 2)):
        p = of_window(women, men).evidence["p_value"]
        found.append(p)

    assert not any(isnan(p) for p in found)
    assert np.mean(np.array(found) < 0.01) < 0.018
    assert np.mean(np.array(found) < 0.05) < 0.065
