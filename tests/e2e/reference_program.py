"""A training program that tells what the model was trained on.

Run as ``python reference_program.py ROWS MODEL``.
"""

from __future__ import annotations

import sys

import pandas as pd

import miops


def main(rows_file: str, model: str) -> None:
    rows = pd.read_parquet(rows_file)
    said = miops.Model(
        name=model, version="7", task="binary_classification", classes=("bad", "good"), positive_class="good",
        sensitive=("owner",),
    )  # fmt: skip
    miops.record_reference(
        rows[["age", "income", "job", "owner"]],
        model=said, ground_truth=rows["truth"], prediction=rows["prediction"], score=rows["score"],
    )  # fmt: skip
    assert miops.flush(30)


if __name__ == "__main__":
    main(*sys.argv[1:])
