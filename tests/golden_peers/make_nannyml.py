"""Record what NannyML says: ``.venvs/nannyml/bin/python -m tests.golden_peers.make_nannyml``."""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path

from tests.golden_peers.cases import CASES

METHODS = {
    "numeric": ("jensen_shannon", "hellinger", "wasserstein", "kolmogorov_smirnov"),
    "categorical": ("jensen_shannon", "hellinger", "l_infinity", "chi2"),
}


def main() -> None:
    import pandas as pd
    from nannyml.chunk import CountBasedChunker
    from nannyml.drift.univariate.methods import FeatureType, MethodFactory
    from nannyml.thresholds import StandardDeviationThreshold

    kinds = {"numeric": FeatureType.CONTINUOUS, "categorical": FeatureType.CATEGORICAL}
    said = {}
    for kind, cases in CASES.items():
        for case, (reference, current) in cases().items():
            for name in METHODS[kind]:
                method = MethodFactory.create(
                    key=name, feature_type=kinds[kind], chunker=CountBasedChunker(10),
                    threshold=StandardDeviationThreshold(),
                )  # fmt: skip
                method.fit(pd.Series(reference, name="x"))
                value = float(method.calculate(pd.Series(current, name="x")))
                said[f"{kind}/{case}/{name}"] = [value, bool(method.alert(value))]
    out = {"package": "nannyml", "version": version("nannyml"), "said": said}
    (Path(__file__).parent / "nannyml.json").write_text(json.dumps(out, indent=1) + "\n")


if __name__ == "__main__":
    main()
