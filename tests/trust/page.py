"""``docs/trust.md`` from the figures: who alarms without drift, who finds drift how soon, which floors are met."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import inf
from typing import Any

from scipy.stats import binom

from tests.trust import tally
from tests.trust.simulated import key_figures, of_losses, together, within_budget
from tests.trust.streams import STREAMS
from tests.trust.tables import delay_of, spread, table
from tests.trust.tally import OURS, interval, summed

__all__ = ["BUDGET", "Floor", "fixed_rules", "floors", "page"]

BUDGET = 1000 * tally.BUDGET
"""False alarms per 1,000 hourly windows."""
INDEPENDENT = "MIOps, dependence: none"
LOUD = 20.0
CHANCE = 0.05
TOOLS = (
    OURS, INDEPENDENT, "Evidently, any column", "Evidently, half of the columns", "NannyML", "alibi-detect",
    "River ADWIN", "River Page–Hinkley", "PSI > 0.2", "KS p < 0.05",
)  # fmt: skip
WHY = """Why another can be sooner, and what "met" rests on:

- A new level in 2 % of 200 rows is four rows, and 10,000 of the reference have none. alibi-detect's chi-square is sure
  of a single one: its threshold was set on streams where no new level ever comes, so that none is too low for it. Where
  rare levels may come, a rule that alarms for one row is wrong in up to 7 of 1,000 windows, for each such column. Ours
  alarms for three, which chance brings in at most 1.8 of a million (if 3 of 10,000 rows are of the level).
- A ramp is crossed a window sooner or later by chance, in some runs by the one, in others by the other: where a median
  is sooner and a sign test of the runs does not tell the two apart at 5 %, it says so.
- Of peers that are slow few runs, and few windows without drift, could be shown; windows of one model share a
  reference, so intervals are slightly too narrow.
- Our false alarms are those of models of 20 columns (or 17, or 50) that last 25 days after learning.
"""
SIMULATED = {"losses": of_losses, "whole": together, "recipe": key_figures}
HEAD = """# Whose alarms can be trusted

<!-- Written by `make trust`; do not edit. -->

`make trust` shows the same rows to a collector's engine with our default alarms and to the released packages of
Evidently 0.7.23, NannyML 0.13.1, alibi-detect 0.13.0 and River 0.26.1, each in its own environment at its defaults
(`tests/trust/`: the streams are pure functions of a seed). PSI > 0.2 and KS p < 0.05 are fixed rules on our own
statistics. All models have windows of an hour, a budget of one false alarm a month, half of it for drift, and had a
week to learn how rows depend on one another. [statistics.md](statistics.md) explains what it means.
"""


@dataclass(frozen=True)
class Floor:
    """Something promised, and whether it is so."""

    what: str
    met: bool
    detail: str


def floors(figures: Mapping[str, Any]) -> list[Floor]:
    """What issue 5 asks: raised alarms within the budget, and no delay worse than a peer's at an equal rate."""
    calm = [e for e in figures["calm"] if e["tool"] == OURS]
    over = [e for e in calm if interval(e["raised"], e["windows"])[1] > BUDGET]
    raised, windows = sum(e["raised"] for e in calm), sum(e["windows"] for e in calm)
    return [
        Floor("no stream without drift raises more than the budget", not over, "; ".join(map(_place, over))),
        Floor(
            "all of them together raise less, with the whole of the interval", interval(raised, windows)[2] <= BUDGET,
            f"{raised} in {windows} windows: {spread(raised, windows)} per 1,000, budget {BUDGET:.2f}",
        ),
        _sooner("with its thresholds at our budget no peer finds drift sooner, but by chance", figures["drift"], OURS),
        _sooner(
            "the same where we are told, as such thresholds assume, that rows are independent", figures["drift"],
            INDEPENDENT,
        ),
        *_of_ours(figures),
    ]  # fmt: skip


def _of_ours(figures: Mapping[str, Any]) -> Iterator[Floor]:
    if whole := figures.get("whole"):
        yield Floor(
            "all alarms of a model together are fewer than one a month, with the whole of the interval",
            *within_budget(whole),
        )
    if recipe := figures.get("recipe"):
        missed = [e["what"] for e in recipe if not e["met"]]
        yield Floor(
            "the recipe's key figures are met", not missed,
            "; ".join([f"{len(recipe) - len(missed)} of {len(recipe)}", *missed]),
        )  # fmt: skip


def _sooner(what: str, drift: Sequence[Mapping[str, Any]], us: str) -> Floor:
    worse, close, compared = _worse(drift, us)
    told = [f"{compared - len(worse)} of {compared} comparisons", *worse, *(f"by chance: {c}" for c in close)]
    return Floor(what, not worse, "; ".join(told))


def _worse(drift: Sequence[Mapping[str, Any]], us: str) -> tuple[list[str], list[str], int]:
    """Where a peer's median is sooner in the runs both were shown: beyond chance, by chance; how many comparisons.

    Chance is a sign test of the runs at 5 %: were both as soon, as many would be sooner with the one as with the other.
    """
    ours = {_key(e): e["at_budget"] for e in drift if e["tool"] == us and "at_budget" in e}
    found: tuple[list[str], list[str]] = [], []
    compared = 0
    for e in drift:
        if e["tool"] in (OURS, INDEPENDENT, *TOOLS[-2:]) or "at_budget" not in e or _key(e) not in ours:
            continue
        compared += 1
        both = list(zip(e["at_budget"]["delays"], ours[_key(e)]["delays"], strict=False))
        theirs, our = (summed(delays) for delays in zip(*both, strict=True))
        if _rank(theirs) < _rank(our):
            known = [(inf if them is None else them, inf if we is None else we) for them, we in both]
            sooner, later = sum(them < we for them, we in known), sum(them > we for them, we in known)
            told = f"sooner in {sooner} of {len(known)} runs and later in {later}"
            by_chance = float(binom.sf(sooner - 1, sooner + later, 0.5)) > CHANCE
            found[by_chance].append(f"{e['tool']} on {_place(e)}: {delay_of(theirs)} to our {delay_of(our)}, {told}")
    return *found, compared


def _rank(entry: Mapping[str, Any]) -> tuple[float, float]:
    """Sooner first; where neither is found in half of the runs, more often found first."""
    delay = entry["delay"]
    return (inf, -round(entry["found"], 1)) if delay is None else (delay, 0.0)


def page(figures: Mapping[str, Any]) -> str:
    said = [f"- {'met' if f.met else '**not met**'}: {f.what}{f.detail and f' ({f.detail})'}" for f in floors(figures)]
    pictures = "![False alarms against delay](images/trust.png)\n"
    parts = [
        HEAD, "## Floors\n", "\n".join(said) + "\n", WHY, pictures, _calm(figures["calm"]), _default(figures),
        _equal(figures["drift"]), _concept(figures["drift"]),
        *(part(figures[name]) for name, part in SIMULATED.items() if figures.get(name)),
    ]  # fmt: skip
    return "\n".join(parts)


def _calm(calm: Sequence[Mapping[str, Any]]) -> str:
    by_place = _grouped(calm)
    others = TOOLS[1:]
    rows = [[place, _ours(tools[OURS]), *(_rate(tools.get(t)) for t in others)] for place, tools in by_place.items()]
    text = (
        "## Alarms where nothing drifts\n\nWindows with an alarm about any column, per 1,000. Ours with its 95 % "
        f"interval, and in square brackets alarms raised, which the budget of {BUDGET:.2f} is about: one that stays "
        "is one alarm.\n"
    )
    return f"{text}\n{table(['stream', *TOOLS], rows)}"


def fixed_rules(figures: Mapping[str, Any]) -> str:
    """What fixed rules cost, beside ours: the table of ``docs/statistics.md``."""
    rules = TOOLS[-2:]
    rows = [
        [place, *(_rate(tools.get(t)) for t in rules), _rate(tools[OURS])]
        for place, tools in _grouped(figures["calm"]).items()
    ]
    return table(["stream", *rules, OURS], rows)


def _default(figures: Mapping[str, Any]) -> str:
    loud = {(e["tool"], e["rows"]) for e in figures["calm"] if e["stream"] == "normal" and _loud(e)}
    rows = [
        [place, *(delay_of(tools.get(t), loud="†" if (t, _rows(tools)) in loud else "") for t in TOOLS)]
        for place, tools in _grouped(e for e in figures["drift"] if e["stream"] != "concept").items()
    ]
    text = (
        "## Windows until drift is found, at defaults\n\nMedian windows from the onset to the first alarm about the "
        "drifting column; 1 is the first drifted window. In brackets the share of runs in which it was found, where "
        f"it was not always. † more than {LOUD:.0f} false alarms per 1,000 windows of that size: a tool that always "
        "alarms has a delay of 1.\n"
    )
    return f"{text}\n{table(['stream', *TOOLS], rows)}"


def _equal(drift: Sequence[Mapping[str, Any]]) -> str:
    strict, loose = (_rated(drift, kind) for kind in ("at_budget", "equal_rate"))
    windows = sorted({e["equal_rate"]["windows"] for e in drift if "equal_rate" in e}) or [0]
    return (
        "## The same at an equal false-alarm rate\n\nThresholds of the others, of the fixed rules too, set to what a "
        f"window without drift exceeds as seldom as our budget allows, {BUDGET:.2f} in 1,000 (Gumbel's law, fitted to "
        f"the largest score of each window; of distances the squares); ours as it is by default.\n\n{strict}\n"
        "A far looser rate: every threshold, ours too, is the largest score in the same windows without drift, "
        f"{windows[0]} to {windows[-1]} of them. Tools that give no number besides a verdict are left out.\n\n{loose}"
    )


def _rated(drift: Sequence[Mapping[str, Any]], kind: str) -> str:
    chosen = [{**e, **e[kind]} for e in drift if kind in e]
    tools = [t for t in TOOLS if any(e["tool"] == t for e in chosen)]
    rows = [[place, *(delay_of(found.get(t)) for t in tools)] for place, found in _grouped(chosen).items()]
    return table(["stream", *tools], rows)


def _concept(drift: Sequence[Mapping[str, Any]]) -> str:
    rows = [
        [_place(e), e["tool"], spread(e["calm_alarmed"], e["calm_windows"]), delay_of(e)]
        for e in sorted(drift, key=lambda e: (e["rows"], e["tool"])) if e["stream"] == "concept"
    ]  # fmt: skip
    text = (
        "## Concept drift without covariate drift\n\nOnly the errors change: no tool that looks at columns can see it. "
        "Detectors on the errors, at their defaults; ours is the default alarm on truth, of a "
        "classifier that records no scores, at its share of the budget.\n"
    )
    return f"{text}\n{table(['stream', 'detector', 'false alarms per 1,000 windows', 'delay'], rows)}"


def _grouped(entries: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, Mapping[str, Any]]]:
    found: dict[str, dict[str, Mapping[str, Any]]] = {}
    for e in entries:
        found.setdefault(_place(e), {})[e["tool"]] = e
    return {place: tools for place, tools in found.items() if OURS in tools}


def _key(e: Mapping[str, Any]) -> tuple[Any, ...]:
    return e["stream"], e["rows"], e["reference"], e["columns"]


def _place(e: Mapping[str, Any]) -> str:
    return f"{STREAMS[e['stream']].about}; {e['rows']} rows, reference {e['reference']:,}, {e['columns']} columns"


def _rows(tools: Mapping[str, Mapping[str, Any]]) -> int:
    return int(next(iter(tools.values()))["rows"])


def _loud(e: Mapping[str, Any]) -> bool:
    return bool(e["windows"] and 1000 * e["alarmed"] / e["windows"] > LOUD)


def _ours(e: Mapping[str, Any]) -> str:
    return f"{spread(e['alarmed'], e['windows'])} [{_rate({**e, 'alarmed': e['raised']})}] of {e['windows']}"


def _rate(e: Mapping[str, Any] | None) -> str:
    if e is None:
        return ""
    rate = 1000 * e["alarmed"] / e["windows"]
    return f"{rate:.0f}" if rate >= 10 else f"{rate:.2g}"
