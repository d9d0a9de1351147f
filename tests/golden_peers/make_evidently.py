"""Record what Evidently says: ``.venvs/evidently/bin/python -m tests.golden_peers.make_evidently``."""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path

from tests.golden_peers.cases import CASES

TESTS = {
    "numeric": ("psi", "jensenshannon", "hellinger", "wasserstein", "ks"),
    "categorical": ("psi", "jensenshannon", "hellinger", "chisquare"),
}


def main() -> None:
    import pandas as pd
    from evidently.legacy.calculations.stattests.registry import get_registered_stattest
    from evidently.legacy.core import ColumnType

    kinds = {"numeric": ColumnType.Numerical, "categorical": ColumnType.Categorical}
    said = {}
    for kind, cases in CASES.items():
        for case, (reference, current) in cases().items():
            for name in TESTS[kind]:
                test = get_registered_stattest(name, kinds[kind])
                found = test(pd.Series(reference), pd.Series(current), kinds[kind], None)
                said[f"{kind}/{case}/{name}"] = [float(found.drift_score), bool(found.drifted)]
    out = {"package": "evidently", "version": version("evidently"), "said": said}
    (Path(__file__).parent / "evidently.json").write_text(json.dumps(out, indent=1) + "\n")


if __name__ == "__main__":
    main()
