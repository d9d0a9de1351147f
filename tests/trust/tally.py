"""From what was said of each window to figures: false alarms with intervals, delays at defaults and equal rates."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import chdtri

from tests.trust.streams import STREAMS

__all__ = ["BUDGET", "OURS", "interval", "read", "summed", "tally"]

CellKey = tuple[Any, ...]
CATEGORICAL = ("moved", "new_level")
OURS = "MIOps"
BUDGET = 0.5 / 720
"""False alarms per hourly window: the half of one a month that drift may spend."""
DISTANCES = ("Evidently, any column", "NannyML")
"""Tools whose scores are distances: their squares have the tail of a chi-square."""
FEWEST = 50
"""Windows without drift that a law is fitted to."""
EULER = 0.5772156649015329


def read(files: Iterable[Path]) -> list[dict[str, Any]]:
    return [json.loads(line) for file in files for line in file.read_text().splitlines()]


def interval(count: float, total: float) -> tuple[float, float, float]:
    """Count per 1,000 and its exact 95 % Poisson interval.

    Examples
    --------
    >>> [round(x, 1) for x in interval(2, 1000)]
    [2.0, 0.2, 7.2]
    """
    low = chdtri(2 * count, 0.975) / 2 if count else 0.0
    return 1000 * count / total, 1000 * float(low) / total, 1000 * float(chdtri(2 * count + 2, 0.025)) / 2 / total


def tally(lines: Sequence[Mapping[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """``calm`` and ``drift``: one entry per tool and cell."""
    by_cell: dict[CellKey, dict[str, list[Mapping[str, Any]]]] = defaultdict(lambda: defaultdict(list))
    for line in lines:
        c = line["cell"]
        by_cell[(c["stream"], c["rows"], c["reference"], c["columns"])][line["tool"]].append(line)
    calm = {key: tools for key, tools in by_cell.items() if not STREAMS[key[0]].drifts}
    drift = {key: tools for key, tools in by_cell.items() if STREAMS[key[0]].drifts}
    levels = {key: _levels(tools) for key, tools in calm.items()}
    strict = {key: _strict_levels(tools) for key, tools in calm.items()}
    calm_entries = [_false_alarms(key, tool, runs) for key, tools in calm.items() for tool, runs in tools.items()]
    drift_entries = [
        _delays(key, tool, runs, *levels.get(_twin(key), ({}, 0)), strict.get(_twin(key), {}))
        for key, tools in drift.items()
        for tool, runs in tools.items()
    ]
    return {"calm": calm_entries, "drift": drift_entries}


def _named(key: CellKey, tool: str) -> dict[str, Any]:
    return {**dict(zip(("stream", "rows", "reference", "columns"), key, strict=True)), "tool": tool}


def _false_alarms(key: CellKey, tool: str, runs: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    windows = sum(len(run["any"]) for run in runs)
    return {
        **_named(key, tool), "windows": windows, "alarmed": sum(sum(run["any"]) for run in runs),
        "raised": sum(sum(run["raised"]) for run in runs),
    }  # fmt: skip


def _twin(key: CellKey) -> CellKey:
    """The stream without drift that is otherwise the same."""
    twin = "none" if key[0] == "concept" else "categorical" if key[0] in CATEGORICAL else "normal"
    return (twin, *key[1:])


def _levels(tools: Mapping[str, Sequence[Mapping[str, Any]]]) -> tuple[dict[str, float], int]:
    """For each tool the score that none of as many windows without drift exceeded, and how many windows these are."""
    scores = {tool: [s for run in runs for s in run["score"]] for tool, runs in tools.items()}
    scores = {tool: s for tool, s in scores.items() if s}
    windows = min(map(len, scores.values()), default=0)
    return {tool: max(s[:windows]) for tool, s in scores.items()} if windows else {}, windows


def _strict_levels(tools: Mapping[str, Sequence[Mapping[str, Any]]]) -> dict[str, float]:
    """For each tool but ours the score that a window without drift exceeds as often as our budget allows.

    That is seldom: it is read off Gumbel's law of maxima, fitted by moments to the largest scores of the windows.
    """
    found = {}
    for tool, runs in tools.items():
        power = 2 if tool in DISTANCES else 1
        scores = np.array([s for run in runs for s in run["score"]]) ** power
        if not tool.startswith(OURS) and len(scores) >= FEWEST:
            scale = float(scores.std()) * 6**0.5 / np.pi
            level = float(scores.mean()) - EULER * scale - scale * float(np.log(-np.log1p(-BUDGET)))
            found[tool] = level ** (1 / power)
    return found


def _delays(
    key: CellKey, tool: str, runs: Sequence[Mapping[str, Any]], levels: Mapping[str, float], windows: int,
    strict: Mapping[str, float],
) -> dict[str, Any]:  # fmt: skip
    entry = {**_named(key, tool), **_first([run["hit"] for run in runs])}
    if tool in levels:
        hits = [[score > levels[tool] for score in run["own"]] for run in runs]
        entry["equal_rate"] = {"windows": windows, **_first(hits)}
    if tool in strict:
        entry["at_budget"] = _first([[score > strict[tool] for score in run["own"]] for run in runs])
    elif tool.startswith(OURS) and strict:
        entry["at_budget"] = _first([run["hit"] for run in runs])
    if key[0] == "concept":
        entry["calm_windows"] = sum(len(run["calm"]) for run in runs)
        entry["calm_alarmed"] = sum(sum(run["calm"]) for run in runs)
    return entry


def _first(hits: Sequence[Sequence[float]]) -> dict[str, Any]:
    """By run the delay in windows (``None``: not found), the share of runs that found it, and their median delay."""
    delays = [int(np.argmax(h)) + 1 if any(h) else None for h in hits]
    return {"delays": delays, **summed(delays)}


def summed(delays: Sequence[int | None]) -> dict[str, Any]:
    """``found`` and ``delay`` of some runs; the median is ``None`` where it was not found in half of them."""
    known = np.array([np.inf if d is None else d for d in delays])
    median = float(np.median(known))
    return {"found": float(np.isfinite(known).mean()), "delay": median if np.isfinite(median) else None}
