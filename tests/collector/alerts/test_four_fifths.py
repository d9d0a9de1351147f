from __future__ import annotations

import pytest

from miops_collector.alerts import Budget, four_fifths_findings
from miops_collector.signals.fairness import fairness
from tests.collector.alerts.makers import DAY, observation, window
from tests.collector.signals.models import BINARY, CONTEXT, summaries

RATIO, RATE = "miops.fairness.demographic_parity_ratio", "miops.fairness.selection_rate"


def judged(groups, *, adverse=False, **changes):
    """What is said of groups by name: rate and rows."""
    given = {"sensitive_feature": "sex", "window": window(0, DAY)}
    rates = [observation(RATE, rate, **given, group=group, n=float(n)) for group, (rate, n) in groups.items()]
    (found,) = four_fifths_findings([observation(RATIO, 0.5, **(given | changes)), *rates], Budget(), adverse=adverse)
    return found


def of_window(least, most):
    """What is said of a window in which these of a thousand women and men are selected."""
    rows = [[1000 - most, most], [1000 - least, least]]
    return four_fifths_findings(fairness(CONTEXT, None, summaries(BINARY, {"groups.0": rows})), Budget())[0]


def test_it_warns_only_where_chance_does_not_explain_it() -> None:
    assert judged({"m": (0.4, 1000), "f": (0.24, 1000)}).verdict == "breach"
    assert judged({"m": (0.4, 1000), "f": (0.27, 1000)}).verdict == "hold"
    assert judged({"m": (0.4, 100), "f": (0.24, 100)}).verdict == "quiet"
    assert judged({"m": (0.4, 9000), "f": (0.34, 9000)}).verdict == "quiet"
    assert judged({"m": (0.4, 1000), "f": (0.2, 1000)}).severity == "warning"


@pytest.mark.parametrize("changes", [{"n": 99.0}, {"status": "insufficient_data"}])
def test_too_little_is_unknown(changes) -> None:
    assert judged({"m": (0.4, 1000), "f": (0.1, 1000)}, **changes).verdict == "unknown"


def test_one_group_alone_and_nobody_selected_are_unknown() -> None:
    assert judged({"m": (0.4, 1000)}).verdict == "unknown"
    assert judged({"m": (0.0, 1000), "f": (0.0, 1000)}).verdict == "unknown"


def test_the_sentence_names_the_groups_and_their_rates() -> None:
    found = judged({"m": (0.4, 1000), "f": (0.2, 1000)})

    assert found.what == (
        "sex f is selected 20.0% of the time, 50% as often as m (40.0%): under four fifths by more than chance"
    )
    assert (found.evidence["least_favoured"], found.evidence["most_favoured"]) == ("f", "m")
    assert found.evidence["effect"] == pytest.approx(-0.5)
    assert found.evidence["effect_low"] < found.evidence["effect"] < found.evidence["effect_high"]


def test_a_small_group_that_chance_has_spared_does_not_hide_a_large_one() -> None:
    found = judged({"m": (0.4, 1000), "f": (0.2, 1000), "x": (0.0, 5)})

    assert (found.verdict, found.evidence["least_favoured"]) == ("breach", "f")


def test_where_the_positive_class_is_a_refusal_who_is_not_refused_is_selected() -> None:
    harmless, harmful = {"m": (0.05, 3000), "f": (0.15, 3000)}, {"m": (0.4, 3000), "f": (0.7, 3000)}

    assert judged(harmless).verdict == "breach"
    assert judged(harmless, adverse=True).verdict == "quiet"
    assert judged(harmful, adverse=True).what.startswith("sex f gets the favourable class 30.0% of the time, 50% as")


def test_a_group_that_is_never_selected_warns() -> None:
    assert of_window(0, 300).verdict == "breach"
    assert of_window(150, 300).verdict == "breach"
    assert of_window(245, 300).verdict == "quiet"


def test_windows_that_are_not_complete_and_segments_are_passed_over() -> None:
    assert four_fifths_findings([observation(RATIO, 0.1, high=0.2, complete=False)], Budget()) == ()
    assert four_fifths_findings([observation(RATIO, 0.1, high=0.2, segment="north")], Budget()) == ()
