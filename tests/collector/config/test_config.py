from __future__ import annotations

from math import gcd

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from miops_collector.config import AlarmConfig, Config
from miops_collector.panes.ages import Ages
from miops_collector.settings import settings_of
from miops_collector.window import NANOS, format_length

HOUR, DAY = 3600 * NANOS, 86_400 * NANOS


@pytest.mark.parametrize(
    ("windows", "pane"),
    [(("1h", "1d"), "5m"), (("1h", "90m"), "5m"), (("7d", "30d"), "12h"), (("1d",), "2h"), (("1h", "7m"), "30s")],
)
def test_a_pane_divides_every_window_and_is_at_most_a_twelfth_of_the_smallest(
    windows: tuple[str, ...], pane: str
) -> None:
    assert format_length(Config(windows=windows).pane_nanos) == pane


LENGTHS = st.builds(lambda n, unit: f"{n}{unit}", st.integers(1, 60), st.sampled_from("smhdw"))


@given(st.lists(LENGTHS, min_size=1, max_size=4))
@settings(deadline=None, max_examples=200)
def test_any_windows_have_panes_that_can_age(windows: list[str]) -> None:
    config = Config(windows=tuple(windows))

    pane = config.pane_nanos
    assert gcd(pane, *config.window_nanos) == pane <= config.window_nanos[0] // 12
    levels = settings_of(config).levels
    assert Ages(levels).length_at(0) == pane
    assert all(kept >= 48 * config.window_nanos[0] for _, kept in levels[:-1])


def test_old_panes_are_as_long_as_the_defaults_say() -> None:
    assert settings_of(Config()).levels == ((HOUR // 12, 2 * DAY), (HOUR, 14 * DAY), (DAY, 90 * DAY), (30 * DAY, 0))


def test_shares_that_do_not_sum_to_one_are_refused() -> None:
    AlarmConfig.model_validate({"shares": {"drift": 0.7, "performance": 0.1}})
    with pytest.raises(ValidationError, match=r"sum to 1\.2, not to 1"):
        AlarmConfig.model_validate({"shares": {"drift": 0.7}})
