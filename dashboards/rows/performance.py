"""How good the model is where truth is known, beside its reference."""

from __future__ import annotations

from dashboards.builder import Panel, Query, Row
from dashboards.names import legend, metric, reference_of, selector, statistic
from miops import semconv

__all__ = ["PERFORMANCE"]

_CHOSEN = selector("model", "version", "window")
_LEGEND = legend("model", "version")


def _beside_reference(of_classifiers: str, of_regressions: str) -> tuple[Query, ...]:
    """A model has one of the two, so their union is one series per model."""
    names = (of_classifiers, of_regressions)
    current = " or ".join(statistic("performance", name) + _CHOSEN for name in names)
    reference = " or ".join(reference_of(name) + _CHOSEN for name in names)
    return Query(current, _LEGEND), Query(reference, f"reference {_LEGEND}")


PERFORMANCE = Row(
    "Performance",
    (
        Panel(
            "Discrimination or error",
            "ROC AUC of classifiers, RMSE of regressions. A window appears when its truth does.",
            "timeseries",
            _beside_reference("roc_auc", "rmse"),
        ),
        Panel(
            "Accuracy or mean error",
            "Accuracy of classifiers, mean absolute error of regressions.",
            "timeseries",
            _beside_reference("accuracy", "mae"),
        ),
        Panel(
            "Share with ground truth",
            "How much of the newest window has its truth. Truth comes late: low is normal, zero for long is not.",
            "timeseries",
            (
                Query(
                    metric(semconv.METRIC_WINDOW_LABELLED_SHARE) + _CHOSEN,
                    legend("model", "version", "window"),
                ),
            ),
            unit="percentunit",
            defaults={"min": 0, "max": 1},
        ),
    ),
)
