"""Record what Evidently says: ``.venvs/evidently/bin/python -m tests.golden_peers.make_evidently``."""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path

from tests.golden_peers.cases import CASES, CHOICES, data_set

TESTS = {
    "numeric": ("psi", "jensenshannon", "hellinger", "wasserstein", "ks"),
    "categorical": ("psi", "jensenshannon", "hellinger", "chisquare"),
}


def main() -> None:
    import pandas as pd
    from evidently.legacy.calculations.stattests.registry import get_registered_stattest, get_stattest
    from evidently.legacy.core import ColumnType
    from evidently.legacy.metrics import DatasetDriftMetric
    from evidently.legacy.report import Report

    kinds = {"numeric": ColumnType.Numerical, "categorical": ColumnType.Categorical}
    said = {}
    for kind, cases in CASES.items():
        for case, (reference, current) in cases().items():
            for name in TESTS[kind]:
                test = get_registered_stattest(name, kinds[kind])
                found = test(pd.Series(reference), pd.Series(current), kinds[kind], None)
                said[f"{kind}/{case}/{name}"] = [float(found.drift_score), bool(found.drifted)]
    chosen = {}
    for key, (reference, current) in CHOICES.items():
        kind, pair = kinds[key.split("/")[0]], (pd.Series(reference), pd.Series(current))
        test = get_stattest(*pair, kind, None)
        found = test(*pair, kind, None)
        chosen[key] = [test.name, float(found.drift_score), bool(found.drifted), found.actual_threshold]
    report = Report(metrics=[DatasetDriftMetric()])
    then, now = data_set()
    report.run(reference_data=pd.DataFrame(then), current_data=pd.DataFrame(now))
    result = report.as_dict()["metrics"][0]["result"]
    whole = {k: result[k] for k in ("drift_share", "number_of_columns", "number_of_drifted_columns", "dataset_drift")}
    out = {
        "package": "evidently", "version": version("evidently"), "said": said, "chosen": chosen, "data set": whole,
    }  # fmt: skip
    (Path(__file__).parent / "evidently.json").write_text(json.dumps(out, indent=1) + "\n")


if __name__ == "__main__":
    main()
