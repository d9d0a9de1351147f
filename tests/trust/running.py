"""The same loop for every tool: show it the streams of a grid, write down what it said of each window."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeAlias

from tests.trust.streams import DRIFTING, STREAMS, Cell, Window, draw

__all__ = ["Look", "Tool", "run"]


@dataclass(frozen=True)
class Look:
    """What a tool says of one window.

    ``scores`` by column rise with the evidence and can be compared across columns; empty if the tool has none.
    ``alarmed`` columns are those its default rule alarms for. ``raised`` counts alarms that began.
    """

    alarmed: frozenset[str]
    scores: Mapping[str, float]
    raised: int = 0


Looker: TypeAlias = Callable[[Window], Mapping[str, Look]]
ManyLooker: TypeAlias = Callable[[Sequence[Window]], Sequence[Mapping[str, Look]]]
Tool: TypeAlias = Callable[[Cell, Window], Looker | ManyLooker]
"""From a reference to what looks at the windows in their order, and says something under one or more names."""
KEPT = ("calm", "any", "hit", "raised", "score", "own")
"""By window: alarms before it counts, of any column, of the drifting one, that began; the largest score, its score."""


def run(
    tool: Tool, *, all_columns: bool = False, errors: bool = False, learns: bool = False, skipped: Sequence[str] = (),
    together: int = 0,
) -> None:  # fmt: skip
    """``GRID OUT SECONDS``: run after run of every cell, as long as the seconds of CPU time suffice.

    Parameters
    ----------
    all_columns
        Whether the tool must see all columns to judge the one that drifts; most do not, and it takes them longer.
    errors
        Whether it looks at the errors of a model too.
    learns
        Whether it is to be shown the windows before those that count.
    skipped
        Streams that are not for it.
    together
        So many windows are shown to it at once, one after the other if 0.
    """
    grid, out, seconds = Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3])
    deadline = time.process_time() + seconds
    cells = [cell for c in json.loads(grid.read_text()) if (cell := Cell(**c)).stream not in skipped]
    with out.open("w") as file:
        for cell, number in _in_order(cells, drift_first=not all_columns):
            if cell.stream == "concept" and not errors:
                continue
            if time.process_time() > deadline:
                return
            everything = all_columns or not STREAMS[cell.stream].drifts
            for line in _one(tool, cell, number, all_columns=everything, learns=learns, together=together):
                file.write(json.dumps(line) + "\n")
            file.flush()


def _in_order(cells: Sequence[Cell], *, drift_first: bool) -> list[tuple[Cell, int]]:
    """The first run of every cell, then the others; where drift is one column of many, and cheap, all of it first."""

    def late(place: tuple[Cell, int]) -> tuple[bool, float]:
        cell, number = place
        return drift_first and number > 0 and not STREAMS[cell.stream].drifts, number / cell.runs

    return sorted(((cell, number) for cell in cells for number in range(cell.runs)), key=late)


def _one(
    tool: Tool, cell: Cell, number: int, *, all_columns: bool, learns: bool, together: int
) -> Sequence[Mapping[str, object]]:  # fmt: skip
    reference, windows = draw(cell, number, () if all_columns else (DRIFTING,))
    watched = "errors" if cell.stream == "concept" else DRIFTING
    shown = list(windows)
    first = 0 if learns or watched == "errors" else cell.before
    kept: dict[str, dict[str, list[float]]] = {}
    for i, said in enumerate(_said(tool(cell, reference), shown[first:], together), first):
        for name, look in said.items():
            _keep(kept.setdefault(name, {k: [] for k in KEPT}), look, watched, calm=i < cell.before)
    return [{"tool": name, "cell": asdict(cell), "run": number, **k} for name, k in kept.items()]


def _said(look: Any, windows: Sequence[Window], together: int) -> Iterator[Mapping[str, Look]]:
    if not together:
        yield from map(look, windows)
        return
    for i in range(0, len(windows), together):
        yield from look(windows[i : i + together])


def _keep(kept: dict[str, list[float]], said: Look, watched: str, *, calm: bool) -> None:
    if calm:
        kept["calm"].append(int(bool(said.alarmed)))
        return
    kept["any"].append(int(bool(said.alarmed)))
    kept["hit"].append(int(watched in said.alarmed))
    kept["raised"].append(said.raised)
    if said.scores:
        kept["score"].append(round(max(said.scores.values()), 5))
        kept["own"].append(round(said.scores.get(watched, 0.0), 5))
