"""What every model version is watched with: lengths of panes and windows, and how panes merge as they age."""

from __future__ import annotations

from dataclasses import dataclass

from miops_collector.config import Config
from miops_collector.dependence import look_backs_of
from miops_collector.statistics.scan import LOOK_BACKS
from miops_collector.window import parse_length

__all__ = ["Settings", "settings_of"]


@dataclass(frozen=True, slots=True)
class Settings:
    """Lengths are nanoseconds of event time; ``levels`` as in :class:`~miops_collector.panes.ages.Ages`."""

    pane: int
    windows: tuple[int, ...]
    lateness: int
    levels: tuple[tuple[int, int], ...]


def settings_of(config: Config) -> Settings:
    """As configured; panes never merge beyond a window while the alarms still look back at it."""
    pane, smallest = config.pane_nanos, config.window_nanos[0]
    kept, whole = LOOK_BACKS[-1] * 2 * smallest, (look_backs_of(smallest)[-1] + LOOK_BACKS[-1]) * smallest
    lengths: list[int] = [pane]
    ages: list[int] = []
    for length, age in sorted((parse_length(k), parse_length(v)) for k, v in config.ageing.items()):
        if length > lengths[-1] and length % lengths[-1] == 0 and age > (ages[-1] if ages else 0):
            lengths.append(length)
            ages.append(max(age, kept, 0 if length <= smallest else whole))
    return Settings(
        pane, config.window_nanos, parse_length(config.lateness), tuple(zip(lengths, [*ages, 0], strict=True))
    )
