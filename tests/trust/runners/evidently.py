"""Evidently: its default test of each column, and its dataset drift (half of the columns)."""

from __future__ import annotations

import warnings
from collections.abc import Mapping

from tests.trust.running import Look, run
from tests.trust.streams import Cell, Window

__all__ = ["evidently"]

DATASET_SHARE = 0.5


def evidently(cell: Cell, reference: Window):
    """The tests that its data drift preset chooses, called without drawing its report, which takes seconds.

    The choice is made with the first window: it depends on the reference and on how many distinct values there are.
    """
    import pandas as pd
    from evidently.legacy.calculations.stattests.registry import get_stattest

    warnings.simplefilter("ignore")
    then = {name: pd.Series(values).dropna() for name, values in reference.columns.items()}
    tests = {}
    kinds = {name: "num" if s.dtype.kind == "f" else "cat" for name, s in then.items()}

    def look(window: Window) -> Mapping[str, Look]:
        scores, alarmed = {}, set()
        for name, values in window.columns.items():
            now = pd.Series(values).dropna()
            test = tests.setdefault(name, None) or get_stattest(then[name], now, kinds[name], None)
            tests[name] = test
            found = test(then[name], now, kinds[name], None)
            scores[name] = _score(test.name, float(found.drift_score), float(found.actual_threshold))
            if found.drifted:
                alarmed.add(name)
        said = {"Evidently, any column": Look(frozenset(alarmed), scores)}
        if len(scores) == cell.columns:
            most = frozenset(alarmed) if len(alarmed) >= DATASET_SHARE * cell.columns else frozenset()
            said["Evidently, half of the columns"] = Look(most, {})
        return said

    return look


def _score(test: str, value: float, threshold: float) -> float:
    """Distances as parts of their threshold, p-values by their logarithm."""
    import math

    if test in ("ks", "chisquare", "z"):
        return -math.log10(max(value, 1e-300)) / -math.log10(threshold)
    return value / threshold


if __name__ == "__main__":
    run(evidently)
