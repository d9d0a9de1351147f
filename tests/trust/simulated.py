"""Parts of ``docs/trust.md`` from simulations of our own: all alarms together, losses, the recipe's figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from tests.trust.tables import delay_of, spread, table
from tests.trust.tally import interval

__all__ = ["PARTS", "joined", "key_figures", "of_losses", "together", "within_budget"]

PARTS = ("whole", "losses", "recipe")
"""Names under which :mod:`tests.trust.whole` makes them."""
MONTH = 720.0
FAMILIES = {
    "drift": "drift", "performance": "performance", "estimated_performance": "estimates", "quality": "quality",
    "four_fifths": "fairness (of quality's part)", "silence": "silence",
}  # fmt: skip
SHARES = {"drift": 0.5, "performance": 0.3, "estimates": 0.1, "quality": 0.1}


def joined(pieces: Sequence[Sequence[Mapping[str, Any]]]) -> list[dict[str, Any]]:
    """Simulations of the same streams by several processes, as one."""
    found: dict[str, dict[str, Any]] = {}
    for entry in (e for piece in pieces for e in piece):
        one = found.setdefault(entry["stream"], {"stream": entry["stream"], "hours": 0, "raised": Counter()})
        one["hours"] += entry["hours"]
        one["raised"].update(entry["raised"])
    return [{**one, "raised": dict(one["raised"])} for one in found.values() if one["hours"]]


def within_budget(entries: Sequence[Mapping[str, Any]]) -> tuple[bool, str]:
    """Whether all alarms of a model together are less than one a month with the whole of the interval, and that."""
    raised, months = sum(_sum(e) for e in entries), sum(e["hours"] for e in entries) / MONTH
    value, low, high = (x / 1000 for x in interval(raised, months))
    told = f"{raised} in {months:.1f} model-months: {value:.2g} ({low:.2g}–{high:.2g}) a month"
    return high <= 1.0, told


def together(entries: Sequence[Mapping[str, Any]]) -> str:
    text = (
        "## All alarms together where nothing changes\n\nA binary classifier with calibrated scores, four numbers, a "
        "category and a sensitive group; 100 rows an hour, truth a day late; windows of an hour and a day. Its rows "
        "went through a collector's engine with drift, labels, estimates, quality and fairness on, one false alarm a "
        f"month for all of them: {', '.join(f'{name} {share:g}' for name, share in SHARES.items())}, which is 1. "
        "Alarms raised, by family; 95 % interval of all of them a month. Months begin after the week that is learned "
        "from; an alarm in that week would count.\n"
    )
    rows = [
        [
            e["stream"], f"{e['hours'] / MONTH:.1f}", *(str(e["raised"].get(rule, 0)) for rule in FAMILIES),
            within_budget([e])[1].partition(": ")[2],
        ]
        for e in entries
    ]  # fmt: skip
    return f"{text}\n{table(['stream', 'model-months', *FAMILIES.values(), 'all'], rows)}"


def of_losses(entries: Sequence[Mapping[str, Any]]) -> str:
    """The betting e-detector's false alarms and delays."""
    shifts = [name for name in entries[0] if name.startswith("x")]
    text = (
        "## Losses that are real numbers\n\nErrors of a regression, 200 labels an hour, a reference of 10,000; "
        "an e-detector bets that their mean is above the reference's bound (2 % more is ignored). One false alarm a "
        "month, all of it for this alarm; windows until losses that are larger by so much are found.\n"
    )
    rows = [
        [e["law"], f"{spread(e['alarms'], 1000 * e['months'])} of {e['months']:.0f}", *(delay_of(e[s]) for s in shifts)]
        for e in entries
    ]
    head = ["law", "false alarms a month, of months", *(f"× {s[1:]}" for s in shifts)]
    return f"{text}\n{table(head, rows)}"


def key_figures(entries: Sequence[Mapping[str, Any]]) -> str:
    text = (
        "## Key figures of the recipe\n\nThe alarms follow a measured recipe; its figures, and ours by the same "
        "simulations (all of the budget for drift there). Rates are met if their 95 % interval reaches down to the "
        "recipe's, delays if the median is no larger, of 600 columns, 60 models and 1,000 streams of labels. Medians "
        "of the recipe are of fewer: *met within chance* says that one of as few of our runs is that small in more "
        "than 2.5 % of cases.\n"
    )
    rows = [[e["what"], f"{e['recipe']:g}", e["shown"], _verdict(e)] for e in entries]
    return f"{text}\n{table(['figure', 'recipe', 'ours', ''], rows)}"


def _verdict(entry: Mapping[str, Any]) -> str:
    if not entry["met"]:
        return "**not met**"
    return f"met within chance of {entry['by_chance']} runs" if "by_chance" in entry else "met"


def _sum(entry: Mapping[str, Any]) -> int:
    return sum(entry["raised"].values())
