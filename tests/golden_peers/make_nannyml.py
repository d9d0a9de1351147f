"""Record what NannyML says: ``.venvs/nannyml/bin/python -m tests.golden_peers.make_nannyml``."""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path

import numpy as np

from tests.golden_peers.cases import CASES, PERIODS, START, STEP_SECONDS

METHODS = {
    "numeric": ("jensen_shannon", "hellinger", "wasserstein", "kolmogorov_smirnov"),
    "categorical": ("jensen_shannon", "hellinger", "l_infinity", "chi2"),
}


def main() -> None:
    """Of each method value, threshold, alert and number of chunks: of ten chunks, of hours and of days."""
    import pandas as pd
    from nannyml.chunk import DefaultChunker, PeriodBasedChunker
    from nannyml.drift.univariate.calculator import DEFAULT_THRESHOLDS
    from nannyml.drift.univariate.methods import FeatureType, MethodFactory

    kinds = {"numeric": FeatureType.CONTINUOUS, "categorical": FeatureType.CATEGORICAL}
    chunkers = {"": DefaultChunker()} | {p: PeriodBasedChunker(timestamp_column_name="t", offset=p) for p in PERIODS}
    said, thresholds = {}, {}
    for kind, cases in CASES.items():
        for case, (reference, current) in cases().items():
            times = pd.Series(pd.to_datetime(START + STEP_SECONDS * np.arange(len(reference)), unit="s"), name="t")
            for name in METHODS[kind]:
                for label, chunker in chunkers.items():
                    method = MethodFactory.create(
                        key=name, feature_type=kinds[kind], chunker=chunker, threshold=DEFAULT_THRESHOLDS[name]
                    )
                    method.fit(pd.Series(reference, name="x"), times if label else None)
                    value = float(method.calculate(pd.Series(current, name="x")))
                    alert, upper = bool(method.alert(value)), method.upper_threshold_value
                    assert method.lower_threshold_value is None
                    said.setdefault(f"{kind}/{case}/{name}", [value, alert])
                    chunks = len(chunker.split(pd.DataFrame({"x": reference, "t": times})))
                    upper = None if upper is None else float(upper)
                    thresholds[f"{kind}/{case}/{name}/{label}"] = [upper, alert, chunks]
    out = {"package": "nannyml", "version": version("nannyml"), "said": said, "thresholds": thresholds}
    (Path(__file__).parent / "nannyml.json").write_text(json.dumps(out, indent=1) + "\n")


if __name__ == "__main__":
    main()
