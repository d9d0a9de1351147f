"""Record what Fairlearn and Aequitas say: ``python -m tests.golden_peers.make_fairness`` where both are installed.

The rows are those of ``tests/data/fairness_golden.json``, to which the answers are written.
"""

from __future__ import annotations

import json
import warnings
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

FILE = Path(__file__).resolve().parents[1] / "data" / "fairness_golden.json"
AEQUITAS = {
    "selection_rate": "pprev", "true_positive_rate": "tpr", "false_positive_rate": "fpr", "false_negative_rate": "fnr",
    "precision": "precision",
}  # fmt: skip


def main() -> None:
    warnings.simplefilter("ignore")
    given = json.loads(FILE.read_text())["rows"]
    group, truth = np.array(list(given["group"])), np.array(list(given["truth"]), int)
    score, actual, predicted = (np.array(given[name]) for name in ("score", "actual", "predicted"))
    decision = (score >= 0.5).astype(int)
    out = {
        "about": f"fairlearn {version('fairlearn')}, scikit-learn {version('scikit-learn')}, "
        f"aequitas {version('aequitas')}: by_group, difference() and ratio() of MetricFrame; "
        "Aequitas Group().get_crosstabs and Bias with reference group a",
        "fairlearn": _fairlearn(group, truth, decision, score, actual, predicted),
        "aequitas": _aequitas(group, truth, decision),
        "no_positives_in_c": _without_positives(group, truth, decision),
        "rows": given,
    }
    FILE.write_text(json.dumps(out) + "\n")


def _fairlearn(group: Any, truth: Any, decision: Any, score: Any, actual: Any, predicted: Any) -> dict[str, Any]:
    from fairlearn import metrics as fair
    from sklearn import metrics as sk

    of_decisions = {
        "accuracy": sk.accuracy_score, "balanced_accuracy": sk.balanced_accuracy_score, "f1": sk.f1_score,
        "false_negative_rate": fair.false_negative_rate, "false_positive_rate": fair.false_positive_rate,
        "matthews": sk.matthews_corrcoef, "precision": sk.precision_score, "selection_rate": fair.selection_rate,
        "true_positive_rate": fair.true_positive_rate,
    }  # fmt: skip
    of_scores = {
        "average_precision": sk.average_precision_score, "brier": sk.brier_score_loss,
        "calibration_gap": lambda y, p: float(np.mean(p - y)),
        "log_loss": partial(sk.log_loss, labels=[0, 1]), "roc_auc": sk.roc_auc_score,
    }  # fmt: skip
    of_numbers = {
        "bias": lambda y, p: float(np.mean(p - y)), "mae": sk.mean_absolute_error,
        "mape": sk.mean_absolute_percentage_error, "mean_prediction": fair.mean_prediction, "r2": sk.r2_score,
        "rmse": sk.root_mean_squared_error,
    }  # fmt: skip
    among_the_top = {"top_tenth_share": fair.selection_rate}
    top = (predicted >= np.quantile(predicted, 0.9)).astype(int)
    said: dict[str, Any] = {}
    for metrics, y, p in (
        (among_the_top, truth, top),
        (of_decisions, truth, decision),
        (of_scores, truth, score),
        (of_numbers, actual, predicted),
    ):
        for name, metric in metrics.items():
            frame = fair.MetricFrame(metrics=metric, y_true=y, y_pred=p, sensitive_features=group)
            values = [float(v) for v in frame.by_group]
            ratio = float(frame.ratio()) if min(values) >= 0 else None
            said[name] = {"by_group": values, "difference": float(frame.difference()), "ratio": ratio}
    count = fair.MetricFrame(metrics=fair.count, y_true=truth, y_pred=decision, sensitive_features=group)
    said["rows"] = [int(n) for n in count.by_group]
    said["equalized_odds_difference"] = float(fair.equalized_odds_difference(truth, decision, sensitive_features=group))
    return said


def _crosstab(group: Any, truth: Any, decision: Any) -> tuple[Any, Any]:
    import pandas as pd
    from aequitas.group import Group

    frame = pd.DataFrame({"sex": group, "label_value": truth, "score": decision})
    found, _ = Group().get_crosstabs(frame, attr_cols=["sex"])
    return frame, found.sort_values("attribute_value")


def _aequitas(group: Any, truth: Any, decision: Any) -> dict[str, Any]:
    from aequitas.bias import Bias

    frame, found = _crosstab(group, truth, decision)
    compared = Bias().get_disparity_predefined_groups(found, original_df=frame, ref_groups_dict={"sex": "a"})
    compared = compared.sort_values("attribute_value")
    return {
        ours: {"by_group": compared[theirs].tolist(), "disparity": compared[f"{theirs}_disparity"].tolist()}
        for ours, theirs in AEQUITAS.items()
    }


def _without_positives(group: Any, truth: Any, decision: Any) -> dict[str, Any]:
    from fairlearn import metrics as fair

    truth = np.where(group == "c", 0, truth)
    frame = fair.MetricFrame(metrics=fair.true_positive_rate, y_true=truth, y_pred=decision, sensitive_features=group)
    theirs = _crosstab(group, truth, decision)[1]["tpr"]
    return {
        "fairlearn": [float(v) for v in frame.by_group],
        "fairlearn_difference": float(frame.difference()),
        "aequitas": [None if np.isnan(v) else float(v) for v in theirs],
    }


if __name__ == "__main__":
    main()
