"""What recording adds to one call of a model on the caller's thread, in the process of a model server."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from tests.benchmarks.harness.result import Result, Run, result

__all__ = ["measure"]

PROGRAM = "tests.benchmarks.instrumentation_cost"
CASES = {
    "unsampled": ("unsampled parent", "numpy", "one row, span not sampled"),
    "sampled": ("sampled root", "numpy", "one row, span sampled"),
    "mixed_frame": ("unsampled parent", "mixed frame", "one-row pandas frame of mixed types, span not sampled"),
}
PACES = {"hot": "in a hot loop", "paced": "at one call a millisecond, caches cold"}


def measure(run: Run) -> Iterator[Result]:
    rounds = 1 if run.quick else 2
    for name, (mode, case, about) in list(CASES.items())[: 1 if run.quick else None]:
        runs = [_added(mode, case) for _ in range(rounds)]
        for pace, paced in PACES.items():
            for figure in ("p50", "p99", "cpu"):
                alone = [r[pace][f"span_{figure}"] * 1e-6 for r in runs if f"span_{figure}" in r[pace]]
                yield result(
                    f"call_cost.{pace}_{figure}_seconds.{name}", [r[pace][figure] * 1e-6 for r in runs], "s",
                    f"{about}, {paced}: {'CPU time of the thread' if figure == 'cpu' else figure}, added",
                    peers={"the same span alone, by the SDK": alone} if alone else None,
                )  # fmt: skip
    if not run.quick:
        runs = [_added("unsampled parent", "10k batch, forest")["hot"] for _ in range(rounds)]
        share = "added to a batch of 10,000 rows with 20 features, as a share of a forest's own time"
        for name, figure, about in (
            ("batch_share", "p50", "by the clock, one batch after the other: encoding of the one before included"),
            ("batch_cpu_share", "cpu", "CPU time of the calling thread"),
        ):
            found = [r[figure] / r[f"base_{figure}"] for r in runs]
            yield result(f"call_cost.{name}", found, "1", f"{share}: {about}")


def _added(mode: str, case: str) -> dict[str, Any]:
    """Microseconds, from a process of its own."""
    command = [sys.executable, "-m", PROGRAM, "--one", mode, case]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    return dict(json.loads(done.stdout.splitlines()[-1]))
