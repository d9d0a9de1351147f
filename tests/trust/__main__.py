"""``make trust``: show all tools the same streams, and write ``docs/trust.json``, ``docs/trust.md`` and a picture."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from tests.benchmarks.harness.peers import Absent, installed
from tests.benchmarks.harness.result import Run
from tests.trust.grid import grid
from tests.trust.page import floors, page
from tests.trust.streams import SURVEY, Cell
from tests.trust.tally import read, tally

__all__ = ["main"]

ROOT = Path(__file__).resolve().parents[2]
KEPT = ROOT / ".benchmarks" / "trust"
TOOLS = {"miops": "", "evidently": "evidently", "nannyml": "nannyml", "alibi_detect": "alibi-detect", "river": "river"}
"""Runner and the environment it needs; ours is this one."""
PARQUET = ROOT.parent / "shared" / "data" / "employment_ma.parquet"
LEFT_OUT = ("id", "year", "employed", "prediction")
OURS_SECONDS, PEER_SECONDS = 1500.0, 330.0
QUICK_OURS_SECONDS, QUICK_PEER_SECONDS = 240.0, 75.0


def main(arguments: Sequence[str] | None = None) -> int:
    """0 if the floors are met."""
    parser = argparse.ArgumentParser(prog="python -m tests.trust", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a short grid: about ten minutes on one core")
    parser.add_argument("--only", nargs="*", choices=list(TOOLS), help="run these; of the others what was kept counts")
    parser.add_argument("--write", action="store_true", help="run nothing: write the pages from what was kept")
    given = parser.parse_args(arguments)
    kept = KEPT / ("quick" if given.quick else "full")
    kept.mkdir(parents=True, exist_ok=True)
    cells = [c for c in grid(quick=given.quick) if c.stream != "survey" or _survey()]

    for tool in TOOLS:
        if given.write or (given.only is not None and tool not in given.only):
            continue
        _run(tool, cells, kept, quick=given.quick)
    return _write(kept, quick=given.quick)


def _survey() -> bool:
    """Whether there are survey rows; they are unpacked once."""
    if not SURVEY.exists() and PARQUET.exists():
        table = pq.read_table(PARQUET)
        columns = [table.column(name).to_numpy() for name in table.column_names if name not in LEFT_OUT]
        plain = [c.astype(np.float64) if c.dtype.kind in "if" else c.astype(np.str_) for c in columns]
        np.savez_compressed(SURVEY, **{f"c{i}": column for i, column in enumerate(plain)})
    return SURVEY.exists()


def _run(tool: str, cells: Sequence[Cell], kept: Path, *, quick: bool) -> None:
    try:
        python, version = _python(tool)
    except Absent as why:
        print(f"{tool}: skipped, {why}", flush=True)
        return
    file = kept / f"{tool}.grid.json"
    file.write_text(json.dumps([asdict(cell) for cell in cells]))
    seconds = (QUICK_OURS_SECONDS if quick else OURS_SECONDS) if tool == "miops" else None
    seconds = seconds or (QUICK_PEER_SECONDS if quick else PEER_SECONDS)
    began = time.monotonic()
    program = f"tests.trust.runners.{tool}"
    command = [python, "-W", "ignore", "-m", program, str(file), str(kept / f"{tool}.jsonl"), str(seconds)]
    quiet = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=quiet, check=False, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        raise SystemExit(f"{tool} failed:\n{done.stderr[-2000:]}")
    print(f"{tool} {version}: {time.monotonic() - began:.0f} s", flush=True)


def _python(tool: str) -> tuple[str, str]:
    if not TOOLS[tool]:
        return sys.executable, "as it is here"
    peer = installed(Run(KEPT, ROOT / ".venvs"), TOOLS[tool])
    return str(peer.python), peer.version


def _write(kept: Path, *, quick: bool) -> int:
    figures = {"quick": quick, **tally(read(sorted(kept.glob("*.jsonl"))))}
    text = page(figures)
    print(text)
    out = kept if quick else ROOT / "docs"
    (out / "trust.md").write_text(text)
    (out / "trust.json").write_text(json.dumps(figures, indent=1) + "\n")
    _draw(out)
    return 0 if all(floor.met for floor in floors(figures)) else 1


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
