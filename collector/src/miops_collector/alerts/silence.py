"""The alarm on a model that had rows and has none any more."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from miops import semconv
from miops_collector.alerts.finding import Finding
from miops_collector.alerts.lifecycle import Lifecycle
from miops_collector.report import ModelKey
from miops_collector.window import Window, format_length, parse_length

__all__ = ["SILENCE", "silence_finding", "usual_silence"]

SILENCE: Final = "silence"
"""Name of the rule."""
MONTH: Final = parse_length("30d")
FEWEST: Final = 48
WINDOWS, LONGER = 6, 2.0
LIFE: Final = Lifecycle(close_after=1, rejoin_within=0)


def usual_silence(starts: NDArray[np.int64], window: int) -> int:
    """How long no rows may come before something is wrong, nanoseconds; 0 while too little is known.

    Twice the longest silence of the last month, nights and weekends among them, and at least six windows.

    Parameters
    ----------
    starts
        Of the panes that have rows, rising.
    window
        Length of the smallest window.

    Examples
    --------
    >>> hour = 3600 * 10**9
    >>> nights = np.array([d * 24 + h for d in range(7) for h in range(8, 20)]) * hour
    >>> usual_silence(nights, hour) // hour
    26
    """
    lately = starts[starts >= starts[-1] - MONTH] if len(starts) else starts
    if len(lately) < FEWEST or lately[-1] - lately[0] < FEWEST * window // 2:
        return 0
    return int(max(LONGER * float(np.diff(lately).max()), WINDOWS * window))


def silence_finding(model: ModelKey, window: Window, *, silent: int, allowed: int) -> Finding:
    """About the newest complete window: whether it has been silent for longer than is usual."""
    return Finding(
        rule=SILENCE, metric=semconv.METRIC_WINDOW_ROWS, model=model, window=window,
        verdict="breach" if silent > allowed else "quiet", value=0.0, threshold=0.0, severity="critical",
        lifecycle=LIFE, what=f"no rows came for more than {_told(allowed)}, twice the longest silence of a month",
        evidence={"statistic": "silence", "silent_seconds": silent / 1e9, "allowed_seconds": allowed / 1e9},
    )  # fmt: skip


def _told(length: int) -> str:
    hour = parse_length("1h")
    return format_length(length // hour * hour) if length >= hour else format_length(length // 10**9 * 10**9)
