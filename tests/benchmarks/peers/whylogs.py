"""whylogs' profile of a data frame: ``REFERENCE CURRENT``, runs in its own environment."""

from __future__ import annotations

import json
import sys
import time

import pandas as pd


def main(reference_file: str, current_file: str) -> None:
    sys.path.pop(0)  # this folder: this file has the name of what it imports
    import whylogs

    current = pd.read_parquet(current_file)
    began = time.perf_counter()
    whylogs.log(current).view().to_pandas()
    print(json.dumps({"seconds": time.perf_counter() - began}))


if __name__ == "__main__":
    main(*sys.argv[1:])
