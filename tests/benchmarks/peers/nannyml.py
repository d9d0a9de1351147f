"""NannyML's univariate drift: ``REFERENCE CURRENT``, runs in its own environment."""

from __future__ import annotations

import json
import sys
import time

import pandas as pd


def main(reference_file: str, current_file: str) -> None:
    sys.path.pop(0)  # this folder: this file has the name of what it imports
    import nannyml

    reference, current = (pd.read_parquet(path) for path in (reference_file, current_file))
    calculator = nannyml.UnivariateDriftCalculator(
        column_names=list(reference.columns), chunk_number=1,
        continuous_methods=["jensen_shannon", "kolmogorov_smirnov"], categorical_methods=["jensen_shannon", "chi2"],
    )  # fmt: skip
    calculator.fit(reference)
    began = time.perf_counter()
    calculator.calculate(current).to_df()
    print(json.dumps({"seconds": time.perf_counter() - began}))


if __name__ == "__main__":
    main(*sys.argv[1:])
