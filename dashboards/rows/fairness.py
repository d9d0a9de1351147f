"""Whether groups are treated alike, and how many rows say so."""

from __future__ import annotations

from dashboards.builder import Panel, Query, Row
from dashboards.names import by, ends_of, legend, selector, statistic

__all__ = ["FAIRNESS"]

_CHOSEN = selector("model", "version", "window")
_BY_FEATURE = legend("model", "version", "feature")

FAIRNESS = Row(
    "Fairness",
    (
        Panel(
            "Demographic parity difference",
            "How much more often the model decides in favour of the most favoured group than of the least. Dashed: "
            "the interval of 95 %, which holds for all pairs of groups at once.",
            "timeseries",
            (
                Query(
                    statistic("fairness", "demographic_parity_difference") + _CHOSEN,
                    _BY_FEATURE,
                ),
                *(
                    Query(end + _CHOSEN, f"{told} {_BY_FEATURE}", end=True)
                    for told, end in zip(
                        ("from", "to"), ends_of("fairness", "demographic_parity_difference"), strict=True
                    )
                ),
            ),
        ),
        Panel(
            "Selection rate by group",
            "Share of each group that the model decides in favour of; groups that are too small are left out.",
            "timeseries",
            (Query(statistic("fairness", "selection_rate") + _CHOSEN, legend("model", "feature", "group")),),
            unit="percentunit",
        ),
        Panel(
            "Exposure by group in ranked lists",
            "How visible the rows of each group are in the lists they are ranked in, relative to how many they are: "
            "1 = as rows are on average. Of models whose rows say their place in a list.",
            "timeseries",
            (Query(statistic("fairness", "exposure") + _CHOSEN, legend("model", "feature", "group")),),
        ),
        Panel(
            "Rows by group",
            "How many rows each group has.",
            "bargauge",
            (
                Query(
                    f"max by ({by('model', 'feature', 'group')}) ({statistic('fairness', 'group_rows')}{_CHOSEN})",
                    legend("model", "feature", "group"),
                ),
            ),
        ),
    ),
)
