"""The survey: whose rows they are, which columns are inputs, and how its years are split."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import as_file, files

import numpy as np
import pandas as pd

__all__ = ["FEATURES", "MODEL", "SENSITIVE", "TRUTH", "VERSION", "Split", "load"]

MODEL, VERSION = "employment", "2015.1"
TRUTH = "employed"
SENSITIVE = ("SEX", "RAC1P")
FEATURES = (
    "AGEP", "SCHL", "MAR", "RELP", "DIS", "ESP", "CIT", "MIG", "MIL", "ANC", "NATIVITY", "DEAR", "DEYE", "DREM",
    "SEX", "RAC1P",
)  # fmt: skip
"""American Community Survey codes: AGEP age in years, SCHL schooling, MAR marital status, RELP relationship …"""
REFERENCE_YEAR = 2015
TOP_AGE = 94.0
"""The survey's top code for age in 2015. In 2017 it became 95, which the drift alarm rightly reports as out of range;
the demo keeps the old code, so that the alarm on age is that of the injected fault."""


@dataclass(frozen=True, slots=True)
class Split:
    """Half of 2015 trains the model, the other half is its reference, later years are served in random order."""

    training: pd.DataFrame
    reference: pd.DataFrame
    served: dict[int, pd.DataFrame]


def load(*, seed: int, share: float = 1.0) -> Split:
    """The survey's rows, shuffled within each year: the file lists them by household, life does not."""
    with as_file(files("miops_collector") / "data" / "employment_ma.parquet") as path:
        frame = pd.read_parquet(path, columns=["id", "year", *FEATURES, TRUTH])
    frame["AGEP"] = frame["AGEP"].clip(upper=TOP_AGE)
    random = np.random.default_rng(seed)
    frame = frame.iloc[random.permutation(len(frame))]
    frame = frame.astype({name: "str" for name in FEATURES if name != "AGEP"})
    years = {int(str(year)): rows.drop(columns="year") for year, rows in frame.groupby("year")}
    first = years.pop(REFERENCE_YEAR)
    half = len(first) // 2
    served = {year: rows.iloc[: int(len(rows) * share)] for year, rows in sorted(years.items())}
    return Split(first.iloc[:half], first.iloc[half:], served)
