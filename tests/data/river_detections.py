"""Makes ``river_detections.json``: where the released River sees changes in the streams below.

Run it in an environment of its own that has ``river==0.26.1``: ``python tests/data/river_detections.py``.
"""

from __future__ import annotations

import json
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Stream = NDArray[np.float64]
BINARY = {"DDM": {}, "EDDM": {}, "HDDMA": {}, "HDDMW": {}, "HDDMA two-sided": {"two_sided_test": True},
          "HDDMW two-sided": {"two_sided_test": True}}  # fmt: skip
ANY = {"ADWIN": {}, "PageHinkley": {}, "PageHinkley up": {"mode": "up"}, "PageHinkley down": {"mode": "down"}}


def errors(seed: int) -> Stream:
    """Zeros and ones: the error rate rises at once, falls, then rises slowly."""
    uniform = np.random.default_rng(seed).random(12_000)
    rate = np.concatenate((np.full(3000, 0.08), np.full(3000, 0.25), np.full(3000, 0.1), np.linspace(0.1, 0.5, 3000)))
    return (uniform < rate).astype(np.float64)


def numbers(seed: int) -> Stream:
    """A column whose mean jumps, whose spread doubles, and whose mean wanders."""
    uniform = np.random.default_rng(seed).random((12_000, 6)).sum(axis=1) - 3
    mean = np.concatenate((np.zeros(3000), np.full(3000, 0.5), np.zeros(3000), np.linspace(0, 2, 3000)))
    spread = np.where(np.arange(12_000) % 6000 < 4500, 1.0, 2.0)
    return mean + spread * uniform


STREAMS = {f"{make.__name__} {seed}": make(seed) for make in (errors, numbers) for seed in range(8)}


def detections(name: str, stream: Stream, options: dict[str, Any]) -> dict[str, list[int]]:
    drift = import_module("river.drift")
    name = name.partition(" ")[0]
    detector = getattr(drift.binary if hasattr(drift.binary, name) else drift, name)(**options)
    changes, warnings = [], []
    for i, x in enumerate(stream.tolist()):
        detector.update(int(x) if name not in ("ADWIN", "KSWIN", "PageHinkley") else x)
        if detector.drift_detected:
            changes.append(i)
        elif getattr(detector, "warning_detected", False):
            warnings.append(i)
    return {"changes": changes, "warnings": [len(warnings), sum(warnings)]}


KSWIN_STREAMS = ("numbers 0", "numbers 1", "errors 0")
KSWIN_SEED = 7


def main() -> None:
    found: dict[str, Any] = {"river": version("river")}
    for stream, values in STREAMS.items():
        detectors = (BINARY | ANY) if stream.startswith("errors") else ANY
        found[stream] = {name: detections(name, values, options) for name, options in detectors.items()}
    for stream in KSWIN_STREAMS:  # slow: a test at every row
        found[stream]["KSWIN"] = detections("KSWIN", STREAMS[stream], {"seed": KSWIN_SEED})
    Path(__file__).with_suffix(".json").write_text(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
