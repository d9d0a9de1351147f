"""One verdict per window: which of prediction, covariate and concept drift there is, and how sure that is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import erfc, inf, isfinite, nan, sqrt
from typing import Final

from miops import semconv
from miops_collector.alerts.estimate import is_gap, parts_of
from miops_collector.report import Observation, Status
from miops_collector.window import Window

__all__ = ["VERDICTS", "verdicts"]

DRIFT: Final = f"{semconv.METRIC_PREFIX}drift."
OUTPUTS: Final = ("prediction", "score")
VALUES: Final[Mapping[Status, float]] = {"ok": 0.0, "warning": 1.0, "alert": 2.0}
MOST_NAMED: Final = 5
VERDICTS: Final = (
    semconv.METRIC_VERDICT_PREDICTION_DRIFT,
    semconv.METRIC_VERDICT_COVARIATE_DRIFT,
    semconv.METRIC_VERDICT_CONCEPT_DRIFT,
)


@dataclass(frozen=True, slots=True)
class _Sign:
    """What one column, or one gap, says."""

    name: str
    status: Status
    p_value: float


def verdicts(judged: Sequence[Observation], *, classes: int = 1) -> list[Observation]:
    """Three observations for every window that was compared with a reference: 0 not found, 1 suspected, 2 found.

    *Prediction drift* is drift of the prediction or the score, *covariate drift* that of a feature or context column:
    both are found where the drift alarms find them, within their budget. *Concept drift* is found where truth that came
    differs from what calibrated scores had said of the same rows (:mod:`~miops_collector.alerts.estimate`); it is
    unknown (``nan``) until enough truth has come, and for models without estimates.

    ``p_value`` is the smallest of what it rests on times their number (Bonferroni): the chance of such a difference if
    nothing had changed. It knows neither tolerance nor dependence, which the status does. ``reason`` names the columns.

    Parameters
    ----------
    judged
        Observations with the statuses that follow from the rules; all of a window together.
    classes
        How many there are, and 1 where one of two is positive.
    """
    by_window: defaultdict[tuple[object, Window], list[Observation]] = defaultdict(list)
    for o in judged:
        if not o.segment:
            by_window[o.model, o.window].append(o)
    return [verdict for of_window in by_window.values() for verdict in _of_window(of_window, classes)]


def _of_window(observations: Sequence[Observation], classes: int) -> Iterator[Observation]:
    columns = _columns(observations)
    if not columns:
        return
    outputs = [sign for sign in columns if sign.name in OUTPUTS]
    inputs = [sign for sign in columns if sign.name not in OUTPUTS]
    gaps = [_Sign(o.metric.rpartition(".")[2], o.status, _chance(o, classes)) for o in observations if is_gap(o)]
    n = max((o.n for o in observations if o.metric.startswith(DRIFT)), default=nan)
    labelled = max((o.n for o in observations if is_gap(o)), default=0.0)
    like = observations[0]
    yield _verdict(like, semconv.METRIC_VERDICT_PREDICTION_DRIFT, outputs, n, "the prediction has too few values")
    yield _verdict(like, semconv.METRIC_VERDICT_COVARIATE_DRIFT, inputs, n, "no column has enough values")
    yield _verdict(
        like, semconv.METRIC_VERDICT_CONCEPT_DRIFT, gaps, labelled,
        "too little truth has come, or there are no estimates to compare it with",
    )  # fmt: skip


def _columns(observations: Sequence[Observation]) -> list[_Sign]:
    """Worst status and smallest p-value of every column that could be compared."""
    found: dict[str, _Sign] = {}
    for o in observations:
        if o.metric.startswith(DRIFT) and o.column and o.status != "insufficient_data":
            before = found.get(o.column, _Sign(o.column, "ok", inf))
            p = min(before.p_value, o.p_value if isfinite(o.p_value) else inf)
            status = max(before.status, o.status, key=lambda s: VALUES[s])
            found[o.column] = _Sign(o.column, status, p)
    return list(found.values())


def _verdict(like: Observation, metric: str, signs: Sequence[_Sign], n: float, unknown: str) -> Observation:
    status: Status = max((s.status for s in signs), key=lambda s: VALUES[s], default="insufficient_data")
    p = min((s.p_value for s in signs), default=inf)
    return replace(
        like, metric=metric, column="", sensitive_feature="", group="", n=n, n_reference=nan, reference=nan,
        standard_error=nan, low=nan, high=nan, status=status, value=VALUES[status] if signs else nan,
        p_value=min(p * len(signs), 1.0) if isfinite(p) else nan, reason=_named(signs) if signs else unknown,
    )  # fmt: skip


def _named(signs: Sequence[_Sign]) -> str:
    """The ones that made it, the surest first; empty if there are none."""
    told = sorted((s for s in signs if s.status != "ok"), key=lambda s: (-VALUES[s.status], s.p_value, s.name))
    more = f" and {len(told) - MOST_NAMED} more" if len(told) > MOST_NAMED else ""
    return ", ".join(s.name for s in told[:MOST_NAMED]) + more


def _chance(o: Observation, classes: int) -> float:
    """Two-sided, of the largest of so many."""
    return min(parts_of(o, classes) * erfc(abs(o.value / o.standard_error) / sqrt(2.0)), 1.0)
