"""alibi-detect: TabularDrift, Kolmogorov–Smirnov or chi-square per column with Bonferroni's correction."""

from __future__ import annotations

import warnings
from collections.abc import Mapping

import numpy as np

from tests.trust.running import Look, run
from tests.trust.streams import Cell, Window

__all__ = ["alibi_detect"]

LEVEL = 0.05


def alibi_detect(cell: Cell, reference: Window):
    """Where fewer columns are shown than the model has, the correction is still for all it has."""
    warnings.simplefilter("ignore")
    from alibi_detect.cd import TabularDrift

    names = list(reference.columns)
    codes = {name: {} for name in names if reference.columns[name].dtype.kind != "f"}
    x = _numbers(reference, names, codes)
    levels = {names.index(name): None for name in codes}
    detector = TabularDrift(x, p_val=LEVEL, categories_per_feature=levels or None)

    def look(window: Window) -> Mapping[str, Look]:
        found = detector.predict(_numbers(window, names, codes), drift_type="feature", return_p_val=True)
        p = dict(zip(names, found["data"]["p_val"].tolist(), strict=True))
        alarmed = frozenset(name for name in names if p[name] < LEVEL / cell.columns)
        return {
            "alibi-detect": Look(alarmed, {n: -np.log10(max(p[n], 1e-300)) if p[n] == p[n] else 0.0 for n in names})
        }

    return look


def _numbers(window: Window, names: list[str], codes: dict[str, dict[str, int]]) -> np.ndarray:
    """Levels by number, new ones after all before; it takes no missing values, so they lie beyond all others."""
    columns = []
    for name in names:
        values = window.columns[name]
        if name in codes:
            known = codes[name]
            columns.append([float(known.setdefault(v, len(known))) for v in values.tolist()])
        else:
            columns.append(np.nan_to_num(values, nan=1e6))
    return np.array(columns, dtype=np.float64).T


if __name__ == "__main__":
    run(alibi_detect)
