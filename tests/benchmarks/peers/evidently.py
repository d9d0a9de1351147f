"""Evidently's data drift preset: ``REFERENCE CURRENT``, runs in its own environment."""

from __future__ import annotations

import json
import sys
import time

import pandas as pd


def main(reference_file: str, current_file: str) -> None:
    sys.path.pop(0)  # this folder: this file has the name of what it imports
    from evidently import Report
    from evidently.presets import DataDriftPreset

    reference, current = (pd.read_parquet(path) for path in (reference_file, current_file))
    began = time.perf_counter()
    Report([DataDriftPreset()]).run(current, reference).dict()
    print(json.dumps({"seconds": time.perf_counter() - began}))


if __name__ == "__main__":
    main(*sys.argv[1:])
