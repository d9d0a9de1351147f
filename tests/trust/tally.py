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

__all__ = ["interval", "read", "tally"]

CellKey = tuple[Any, ...]
CATEGORICAL = ("moved", "new_level")


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
    return {
        "calm": [_false_alarms(key, tool, runs) for key, tools in calm.items() for tool, runs in tools.items()],
        "drift": [
            _delays(key, tool, runs, *levels.get(_twin(key), ({}, 0))) for key, tools in drift.items()
            for tool, runs in tools.items()
        ],
    }  # fmt: skip


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
    return ("categorical" if key[0] in CATEGORICAL else "normal", *key[1:])


def _levels(tools: Mapping[str, Sequence[Mapping[str, Any]]]) -> tuple[dict[str, float], int]:
    """For each tool the score that none of as many windows without drift exceeded, and how many windows these are."""
    scores = {tool: [s for run in runs for s in run["score"]] for tool, runs in tools.items()}
    scores = {tool: s for tool, s in scores.items() if s}
    windows = min(map(len, scores.values()), default=0)
    return {tool: max(s[:windows]) for tool, s in scores.items()} if windows else {}, windows


def _delays(
    key: CellKey, tool: str, runs: Sequence[Mapping[str, Any]], levels: Mapping[str, float], windows: int
) -> dict[str, Any]:  # fmt: skip
    entry = {**_named(key, tool), **_first([run["hit"] for run in runs])}
    if tool in levels:
        hits = [[score > levels[tool] for score in run["own"]] for run in runs]
        entry["equal_rate"] = {"windows": windows, **_first(hits)}
    if key[0] == "concept":
        entry["calm_windows"] = sum(len(run["calm"]) for run in runs)
        entry["calm_alarmed"] = sum(sum(run["calm"]) for run in runs)
    return entry


def _first(hits: Sequence[Sequence[float]]) -> dict[str, Any]:
    """Runs, the share in which the drift was found, and the median delay in windows (``None``: not in half of them)."""
    delays = np.array([np.argmax(h) + 1 if any(h) else np.inf for h in hits])
    median = float(np.median(delays))
    return {
        "runs": len(hits), "found": float(np.isfinite(delays).mean()), "delay": median if np.isfinite(median) else None
    }  # fmt: skip
