"""How good the model is where truth is known, beside its reference."""

from __future__ import annotations

from collections.abc import Iterator

from dashboards.builder import Panel, Query, Row
from dashboards.names import ends_of, legend, metric, reference_of, selector, statistic
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


def _ends(family: str, *names: str) -> Iterator[Query]:
    """The interval of whichever of these statistics a model has."""
    for told, ends in zip(("from", "to"), zip(*(ends_of(family, name) for name in names), strict=True), strict=True):
        yield Query(" or ".join(end + _CHOSEN for end in ends), f"{told} {_LEGEND}", end=True)


def _powered() -> tuple[Query, ...]:
    """What few labels and many predictions say together, beside what the labels alone say."""
    names = (("prediction_powered", "labels and predictions"), ("performance", "labels alone"))
    values = (
        Query(" or ".join(statistic(family, name) + _CHOSEN for name in ("accuracy", "mae")), f"{told} {_LEGEND}")
        for family, told in names
    )
    return *values, *_ends("prediction_powered", "accuracy", "mae")


def _beside_estimate(of_classifiers: str, of_regressions: str) -> tuple[Query, ...]:
    """What truth says and what was expected without it."""
    names = (of_classifiers, of_regressions)
    known, expected = (
        " or ".join(statistic(family, name) + _CHOSEN for name in names)
        for family in ("performance", "estimated_performance")
    )
    interval = _ends("estimated_performance", *names)
    return Query(known, f"with truth {_LEGEND}"), Query(expected, f"estimated {_LEGEND}"), *interval


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
        Panel(
            "Estimated and realized: accuracy or mean error",
            "What is expected before truth comes, from how sure the scores are, beside what truth then says. Dashed: "
            "where truth lies 95 times of 100 while scores mean what they meant.",
            "timeseries",
            _beside_estimate("accuracy", "mae"),
        ),
        Panel(
            "Estimated and realized: ROC AUC or RMSE",
            "The same for how well scores rank rows, or for large errors of regressions. Dashed: the interval of 95 %.",
            "timeseries",
            _beside_estimate("roc_auc", "rmse"),
        ),
        Panel(
            "Few labels, many predictions",
            "Accuracy or mean absolute error by both (prediction-powered), valid though scores may have lost their "
            "meaning, beside labels alone. Shown while truth is incomplete. Dashed: the interval of 95 %.",
            "timeseries",
            _powered(),
        ),
        Panel(
            "Labelled rows unlike the others",
            "Distance between predictions and scores of rows whose truth is known and of the rest, 0 = alike. Where it "
            "is large, every number that rests on truth is about other rows than the model sees.",
            "timeseries",
            (Query(statistic("prediction_powered", "labelled_difference") + _CHOSEN, _LEGEND),),
            defaults={"min": 0},
        ),
        Panel(
            "Error of the estimate",
            "Realized less estimated, for the rows whose truth is known: near zero while scores mean what they meant. "
            "Accuracy far below zero, or a mean error far above, is concept drift.",
            "timeseries",
            (
                Query(
                    f"{statistic('estimated_performance', 'accuracy_gap')}{_CHOSEN}"
                    f" or {statistic('estimated_performance', 'mae_gap')}{_CHOSEN}",
                    _LEGEND,
                ),
            ),
        ),
        Panel(
            "Error of the estimate: honesty or shifted target",
            "The same of the Brier score of classifiers and of their share of positives, and of the mean error (bias) "
            "of regressions: the latter two leave zero to either side when all chances, or the target, shift. They "
            "open the alarm on estimates, as those beside them do.",
            "timeseries",
            (
                Query(
                    f"{statistic('estimated_performance', 'brier_gap')}{_CHOSEN}"
                    f" or {statistic('estimated_performance', 'prevalence_gap')}{_CHOSEN}"
                    f" or {statistic('estimated_performance', 'bias_gap')}{_CHOSEN}",
                    _LEGEND,
                ),
            ),
        ),
    ),
)
