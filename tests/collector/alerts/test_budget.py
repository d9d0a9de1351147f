import pytest

from miops_collector.alerts import SHARES, Budget, evaluations_per_month
from tests.collector.alerts.makers import DAY, window


def test_shares_sum_to_one():
    assert sum(SHARES.values()) == pytest.approx(1.0)


def test_all_tests_of_a_month_together_spend_the_share_of_the_family():
    evaluations = evaluations_per_month(window(0, DAY))

    assert Budget(2.0).level("quality", evaluations=evaluations, tests=10) * evaluations * 10 == pytest.approx(0.2)


def test_a_wasteful_budget_never_asks_for_more_than_a_coin_flip():
    assert Budget(1e6).level("drift", evaluations=30.0) == 0.5
