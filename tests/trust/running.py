"""The same loop for every tool: show it the streams of a grid, write down what it said of each window."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeAlias

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
Tool: TypeAlias = Callable[[Cell, Window], Looker]
"""From a reference to what looks at the windows in their order, and says something under one or more names."""
KEPT = ("calm", "any", "hit", "raised", "score", "own")
"""By window: alarms before it counts, of any column, of the drifting one, that began; the largest score, its score."""


def run(
    tool: Tool, *, all_columns: bool = False, errors: bool = False, learns: bool = False, skipped: Sequence[str] = ()
) -> None:
    """``GRID OUT SECONDS``: the first run of every cell, then the second, as long as the seconds of CPU time suffice.

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
    """
    grid, out, seconds = Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3])
    deadline = time.process_time() + seconds
    cells = [cell for c in json.loads(grid.read_text()) if (cell := Cell(**c)).stream not in skipped]
    with out.open("w") as file:
        for number in range(max(cell.runs for cell in cells)):
            for cell in cells:
                if number >= cell.runs or (cell.stream == "concept" and not errors):
                    continue
                if time.process_time() > deadline:
                    return
                everything = all_columns or not STREAMS[cell.stream].drifts
                for line in _one(tool, cell, number, all_columns=everything, learns=learns):
                    file.write(json.dumps(line) + "\n")
                file.flush()


def _one(
    tool: Tool, cell: Cell, number: int, *, all_columns: bool, learns: bool
) -> Sequence[Mapping[str, object]]:  # fmt: skip
    reference, windows = draw(cell, number, () if all_columns else (DRIFTING,))
    look = tool(cell, reference)
    watched = "errors" if cell.stream == "concept" else DRIFTING
    kept: dict[str, dict[str, list[float]]] = {}
    for i, window in enumerate(windows):
        if learns or watched == "errors" or i >= cell.before:
            for name, said in look(window).items():
                _keep(kept.setdefault(name, {k: [] for k in KEPT}), said, watched, calm=i < cell.before)
    return [{"tool": name, "cell": asdict(cell), "run": number, **k} for name, k in kept.items()]


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
