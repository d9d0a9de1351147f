"""NannyML: Jensen–Shannon against the mean + 3 standard deviations of its reference chunks."""

from __future__ import annotations

import warnings
from collections.abc import Mapping

from tests.trust.running import Look, run
from tests.trust.streams import Cell, Window

__all__ = ["nannyml"]


def nannyml(cell: Cell, reference: Window):
    """Its method objects, as its calculator makes them: fitted on the reference, thresholds from chunks of the window's
    size (ten chunks where the reference has fewer).
    """
    import pandas as pd
    from nannyml.chunk import CountBasedChunker, SizeBasedChunker
    from nannyml.drift.univariate.methods import FeatureType, MethodFactory
    from nannyml.thresholds import StandardDeviationThreshold

    warnings.simplefilter("ignore")
    few = cell.reference < 10 * cell.rows
    chunker = CountBasedChunker(10) if few else SizeBasedChunker(cell.rows, incomplete="drop")
    methods = {}
    for name, values in reference.columns.items():
        then = pd.Series(values, name=name)
        kind = FeatureType.CONTINUOUS if then.dtype.kind == "f" else FeatureType.CATEGORICAL
        methods[name] = MethodFactory.create(
            key="jensen_shannon", feature_type=kind, chunker=chunker, threshold=StandardDeviationThreshold()
        ).fit(then)

    def look(window: Window) -> Mapping[str, Look]:
        scores, alarmed = {}, set()
        for name, values in window.columns.items():
            value = float(methods[name].calculate(pd.Series(values, name=name)))
            scores[name] = value / max(float(methods[name].upper_threshold_value), 1e-9)
            if methods[name].alert(value):
                alarmed.add(name)
        return {"NannyML": Look(frozenset(alarmed), scores)}

    return look


if __name__ == "__main__":
    run(nannyml)
