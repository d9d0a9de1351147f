"""``make trust``: show all tools the same streams, and write ``docs/trust.json``, ``docs/trust.md`` and a picture."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from tests.benchmarks.harness.peers import Absent, installed
from tests.benchmarks.harness.result import Run
from tests.trust.grid import grid
from tests.trust.page import fixed_rules, floors, page
from tests.trust.simulated import PARTS, joined
from tests.trust.streams import SURVEY, Cell
from tests.trust.tally import read, tally

__all__ = ["main"]

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / ".benchmarks" / "trust"
TOOLS = {
    "miops": "",
    "miops_independent": "",
    "evidently": "evidently",
    "nannyml": "nannyml",
    "alibi_detect": "alibi-detect",
    "river": "river",
}
"""Runner and the environment it needs; ours is this one."""
PARQUET = ROOT.parent / "shared" / "data" / "employment_ma.parquet"
BEGIN, END = "<!-- fixed rules: begin, by make trust -->", "<!-- fixed rules: end -->"
LEFT_OUT = ("id", "year", "employed", "prediction")
OURS_SECONDS, PEER_SECONDS, WHOLE_SECONDS, LONGER = 1200.0, 360.0, 600.0, 10.0
"""Of CPU time, and how many times longer the long grid may take."""


def main(arguments: Sequence[str] | None = None) -> int:
    """0 if the floors are met."""
    parser = argparse.ArgumentParser(prog="python -m tests.trust", description=__doc__)
    parser.add_argument("--long", action="store_true", help="more sizes, windows and seeds: some hours")
    parser.add_argument(
        "--only", nargs="*", choices=[*TOOLS, *PARTS], help="run these; of the others what was kept counts"
    )
    parser.add_argument("--write", action="store_true", help="run nothing: write the pages from what was kept")
    given = parser.parse_args(arguments)
    kept = KEPT / ("long" if given.long else "short")
    kept.mkdir(parents=True, exist_ok=True)
    for tool in TOOLS:
        cells = [c for c in grid(long=given.long, ours=tool == "miops") if c.stream != "survey" or _survey()]
        if given.write or (given.only is not None and tool not in given.only):
            continue
        _run(tool, cells, kept, long=given.long)
    for part in PARTS:
        if not given.write and (given.only is None or part in given.only):
            _simulate(part, kept, long=given.long)
    return _write(kept, long=given.long)


def _survey() -> bool:
    """Whether there are survey rows; they are unpacked once."""
    if not SURVEY.exists() and PARQUET.exists():
        table = pq.read_table(PARQUET)
        columns = [table.column(name).to_numpy() for name in table.column_names if name not in LEFT_OUT]
        plain = [c.astype(np.float64) if c.dtype.kind in "if" else c.astype(np.str_) for c in columns]
        np.savez_compressed(SURVEY, **{f"c{i}": column for i, column in enumerate(plain)})
    return SURVEY.exists()


def _run(tool: str, cells: Sequence[Cell], kept: Path, *, long: bool) -> None:
    try:
        python, version = _python(tool)
    except Absent as why:
        print(f"{tool}: skipped, {why}", flush=True)
        return
    file = kept / f"{tool}.grid.json"
    file.write_text(json.dumps([asdict(cell) for cell in cells]))
    seconds = (PEER_SECONDS if TOOLS[tool] else OURS_SECONDS) * (LONGER if long else 1.0)
    began = time.monotonic()
    program = f"tests.trust.runners.{tool}"
    _quietly([python, "-m", program, str(file), str(kept / f"{tool}.jsonl"), str(seconds)], tool)
    print(f"{tool} {version}: {time.monotonic() - began:.0f} s", flush=True)


def _simulate(part: str, kept: Path, *, long: bool) -> None:
    seconds = str(WHOLE_SECONDS * (LONGER if long else 1.0))
    began = time.monotonic()
    _quietly([sys.executable, "-m", "tests.trust.whole", str(kept / f"{part}.json"), part, seconds], part)
    print(f"{part}: {time.monotonic() - began:.0f} s", flush=True)


def _quietly(command: Sequence[str], what: str) -> None:
    """On one core, without the warnings of others."""
    quiet = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    quiet["PYTHONWARNINGS"] = "ignore"
    done = subprocess.run(command, cwd=ROOT, env=quiet, check=False, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        raise SystemExit(f"{what} failed:\n{done.stderr[-2000:]}")


def _python(tool: str) -> tuple[str, str]:
    if not TOOLS[tool]:
        return sys.executable, "as it is here"
    peer = installed(Run(KEPT, ROOT / ".venvs"), TOOLS[tool])
    return str(peer.python), peer.version


def _write(kept: Path, *, long: bool) -> int:
    figures = {"long": long, **tally(read(sorted(kept.glob("*.jsonl"))))}
    figures |= {part: found for part in PARTS if (found := _simulated(kept, part))}
    text = page(figures)
    print(text)
    out = ROOT / "docs"
    (out / "trust.md").write_text(text)
    _tell(out / "statistics.md", fixed_rules(figures))
    (out / "trust.json").write_text(_one_entry_a_line(figures))
    _draw(out)
    return 0 if all(floor.met for floor in floors(figures)) else 1


def _simulated(kept: Path, part: str) -> list[dict[str, Any]]:
    """What was kept; several processes may have simulated models, each in a file of its own."""
    pieces = [json.loads(file.read_text()) for file in sorted(kept.glob(f"{part}*.json"))]
    return joined(pieces) if part == "whole" else [entry for piece in pieces for entry in piece]


def _one_entry_a_line(figures: Mapping[str, Any]) -> str:
    lists = {name: ",\n".join(map(json.dumps, figures[name])) for name in ("calm", "drift", *PARTS) if name in figures}
    parts = [f'"long": {json.dumps(figures["long"])}', *(f'"{name}": [\n{text}\n]' for name, text in lists.items())]
    return "{" + ",\n".join(parts) + "}\n"


def _tell(file: Path, table: str) -> None:
    """Put the table where the page has a place for it."""
    before, _, rest = file.read_text().partition(BEGIN)
    file.write_text(f"{before}{BEGIN}\n\n{table}\n{END}{rest.partition(END)[2]}")


def _draw(out: Path) -> None:
    """With the matplotlib that came with a peer; without it there are no pictures."""
    images = out / "images"
    images.mkdir(exist_ok=True)
    try:
        peer = installed(Run(KEPT, ROOT / ".venvs"), "alibi-detect")
        peer.run([str(Path(__file__).parent / "plot.py"), str(out / "trust.json"), str(images)], 120)
    except Absent as why:
        print(f"no pictures: {why}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
