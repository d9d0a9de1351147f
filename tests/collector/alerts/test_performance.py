from math import nan, sqrt

import numpy as np
import pytest

from miops_collector.alerts import Book, Budget, advance, performance_findings
from tests.collector.alerts.makers import MODEL, observation, window

ACCURACY = "miops.performance.accuracy"
AUC = "miops.performance.roc_auc"
RMSE = "miops.performance.rmse"


def accuracy(value, i=0, n=1000.0, reference=0.8, m=5000.0, **changes):
    error = sqrt(value * (1 - value) / n)
    return observation(ACCURACY, value, i, n=n, reference=reference, n_reference=m, standard_error=error, **changes)


def judge(o, budget=None):
    (found,) = performance_findings([o], budget or Budget())
    return found


def test_a_drop_of_eight_points_in_a_thousand_rows_is_an_alarm_that_says_all():
    found = judge(accuracy(0.72))

    assert (found.verdict, found.severity, found.support) == ("breach", "critical", 1000.0)
    assert found.what == "accuracy went from 0.8 in the reference to 0.72 over 1,000 labelled rows"
    assert found.value < found.threshold < 0.8
    assert found.evidence["effect"] == pytest.approx(-0.08)
    assert found.evidence["effect_low"] < -0.08 < found.evidence["effect_high"] < 0
    assert found.evidence["p_value"] < found.evidence["level"] == pytest.approx(0.3 / 720)


def test_the_threshold_is_where_the_verdict_changes():
    bound = judge(accuracy(0.75)).threshold

    assert judge(accuracy(bound - 0.006)).verdict == "breach"
    assert judge(accuracy(bound + 0.006)).verdict in ("hold", "quiet")


@pytest.mark.parametrize("value", [0.8, 0.79, 0.9, 1.0])
def test_better_or_a_little_worse_is_quiet(value):
    assert judge(accuracy(value)).verdict == "quiet"


def test_a_point_is_tolerated_however_many_rows():
    assert judge(accuracy(0.791, n=1e7, m=1e7)).verdict == "quiet"


def test_errors_are_worse_when_larger_and_tolerated_in_proportion():
    def rmse(value):
        return judge(observation(RMSE, value, reference=100.0, n_reference=5000.0, standard_error=1.0))

    assert [rmse(v).verdict for v in (90.0, 101.9, 115.0)] == ["quiet", "quiet", "breach"]
    assert rmse(115.0).threshold > 102.0


@pytest.mark.parametrize(
    "changes",
    [
        {"n": 49.0},
        {"m": 49.0},
        {"m": nan},
        {"reference": nan},
        {"status": "insufficient_data"},
    ],
)
def test_what_cannot_be_judged_is_unknown(changes):
    assert judge(accuracy(0.2, **changes)).verdict == "unknown"


def test_an_unknown_standard_error_is_unknown():
    assert judge(observation(AUC, 0.5, reference=0.9, n_reference=5000.0)).verdict == "unknown"


def test_segments_groups_incomplete_windows_and_other_metrics_are_passed_over():
    others = [
        accuracy(0.2, segment="north"),
        accuracy(0.2, group="F"),
        accuracy(0.2, complete=False),
        observation("miops.performance.f1", 0.2),
    ]

    assert performance_findings(others, Budget()) == ()


def test_statistics_and_lengths_of_windows_share_the_level():
    auc = observation(AUC, 0.7, reference=0.7, n_reference=5000.0, standard_error=0.01)

    found = performance_findings([accuracy(0.8), auc], Budget(), lengths=2)

    assert [f.evidence["level"] for f in found] == pytest.approx([0.3 / 720 / 4] * 2)


def test_late_truth_that_restates_a_window_opens_its_alarm():
    book = advance(Book(), [judge(accuracy(0.8, i)) for i in range(3)], model=MODEL, now=window(2).end)

    book = advance(book, [judge(accuracy(0.65, 1))], model=MODEL, now=window(2).end)

    assert [a.state for a in book.alerts] == ["firing"]


@pytest.mark.parametrize(("rate", "n"), [(0.05, 200), (0.2, 200), (0.2, 2000)])
def test_quiet_models_do_not_alarm_though_truth_trickles_in(rate, n):
    """Windows are looked at ten times while their truth arrives; a level of 2 % over all looks."""
    rng = np.random.default_rng(n)
    budget = Budget(0.02 * 720 / 0.3)
    alarms, windows = 0, 400
    for _ in range(windows):
        wrong = rng.random(n) < rate
        reference = 1 - rng.binomial(5000, rate) / 5000
        looks = [
            accuracy(1 - wrong[:k].mean(), n=float(k), reference=reference) for k in range(n // 10, n + 1, n // 10)
        ]
        alarms += any(f.verdict == "breach" for f in performance_findings(looks, budget))

    assert alarms <= 0.02 * windows


def test_heavy_tailed_errors_do_not_alarm_by_themselves():
    rng = np.random.default_rng(4)
    budget = Budget(0.05 * 720 / 0.3)

    def squares(n):
        return rng.standard_t(5, n) ** 2

    found = []
    for _ in range(300):
        now, before = squares(300), squares(3000)
        value, error = sqrt(now.mean()), now.std() / sqrt(300) / (2 * sqrt(now.mean()))
        found.append(observation(RMSE, value, n=300.0, reference=sqrt(before.mean()), n_reference=3000.0,
                                 standard_error=error))  # fmt: skip

    assert sum(f.verdict == "breach" for f in performance_findings(found, budget)) <= 0.05 * 300
